/** A model's suggestion: shown as one until a person takes it, in whole or span by span. */

import { call } from "./api.js";
import { h, kbd, percent } from "./dom.js";
import { spanKey } from "./spans.js";

const SOURCES = { cross_validated: "by cross-validation", imported: "as imported", stated: "as the model stated it", none: "" };
const POLL = 700;

function shown(question, value) {
  const options = question.options || [];
  const name = (entry) => options.find((option) => option.value === entry)?.label || String(entry);
  if (Array.isArray(value)) return value.map(name).join(", ");
  return name(value);
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * @param {any} schema @param {any} task @param {Record<string, any>} answers
 * @param {{set: (question: string, value: any) => void, report: (kind: string, data?: any) => void}} form
 */
export function createSuggestions(schema, task, answers, form) {
  const cards = [];
  const rejected = new Set();
  const element = h("section", { class: "suggestions", "aria-label": "Suggestions" });

  function take(question, value) {
    rejected.delete(question.id);
    form.report("suggestion_accepted", { question: question.id });
    form.set(question.id, value);
  }

  function refuse({ question, suggestion }) {
    rejected.add(question.id);
    form.report("suggestion_rejected", { question: question.id });
    if (same(answers[question.id], suggestion.value)) form.set(question.id, null);
    paint();
  }

  for (const question of schema.questions) {
    const suggestion = task.suggestions[question.id];
    if (!suggestion) continue;
    const state = h("span", { class: "taken" });
    const card = { question, suggestion, state };
    const body = question.type === "span" ? spanBody(question, suggestion, task, answers, (value) => take(question, value)) : { element: h("p", { class: "value" }, shown(question, suggestion.value)), paint() {} };
    card.paint = body.paint;
    card.element = h(
      "article",
      { class: "suggestion", dataset: { suggestion: question.id } },
      h("header", {}, h("span", { class: "spark", "aria-hidden": "true" }, "✦"), h("span", {}, question.title), state),
      body.element,
      confidence(suggestion),
      suggestion.rationale ? h("p", { class: "why" }, suggestion.rationale) : null,
      suggestion.examples?.length
        ? h("details", {}, h("summary", {}, `${suggestion.examples.length} similar verified examples`), h("ul", {}, ...suggestion.examples.map((example) => h("li", {}, h("b", {}, example.label), ` ${example.text}`))))
        : null,
      h(
        "footer",
        {},
        h("button", { type: "button", class: "take", onclick: () => take(question, suggestion.value) }, kbd("A"), question.type === "span" ? "Accept all" : "Accept"),
        h("button", { type: "button", class: "quiet", onclick: () => refuse(card) }, kbd("X"), "Reject"),
        h("small", {}, suggestion.model),
      ),
    );
    cards.push(card);
    element.append(card.element);
  }

  function paint() {
    for (const { question, suggestion, element: box, state, paint: body } of cards) {
      const answered = answers[question.id] !== undefined;
      const taken = answered && same(answers[question.id], suggestion.value);
      box.classList.toggle("accepted", taken);
      box.classList.toggle("changed", (answered && !taken) || rejected.has(question.id));
      state.textContent = taken ? "accepted" : rejected.has(question.id) ? "rejected" : answered ? "you differ" : "";
      body();
    }
  }

  return {
    element: cards.length ? element : null,
    paint,
    /** Accept for one question, or all of them. */
    accept(id) {
      const chosen = cards.filter(({ question }) => !id || question.id === id);
      for (const { question, suggestion } of chosen) take(question, suggestion.value);
      return chosen.length > 0;
    },
    reject(id) {
      const card = cards.find(({ question }) => question.id === id);
      if (card) refuse(card);
      return Boolean(card);
    },
  };
}

/** Each suggested span with its own accept and undo. */
function spanBody(question, suggestion, task, answers, take) {
  const text = [...(task.item.parts.find((part) => part.name === question.part)?.text || "")];
  const rows = suggestion.value.map((span) => {
    const button = h("button", {
      type: "button",
      class: "quiet",
      onclick() {
        const had = answers[question.id] || [];
        const known = had.some((entry) => spanKey(entry) === spanKey(span));
        take(known ? had.filter((entry) => spanKey(entry) !== spanKey(span)) : [...had, span].sort((a, b) => a.start - b.start));
      },
    });
    return { span, button, element: h("li", {}, button, h("span", {}, text.slice(span.start, span.end).join("")), h("small", {}, span.label)) };
  });
  return {
    element: h("ul", { class: "spans" }, ...rows.map((row) => row.element)),
    paint() {
      for (const { span, button } of rows) {
        const taken = (answers[question.id] || []).some((entry) => spanKey(entry) === spanKey(span));
        button.textContent = taken ? "✓" : "+";
        button.setAttribute("aria-label", taken ? "Take this span out" : "Accept this span");
      }
    },
  };
}

function confidence(suggestion) {
  if (suggestion.confidence === null || suggestion.confidence === undefined) return h("p", { class: "confidence" }, "No confidence given");
  const source = SOURCES[suggestion.confidence_source] || "";
  return h(
    "div",
    { class: "confidence" },
    h("meter", { min: 0, max: 1, value: suggestion.confidence, "aria-label": "confidence" }),
    h("span", {}, h("b", {}, percent(suggestion.confidence)), ` ${source}${suggestion.calibrated ? "" : ", uncalibrated"}`),
  );
}

/**
 * Where no suggestion exists yet: one can be asked for. The work goes on meanwhile; the wait is booked as such.
 * @param {any} task @param {(kind: string) => void} report @param {(suggestions: any) => void} onReady
 */
export function createSuggestionRequest(task, report, onReady) {
  const note = h("small", { role: "status" });
  const button = h("button", { type: "button", onclick: ask }, kbd("P"), "Ask for a suggestion");
  let closed = false;

  async function ask() {
    if (button.disabled) return;
    button.disabled = true;
    note.textContent = "on its way; go on meanwhile";
    report("suggestion_waiting");
    const path = `/api/work/items/${task.item.id}/suggestion`;
    try {
      let found = await call("POST", path);
      while (!closed && found.state === "waiting") {
        await new Promise((resolve) => setTimeout(resolve, POLL));
        found = await call("GET", path);
      }
      if (closed) return;
      report("suggestion_done");
      if (found.state === "ready") onReady(found.suggestions || (await call("GET", path)).suggestions);
      else note.textContent = `None came: ${found.reason}`;
    } catch (error) {
      report("suggestion_done");
      note.textContent = error.message;
    }
  }

  return { element: h("section", { class: "ask" }, button, note), ask, close: () => { closed = true; } };
}

const HELP = { suggestion: "a suggestion", chat: "the assistant", feedback: "feedback" };

/** Says what a person does without on this item, and why; nothing where nothing is kept from them. */
export function withheldNote(kinds) {
  if (!kinds.length) return null;
  const names = kinds.map((kind) => HELP[kind]);
  return h("p", { class: "note control" }, `This item is shown without ${new Intl.ListFormat("en", { type: "disjunction" }).format(names)}, to measure what ${kinds.length > 1 ? "they change" : "it changes"}.`);
}
