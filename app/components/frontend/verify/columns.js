/** Which columns there are, how wide and in which order; kept per person. */

import { call } from "../work/api.js";
import { h } from "../work/dom.js";

const FIXED = [
  { id: "item", title: "Item", width: 120, sort: "item" },
  { id: "text", title: "Text", width: 420, sort: "text" },
  { id: "label", title: "Model's label", width: 170, sort: "label" },
  { id: "own", title: "Your label", width: 190 },
  { id: "state", title: "State", width: 120, sort: "state" },
  { id: "confidence", title: "Confidence", width: 110, sort: "confidence", number: true },
];
/** Only where suggestions were judged, and for those who may read everybody's answers. */
const JUDGE = { id: "judge", title: "Judge", width: 110, sort: "judge", number: true };
const NARROWEST = 60;

export class Columns {
  /** @param {string[]} metadata @param {boolean} judged @param {any} kept @param {() => void} onChange */
  constructor(metadata, judged, kept, onChange) {
    this.onChange = onChange;
    this.fixed = judged ? [...FIXED, JUDGE] : FIXED;
    this.all = [...this.fixed, ...metadata.map((name) => ({ id: `meta.${name}`, title: name, width: 130, sort: `meta.${name}`, hidden: true }))].map((column) => ({ ...column, usual: column.width, usuallyHidden: Boolean(column.hidden) }));
    for (const [index, { id, width, hidden }] of (kept.columns || []).entries()) {
      const column = this.all.find((entry) => entry.id === id);
      if (column) Object.assign(column, { width, hidden, place: index });
    }
    this.all.sort((a, b) => (a.place ?? 1000) - (b.place ?? 1000));
  }

  get shown() {
    return this.all.filter((column) => !column.hidden);
  }

  template() {
    return `36px ${this.shown.map((column) => `${column.width}px`).join(" ")} 1fr`;
  }

  keep() {
    this.onChange();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const columns = this.all.map(({ id, width, hidden }) => ({ id, width, hidden: Boolean(hidden) }));
      call("PUT", "/api/verify/preferences", { columns }).catch(() => {});
    }, 600);
  }

  reset() {
    for (const column of this.all) Object.assign(column, { width: column.usual, hidden: column.usuallyHidden });
    const usual = this.fixed.map((column) => column.id);
    this.all.sort((a, b) => (usual.indexOf(a.id) + 1 || 99) - (usual.indexOf(b.id) + 1 || 99));
    this.keep();
  }

  move(column, step) {
    const from = this.all.indexOf(column);
    const to = from + step;
    if (to < 0 || to >= this.all.length) return;
    this.all.splice(to, 0, ...this.all.splice(from, 1));
    this.keep();
  }

  /** A head cell's handle: dragged, or moved with the arrow keys. */
  handle(column) {
    const grip = h("span", { class: "grip", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": `Width of ${column.title}` });
    const widen = (width) => {
      column.width = Math.max(NARROWEST, Math.round(width));
      this.keep();
    };
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      const [start, width] = [event.clientX, column.width];
      const drag = (move) => widen(width + move.clientX - start);
      grip.addEventListener("pointermove", drag);
      grip.addEventListener("pointerup", () => grip.removeEventListener("pointermove", drag), { once: true });
    });
    grip.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      widen(column.width + step);
    });
    return grip;
  }

  /** The list of columns in the drawer. */
  chooser(redraw) {
    return h(
      "div",
      { class: "chooser" },
      ...this.all.map((column, index) =>
        h(
          "div",
          {},
          h("label", {}, h("input", { type: "checkbox", checked: !column.hidden, onchange: () => { column.hidden = !column.hidden; this.keep(); redraw(); } }), " ", column.title),
          h("button", { type: "button", class: "quiet", disabled: index === 0, "aria-label": `${column.title} to the left`, onclick: () => { this.move(column, -1); redraw(); } }, "↑"),
          h("button", { type: "button", class: "quiet", disabled: index === this.all.length - 1, "aria-label": `${column.title} to the right`, onclick: () => { this.move(column, 1); redraw(); } }, "↓"),
        ),
      ),
      h("button", { type: "button", onclick: () => { this.reset(); redraw(); } }, "Reset columns"),
    );
  }
}
