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
  const words = range.toString();
  // A word selected with the keyboard or a double click often brings the blank after it.
  const lead = points(words) - points(words.trimStart());
  const start = points(before.toString()) + lead;
  return words.trim() ? { start, end: start + points(words.trim()) } : null;
}

/** The edge moved by one word; `by` is -1 or 1. Stays inside the text and keeps the span at least a character long. */
export function trimmed(text, span, edge, by) {
  const characters = [...text];
  const blank = (index) => /\s/.test(characters[index] ?? " ");
  let at = span[edge];
  const step = () => { at += by; };
  const look = () => (by > 0 ? at : at - 1);
  while (at + by >= 0 && at + by <= characters.length && blank(look())) step();
  while (at + by >= 0 && at + by <= characters.length && !blank(look())) step();
  if (edge === "start") while (at < span.end - 1 && blank(at)) at += 1;
  if (edge === "end") while (at > span.start + 1 && blank(at - 1)) at -= 1;
  const next = { ...span, [edge]: at };
  return next.start < next.end ? next : span;
}

export const spanKey = (span) => `${span.start}-${span.end}-${span.label}`;

export function spanQuestion(question, answers, set, task) {
  const part = task.item.parts.find((entry) => entry.name === question.part);
  const text = part?.text || "";
  const colours = new Map(question.options.map((option, index) => [option.value, `span-${index % 6}`]));
  const list = h("ul", { class: "spans" });
  const value = () => answers[question.id] || [];
  const container = () => document.querySelector(`.milo [data-text="${CSS.escape(question.part)}"]`);
  const sorted = (spans) => spans.sort((a, b) => a.start - b.start || a.end - b.end);

  function mark(label) {
    const box = container();
    const span = box && selected(box);
    if (!span || span.end <= span.start) return;
    const known = value().some((entry) => spanKey(entry) === spanKey({ ...span, label }));
    if (!known) set(sorted([...value(), { ...span, label }]));
    window.getSelection().removeAllRanges();
  }

  const exchange = (old, next) => set(sorted(value().map((entry) => (entry === old ? next : entry))));

  /** The text with its marks: cut at every edge, each piece coloured by the last span over it. */
  function paintText() {
    const box = container();
    if (!box) return;
    const characters = [...text];
    const edges = [...new Set([0, characters.length, ...value().flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
    box.replaceChildren(
      ...edges.slice(0, -1).map((start, index) => {
        const piece = characters.slice(start, edges[index + 1]).join("");
        const over = value().filter((span) => span.start <= start && span.end >= edges[index + 1]);
        if (!over.length) return piece;
        const style = over.length > 1 ? `box-shadow: inset 0 -${2 * over.length}px var(--c)` : "";
        return h("mark", { class: colours.get(over.at(-1).label), style, title: over.map((span) => span.label).join(", ") }, piece);
      }),
    );
  }

  const edgeButton = (span, edge, by, sign, what) =>
    h("button", { type: "button", class: "quiet edge", "aria-label": what, title: what, onclick: () => exchange(span, trimmed(text, span, edge, by)) }, sign);

  return {
    element: h(
      "div",
      { class: "span-tools" },
      h("p", { class: "help" }, "Select words with the mouse or with ← → (Shift for more), then press a label or its key."),
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
            { dataset: { span: spanKey(span) } },
            edgeButton(span, "start", -1, "⟨", "A word more at the start"),
            edgeButton(span, "start", 1, "⟩", "A word less at the start"),
            h("mark", { class: colours.get(span.label) }, [...text].slice(span.start, span.end).join("")),
            edgeButton(span, "end", -1, "⟨", "A word less at the end"),
            edgeButton(span, "end", 1, "⟩", "A word more at the end"),
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
    /** Select the next or previous word of the text, or extend the selection by one. */
    walk(direction, extend) {
      const box = container();
      if (!box) return false;
      const selection = window.getSelection();
      const inside = selection.rangeCount && box.contains(selection.getRangeAt(0).startContainer);
      if (!inside) selection.collapse(box, 0);
      const way = direction > 0 ? "forward" : "backward";
      if (extend && inside) selection.modify("extend", way, "word");
      else {
        if (inside && !selection.isCollapsed) direction > 0 ? selection.collapseToEnd() : selection.collapseToStart();
        if (direction < 0) selection.modify("move", "backward", "word");
        const at = selection.getRangeAt(0).cloneRange();
        selection.modify("extend", "forward", "word");
        if (direction < 0 && selection.isCollapsed) selection.addRange(at);
      }
      return true;
    },
  };
}
