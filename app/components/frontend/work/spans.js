/** Marking stretches of a text. Offsets count code points, as the server does; overlaps are allowed. */

import { h, kbd } from "./dom.js";

const points = (text) => [...text].length;

/** The selection inside `container`, in code points, or null. */
function selected(container) {
  const selection = window.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!container.contains(range.startContainer) || !container.contains(range.endContainer)) return null;
  const before = document.createRange();
  before.selectNodeContents(container);
  before.setEnd(range.startContainer, range.startOffset);
  const start = points(before.toString());
  return { start, end: start + points(range.toString()) };
}

export function spanQuestion(question, answers, set, task) {
  const part = task.item.parts.find((entry) => entry.name === question.part);
  const text = part?.text || "";
  const colours = new Map(question.options.map((option, index) => [option.value, `span-${index % 6}`]));
  const list = h("ul", { class: "spans" });
  const value = () => answers[question.id] || [];

  function mark(label) {
    const container = document.querySelector(`.milo [data-text="${CSS.escape(question.part)}"]`);
    const span = container && selected(container);
    if (!span || span.end <= span.start) return;
    const known = value().some((entry) => entry.start === span.start && entry.end === span.end && entry.label === label);
    if (!known) set([...value(), { ...span, label }].sort((a, b) => a.start - b.start || a.end - b.end));
    window.getSelection().removeAllRanges();
  }

  /** The text with its marks: cut at every edge, each piece coloured by the last span over it. */
  function paintText() {
    const container = document.querySelector(`.milo [data-text="${CSS.escape(question.part)}"]`);
    if (!container) return;
    const characters = [...text];
    const edges = [...new Set([0, characters.length, ...value().flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
    container.replaceChildren(
      ...edges.slice(0, -1).map((start, index) => {
        const piece = characters.slice(start, edges[index + 1]).join("");
        const over = value().filter((span) => span.start <= start && span.end >= edges[index + 1]);
        return over.length ? h("mark", { class: colours.get(over.at(-1).label), title: over.map((span) => span.label).join(", ") }, piece) : piece;
      }),
    );
  }

  return {
    element: h(
      "div",
      { class: "span-tools" },
      h("p", { class: "help" }, "Select words in the text, then press a label or its key."),
      h(
        "div",
        { class: "options row" },
        ...question.options.map((option, index) =>
          h("button", { type: "button", class: `option ${colours.get(option.value)}`, title: option.definition || "", onmousedown: (event) => event.preventDefault(), onclick: () => mark(option.value) }, kbd(String(index + 1)), option.label || option.value),
        ),
      ),
      list,
    ),
    paint() {
      list.replaceChildren(
        ...value().map((span) =>
          h(
            "li",
            {},
            h("mark", { class: colours.get(span.label) }, [...text].slice(span.start, span.end).join("")),
            h("small", {}, span.label),
            h("button", { type: "button", class: "quiet", "aria-label": `Remove ${span.label}`, onclick: () => set(value().filter((entry) => entry !== span)) }, "×"),
          ),
        ),
      );
      paintText();
    },
    choose(number) {
      const option = question.options[number - 1];
      if (option) mark(option.value);
      return Boolean(option);
    },
  };
}
