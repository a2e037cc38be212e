/** The answer form, built from the schema. Holds the answers; knows nothing of the server. */

import { h, kbd } from "./dom.js";
import { spanQuestion } from "./spans.js";

const isEmpty = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length) || (typeof value === "string" && !value.trim());

/**
 * @param {any} schema
 * @param {any} task
 * @param {Record<string, any>} answers edited in place
 * @param {(question: string) => void} onChange
 */
export function createForm(schema, task, answers, onChange) {
  const fields = new Map();
  let current = 0;
  const element = h("form", { class: "form", onsubmit: (event) => event.preventDefault() });

  const set = (question, value) => {
    if (isEmpty(value)) delete answers[question.id];
    else answers[question.id] = value;
    fields.get(question.id).paint();
    onChange(question.id);
  };

  for (const [index, question] of schema.questions.entries()) {
    const field = kinds[question.type](question, answers, (value) => set(question, value), task);
    const box = h(
      "fieldset",
      { class: `question question-${question.type}`, dataset: { question: question.id }, onfocusin: () => focusOn(index) },
      h("legend", {}, question.title, question.required ? null : h("small", {}, " optional")),
      question.help ? h("p", { class: "help" }, question.help) : null,
      h("div", { class: "slot", dataset: { slot: question.id } }),
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

  return {
    element,
    slot: (question) => fields.get(question)?.box.querySelector(".slot"),
    set: (id, value) => fields.has(id) && set(fields.get(id).question, value),
    repaint: () => fields.forEach((field) => field.paint()),
    currentQuestion: () => schema.questions[current],
    move(step) {
      focusOn(current + step);
      this.focus();
    },
    /** Focus the current question, or the first. */
    focus(index = current) {
      focusOn(index);
      const { box, focus } = [...fields.values()][current];
      focus ? focus() : box.querySelector("input, textarea, button")?.focus({ preventScroll: true });
      box.scrollIntoView({ block: "nearest" });
    },
    /** Answer the current question by the number of an option; true when there was one. */
    choose: (number) => [...fields.values()][current]?.choose?.(number) || false,
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

function optionList(question, options, { multiple, read, write }) {
  const buttons = options.map((option, index) =>
    h(
      "button",
      {
        type: "button",
        class: "option",
        role: multiple ? "checkbox" : "radio",
        dataset: { option: option.value },
        title: [option.definition, option.hard_cases].filter(Boolean).join(" — "),
        onclick: () => write(option.value),
      },
      index < 9 ? kbd(String(index + 1)) : h("kbd", { class: "none" }),
      h("span", {}, h("b", {}, option.label || option.value), option.definition ? h("small", {}, option.definition) : null),
    ),
  );
  return {
    element: h("div", { class: "options", role: multiple ? "group" : "radiogroup", "aria-label": question.title }, ...buttons),
    paint() {
      for (const button of buttons) {
        const on = read(button.dataset.option);
        button.classList.toggle("on", on);
        button.setAttribute("aria-checked", String(on));
      }
    },
    focus: () => (buttons.find((button) => button.classList.contains("on")) || buttons[0]).focus({ preventScroll: true }),
    choose(number) {
      if (!options[number - 1]) return false;
      write(options[number - 1].value);
      return true;
    },
  };
}

const kinds = {
  choice: (question, answers, set) =>
    optionList(question, question.options, {
      read: (value) => answers[question.id] === value,
      write: (value) => set(answers[question.id] === value && !question.required ? null : value),
    }),

  multi_choice: (question, answers, set) =>
    optionList(question, question.options, {
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

  text(question, answers, set) {
    const count = h("small", { class: "count" });
    const area = h("textarea", {
      rows: question.max_chars <= 200 ? 2 : 9,
      maxlength: question.max_chars,
      placeholder: question.placeholder || "",
      "aria-label": question.title,
      oninput: () => set(area.value),
    });
    return {
      element: h("div", {}, area, count),
      paint() {
        const value = answers[question.id] || "";
        if (area.value !== value) area.value = value;
        const words = (value.match(/\S+/g) || []).length;
        const short = question.min_chars && value.trim().length < question.min_chars;
        count.textContent = `${words} words${short ? `, at least ${question.min_chars} characters` : ""}`;
      },
      focus: () => area.focus({ preventScroll: true }),
    };
  },

  pairwise: (question, answers, set) =>
    optionList(
      question,
      [{ value: "left", label: "A is better" }, { value: "right", label: "B is better" }, ...(question.tie ? [{ value: "tie", label: "Equally good" }] : [])],
      { read: (value) => answers[question.id] === value, write: (value) => set(value) },
    ),

  span: spanQuestion,
};
