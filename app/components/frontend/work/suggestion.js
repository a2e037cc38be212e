/** A model's suggestion: shown as one until a person takes it. */

import { h, kbd, percent } from "./dom.js";

const sources = { cross_validated: "by cross-validation", imported: "as imported", stated: "as the model stated it" };

function shown(question, value) {
  const options = question.options || [];
  const name = (entry) => options.find((option) => option.value === entry)?.label || String(entry);
  if (Array.isArray(value)) return value.map((entry) => (typeof entry === "object" ? `${entry.label} ${entry.start}–${entry.end}` : name(entry))).join(", ");
  return name(value);
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * @param {any} schema @param {any} task @param {Record<string, any>} answers
 * @param {(question: string, value: any) => void} accept
 */
export function createSuggestions(schema, task, answers, accept) {
  const cards = [];
  const element = h("section", { class: "suggestions", "aria-label": "Suggestions" });
  for (const question of schema.questions) {
    const suggestion = task.suggestions[question.id];
    if (!suggestion) continue;
    const state = h("span", { class: "taken" });
    const card = h(
      "article",
      { class: "suggestion", dataset: { suggestion: question.id } },
      h("header", {}, h("span", { class: "spark", "aria-hidden": "true" }, "✦"), h("span", {}, question.title), state),
      h("p", { class: "value" }, shown(question, suggestion.value)),
      confidence(suggestion),
      suggestion.rationale ? h("p", { class: "why" }, suggestion.rationale) : null,
      suggestion.examples?.length
        ? h("details", {}, h("summary", {}, `${suggestion.examples.length} similar verified examples`), h("ul", {}, ...suggestion.examples.map((example) => h("li", {}, h("b", {}, example.label), ` ${example.text}`))))
        : null,
      h("footer", {}, h("button", { type: "button", class: "take", onclick: () => accept(question.id, suggestion.value) }, kbd("A"), "Accept"), h("small", {}, suggestion.model)),
    );
    cards.push({ question, suggestion, card, state });
    element.append(card);
  }
  return {
    element: cards.length ? element : null,
    paint() {
      for (const { question, suggestion, card, state } of cards) {
        const answered = answers[question.id] !== undefined;
        const taken = answered && same(answers[question.id], suggestion.value);
        card.classList.toggle("accepted", taken);
        card.classList.toggle("changed", answered && !taken);
        state.textContent = taken ? "accepted" : answered ? "you differ" : "";
      }
    },
    /** Accept for one question, or all of them. */
    accept(id) {
      const chosen = cards.filter(({ question }) => !id || question.id === id);
      for (const { question, suggestion } of chosen) accept(question.id, suggestion.value);
      return chosen.length > 0;
    },
  };
}

function confidence(suggestion) {
  if (suggestion.confidence === null || suggestion.confidence === undefined) return h("p", { class: "confidence" }, "No confidence given");
  const source = sources[suggestion.confidence_source] || "";
  return h(
    "div",
    { class: "confidence" },
    h("meter", { min: 0, max: 1, value: suggestion.confidence, "aria-label": "confidence" }),
    h("span", {}, h("b", {}, percent(suggestion.confidence)), ` ${source}${suggestion.calibrated ? "" : ", uncalibrated"}`),
  );
}
