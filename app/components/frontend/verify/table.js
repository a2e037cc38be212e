/** The rows in view, drawn from a list of any length: only what can be seen is in the document. */

import { h, percent } from "../work/dom.js";

const HEIGHT = 40;
const AROUND = 8;

const WORDS = { unverified: "unverified", confirms: "confirmed", corrects: "corrected", rejects: "rejected" };
const SIGNS = { unverified: "○", confirms: "✓", corrects: "✎", rejects: "✗" };

/** A value of any question in few words. */
export function brief(value, question) {
  const name = (label) => question?.options?.find((option) => option.value === label)?.label || String(label);
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map((entry) => (entry && typeof entry === "object" ? `${name(entry.label)} ${entry.start}–${entry.end}` : name(entry))).join(", ");
  return name(value);
}

/** @param {string} text @param {string} search the words in it are marked */
export function highlighted(text, search) {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [text];
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "giu");
  return text.split(pattern).map((part, index) => (index % 2 ? h("mark", {}, part) : part));
}

export class Table {
  /**
   * @param {import("./rows.js").Rows} rows @param {import("./columns.js").Columns} columns
   * @param {{sort: (id: string) => void, pick: (index: number, event?: Event) => void, open: (index: number) => void, chosen: (row: any) => any, options: any[], choose: (row: any, value: any) => void, selected: (row: any) => boolean, select: (index: number, range: boolean) => void, filters: () => any}} act
   */
  constructor(rows, columns, act) {
    Object.assign(this, { rows, columns, act });
    this.current = 0;
    this.looked = new Map();
    this.head = h("div", { class: "head line", role: "row" });
    this.space = h("div", { class: "space" });
    this.body = h("div", { class: "body", role: "rowgroup", tabindex: "0", "aria-label": "Suggestions" }, this.space);
    this.element = h("div", { class: "table", role: "grid", "aria-label": "Suggestions to verify" }, this.head, this.body);
    this.body.addEventListener("scroll", () => {
      this.head.scrollLeft = this.body.scrollLeft;
      this.paint();
    });
    new ResizeObserver(() => this.paint()).observe(this.body);
    const look = setInterval(() => {
      if (!this.element.isConnected) return clearInterval(look);
      if (document.visibilityState !== "visible") return undefined;
      for (const line of this.space.querySelectorAll("[data-item]:not([data-around])")) {
        const item = Number(line.dataset.item);
        this.looked.set(item, (this.looked.get(item) || 0) + 0.5);
      }
      return undefined;
    }, 500);
  }

  /** Seconds that a row has been in view. */
  lookedAt = (row) => this.looked.get(row.item_id) || 0;

  drawHead() {
    const filters = this.act.filters();
    this.head.style.gridTemplateColumns = this.columns.template();
    this.head.replaceChildren(
      h("span", { role: "columnheader", "aria-label": "Selected" }),
      ...this.columns.shown.map((column) => {
        const sorted = column.sort && filters.sort === column.sort;
        const arrow = sorted ? (filters.direction === "down" ? " ↓" : " ↑") : "";
        const title = column.sort
          ? h("button", { type: "button", class: "quiet", onclick: () => this.act.sort(column.sort) }, column.title + arrow)
          : h("b", {}, column.title);
        return h("span", { role: "columnheader", "aria-sort": sorted ? (filters.direction === "down" ? "descending" : "ascending") : null, class: column.number ? "number" : "" }, title, this.columns.handle(column));
      }),
    );
  }

  paint() {
    const first = Math.max(0, Math.floor(this.body.scrollTop / HEIGHT));
    const count = Math.ceil(this.body.clientHeight / HEIGHT) + 1;
    const [from, to] = [Math.max(0, first - AROUND), Math.min(this.rows.total, first + count + AROUND)];
    this.space.style.height = `${this.rows.total * HEIGHT}px`;
    this.space.replaceChildren(...Array.from({ length: Math.max(0, to - from) }, (_, offset) => this.line(from + offset, from + offset >= first && from + offset < first + count)));
  }

