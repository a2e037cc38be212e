/** The answer form, built from the schema. Holds the answers; knows nothing of the server. */

import { h } from "./dom.js";
import { arranged, optionList } from "./options.js";
import { spanQuestion } from "./spans.js";
import { textQuestion } from "./writer.js";

const isEmpty = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length) || (typeof value === "string" && !value.trim());

/**
 * @param {any} schema
 * @param {any} task
 * @param {Record<string, any>} answers edited in place
 * @param {(question: string) => void} onChange
 */
export function createForm(schema, task, answers, onChange) {
  const fields = new Map();
  const stored = task.draft ? task.draft.provenance : task.annotation?.provenance;
  let current = 0;
  const element = h("form", { class: "form", onsubmit: (event) => event.preventDefault() });

  const set = (question, value) => {
    if (isEmpty(value)) delete answers[question.id];
    else answers[question.id] = value;
    fields.get(question.id).paint();
    onChange(question.id);
  };

  for (const [index, question] of schema.questions.entries()) {
    const field = kinds[question.type](question, answers, (value) => set(question, value), task, stored?.[question.id] || null);
    const box = h(
      "fieldset",
      { class: `question question-${question.type}`, dataset: { question: question.id }, onfocusin: () => focusOn(index) },
      h("legend", {}, question.title, question.required ? null : h("small", {}, " optional")),
      question.help ? h("p", { class: "help" }, question.help) : null,
      task.review?.question_comments[question.id] ? h("p", { class: "reviewed" }, h("b", {}, "Reviewer: "), task.review.question_comments[question.id]) : null,
      field.element,
      h("p", { class: "problem", role: "alert", hidden: true }),
    );
    fields.set(question.id, { ...field, box, question });
    element.append(box);
    field.paint();
  }

  function focusOn(index) {
    current = Math.max(0, Math.min(index, schema.questions.length - 1));
    for (const [number, { box }] of [...fields.values()].entries()) box.classList.toggle("current", number === current);
  }

  const field = () => [...fields.values()][current];

  return {
    element,
    /** Set from outside; words of a text then come from `source`. */
    set(id, value, source) {
      const found = fields.get(id);
      if (!found) return;
      if (source && found.insert && typeof value === "string") found.insert(value, source, { whole: true });
      else set(found.question, value);
    },
    /** Put words into the current text question, or the first one; false when there is none. */
    insert(text, source) {
      const target = field()?.insert ? field() : [...fields.values()].find((entry) => entry.insert);
      target?.insert(text, source);
      return Boolean(target);
    },
    /** Question -> where the words of its text come from. */
    provenance() {
      const out = {};
      for (const [id, entry] of fields) {
        const known = entry.provenance?.();
        if (known) out[id] = known;
      }
      return out;
    },
    repaint: () => fields.forEach((entry) => entry.paint()),
    currentQuestion: () => schema.questions[current],
    move(step) {
      focusOn(current + step);
      this.focus();
    },
    /** Focus the current question, or the first. */
    focus(index = current) {
      focusOn(index);
      const { box, focus } = field();
      focus ? focus() : box.querySelector("input, textarea, button")?.focus({ preventScroll: true });
      box.scrollIntoView({ block: "nearest" });
    },
    search: () => field()?.search?.(),
    /** Answer the current question by the number of an option; true when there was one. */
    choose: (number) => field()?.choose?.(number) || false,
    /** Move the mark in the text of a span question; true when there is one. */
    walk: (direction, extend) => field()?.walk?.(direction, extend) || false,
    /** @returns {string[]} ids of required questions without an answer */
    missing: () => schema.questions.filter((question) => question.required && isEmpty(answers[question.id])).map((question) => question.id),
    /** @param {Record<string, string>} problems question id -> what is wrong */
    show(problems) {
      for (const { box, question } of fields.values()) {
        const line = box.querySelector(".problem");
        line.hidden = !problems[question.id];
        line.textContent = problems[question.id] || "";
      }
      const first = schema.questions.findIndex((question) => problems[question.id]);
      if (first >= 0) this.focus(first);
    },
  };
}

const kinds = {
  choice: (question, answers, set, task) =>
    optionList(question, arranged(question, task), {
      task,
      read: (value) => answers[question.id] === value,
      write: (value) => set(answers[question.id] === value && !question.required ? null : value),
    }),

  multi_choice: (question, answers, set, task) =>
    optionList(question, arranged(question, task), {
      task,
      multiple: true,
      read: (value) => (answers[question.id] || []).includes(value),
      write(value) {
        const none = new Set(question.options.filter((option) => option.none).map((option) => option.value));
        const had = answers[question.id] || [];
        if (had.includes(value)) set(had.filter((entry) => entry !== value));
        else set(none.has(value) ? [value] : [...had.filter((entry) => !none.has(entry)), value]);
      },
    }),

  rating(question, answers, set) {
    const options = [];
    for (let value = question.min; value <= question.max; value += 1) options.push({ value, label: String(value), definition: question.labels?.[value] || "" });
    const list = optionList(question, options, {
      read: (value) => String(answers[question.id]) === String(value),
      write: (value) => set(answers[question.id] === Number(value) && !question.required ? null : Number(value)),
    });
    list.element.classList.add("rating");
    return list;
  },

  pairwise(question, answers, set, task) {
    // A and B are what stands left and right on this screen; the value names the item's own side.
    const sides = task.orders?.[question.id] || ["left", "right"];
    const options = sides.map((value, index) => ({ value, label: `${"AB"[index]} is better` }));
    if (question.tie) options.push({ value: "tie", label: "Equally good" });
    return optionList(question, options, { read: (value) => answers[question.id] === value, write: (value) => set(value) });
  },

  text: textQuestion,
  span: spanQuestion,
};