  line(index, inView) {
    const row = this.rows.at(index);
    const line = h("div", { class: `line${index === this.current ? " current" : ""}`, role: "row", "aria-rowindex": String(index + 1), "aria-selected": String(index === this.current), onclick: (event) => this.act.pick(index, event), ondblclick: () => this.act.open(index) });
    line.style.cssText = `top:${index * HEIGHT}px;grid-template-columns:${this.columns.template()}`;
    if (!row) {
      line.append(h("span", { class: "waiting" }, "…"));
      return line;
    }
    line.dataset.item = row.item_id;
    if (!inView) line.dataset.around = "";
    const choice = this.act.chosen(row);
    line.dataset.state = choice ? choice.state : row.state;
    line.append(
      h("span", {}, h("input", { type: "checkbox", checked: this.act.selected(row), "aria-label": `Select ${row.external_id}`, tabindex: "-1", onclick: (event) => { event.stopPropagation(); this.act.select(index, event.shiftKey); } })),
      ...this.columns.shown.map((column) => this.cell(column, row, choice)),
    );
    return line;
  }

  cell(column, row, choice) {
    const cells = {
      item: () => row.external_id,
      text: () => h("span", { class: "words" }, ...highlighted(row.text, this.act.filters().search || "")),
      label: () => h("span", { class: "model", title: row.near ? `The model said “${row.near}”; it was taken for the nearest label.` : "" }, brief(row.value, this.act.question()), row.near ? h("small", {}, " ≈") : null),
      own: () => this.own(row, choice),
      state: () => this.state(row, choice),
      judge: () => judged(row.judge),
      confidence: () => (row.confidence === null ? h("small", {}, "unknown") : percent(row.confidence)),
    };
    const content = cells[column.id] ? cells[column.id]() : brief(row.metadata[column.id.slice(5)]);
    return h("span", { role: "gridcell", class: `cell cell-${column.id.replace(/\W/g, "-")}${column.number ? " number" : ""}`, title: typeof content === "string" ? content : null }, content);
  }

  own(row, choice) {
    const value = choice ? choice.value : row.own;
    if (!this.act.options.length) return brief(value, this.act.question());
    const select = h(
      "select",
      { "aria-label": `Your label for ${row.external_id}`, tabindex: "-1", disabled: !row.open, title: row.open ? "" : "This item has all the answers that it wants.", onclick: (event) => event.stopPropagation(), onchange: () => this.act.choose(row, select.value) },
      h("option", { value: "", disabled: true }, "—"),
      ...this.act.options.map((option, index) => h("option", { value: String(option.value) }, `${index < 9 ? `${index + 1}  ` : ""}${option.label || option.value}`)),
    );
    select.value = value === null || value === undefined ? "" : String(value);
    return select;
  }

  state(row, choice) {
    if (choice?.state === "error") return h("span", { class: "bad", title: choice.error }, `! ${choice.error}`);
    if (choice?.state === "saving") return h("span", { class: "soft" }, "saving …");
    if (choice) return h("span", { class: "soft" }, "unsaved");
    return h("span", { class: `state state-${row.state}`, title: row.verifier ? `by ${row.verifier}` : "" }, `${SIGNS[row.state]} ${WORDS[row.state]}`);
  }

  /** Draw one row again. */
  refresh(row) {
    const line = this.space.querySelector(`[data-item="${row.item_id}"]`);
    if (!line) return;
    const index = Number(line.getAttribute("aria-rowindex")) - 1;
    line.replaceWith(this.line(index, !("around" in line.dataset)));
  }

  /** @param {number} index */
  go(index) {
    this.current = Math.max(0, Math.min(index, this.rows.total - 1));
    const top = this.current * HEIGHT;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    else if (top + HEIGHT > this.body.scrollTop + this.body.clientHeight) this.body.scrollTop = top + HEIGHT - this.body.clientHeight;
    this.paint();
  }
}

/** @param {{total: number | null, passed: boolean | null, flags: string[]} | null} verdict what the judge said, in brief */
function judged(verdict) {
  if (!verdict) return h("small", {}, "–");
  const flagged = verdict.flags.length ? h("small", { title: verdict.flags.join(", ").replaceAll("_", " ") }, " ⚑") : null;
  if (verdict.total === null) return h("span", {}, h("small", {}, "unscored"), flagged);
  const below = verdict.passed === false;
  return h("span", { class: below ? "bad" : "", title: below ? "Below the pass mark: a person should look." : "" }, `${below ? "↓ " : ""}${percent(verdict.total)}`, flagged);
}
