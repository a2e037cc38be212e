/** The verification table: filters above, the list, one item at the side, and the keys that connect them. */

import { h, kbd } from "../work/dom.js";
import { createKeys } from "../work/keys.js";
import { Choices } from "./choices.js";
import { Columns } from "./columns.js";
import { Rows } from "./rows.js";
import { renderSingle } from "./single.js";
import { Table } from "./table.js";

const KEYS = [
  ["↑ ↓", "Previous, next row"],
  ["Enter", "Confirm the model's label, and next"],
  ["1 – 9", "Correct to that option, and next"],
  ["X", "Reject, and next"],
  ["U", "Undo the last choice"],
  ["Space", "Select the row; with Shift all from the last one"],
  ["O", "Open the item, or double-click"],
  ["/", "Search"],
  ["Ctrl S", "Save now; what failed is sent again"],
  ["Esc", "Close the side, leave a field"],
  ["?", "This list"],
];
const STATES = [["", "All"], ["unverified", "Unverified"], ["confirms", "Confirmed"], ["corrects", "Corrected"], ["rejects", "Rejected"]];
const CHOSEN = new Set(["choice", "rating", "pairwise"]);

export class Verifier {
  constructor(root, data, setup) {
    Object.assign(this, { root, data, setup });
    this.questions = setup.schema.questions;
    this.selection = new Set();
    this.undone = [];
    this.anchor = 0;
    this.filters = { question: (this.questions.find((one) => one.id === data.question) || this.questions[0]).id, sort: "order", direction: "", first: "", states: "", label: "", search: "", query: data.query || "", job: data.job || "", model: "", below: "" };
  }

  get question() {
    return this.questions.find((question) => question.id === this.filters.question);
  }

  options() {
    const { type, options, min, max, tie } = this.question;
    if (type === "choice") return options;
    if (type === "rating") return Array.from({ length: max - min + 1 }, (_, index) => ({ value: min + index }));
    if (type === "pairwise") return [{ value: "left", label: "left" }, { value: "right", label: "right" }, ...(tie ? [{ value: "tie", label: "tie" }] : [])];
    return [];
  }

  start() {
    if (this.setup.closed) {
      this.root.replaceChildren(...this.root.querySelectorAll("link"), h("div", { class: "emptiness" }, h("h2", {}, "Nothing to verify in a table"), h("p", {}, this.setup.closed)));
      return;
    }
    this.rows = new Rows(this.data.project_id, () => { this.table.paint(); this.status(); });
    this.columns = new Columns(this.setup.metadata, this.setup.judged, this.setup.preferences, () => { this.table.drawHead(); this.table.paint(); });
    this.message = h("div", { class: "message", role: "alert", hidden: true });
    this.counted = h("span", { class: "counted", "aria-live": "polite" });
    this.saving = h("span", { class: "saved", "aria-live": "polite" });
    this.drawer = h("div", { class: "drawer", role: "dialog", "aria-modal": "false", tabindex: "-1", hidden: true });
    this.tools = h("div", { class: "tools", role: "search" });
    this.bar = h("div", { class: "bar", role: "toolbar", "aria-label": "Actions" });
    this.begin();
    this.root.replaceChildren(...this.root.querySelectorAll("link"), this.message, this.tools, this.table.element, this.bar, this.drawer);
    // Whatever stands above it, the bar is at the bottom of the window.
    this.root.style.height = `calc(100vh - ${Math.round(this.root.getBoundingClientRect().top + window.scrollY) + 24}px)`;
    this.keys = createKeys(this.root, this.actions());
    window.addEventListener("beforeunload", (event) => {
      if (this.root.isConnected && this.choices.count("unsaved", "saving", "retry")) event.preventDefault();
    });
    this.load();
  }

  /** For one question: its choices and its table. */
  begin() {
    this.choices = new Choices(this.data.project_id, this.filters.question, (row) => { this.table.refresh(row); this.status(); }, (before, after) => this.rows.recount(before, after));
    const options = this.options();
    this.table = new Table(this.rows, this.columns, {
      options: CHOSEN.has(this.question.type) ? options : [],
      filters: () => this.filters,
      question: () => this.question,
      sort: (column) => {
        const down = this.filters.sort === column && this.filters.direction !== "down";
        this.change({ sort: column, direction: down ? "down" : "" });
      },
      pick: (index, event) => {
        if (event?.shiftKey) return this.select(index, true);
        return this.table.go(index);
      },
      open: (index) => { this.table.go(index); this.open(); },
      chosen: (row) => this.adopt(row),
      choose: (row, value) => this.choose(row, this.typed(value)),
      selected: (row) => this.selection.has(row.item_id),
      select: (index, range) => this.select(index, range),
    });
    this.drawTools();
    this.drawBar();
    this.table.drawHead();
  }

  /** A choice that was kept in this browser finds its row when that comes into view. */
  adopt(row) {
    const choice = this.choices.of(row);
    if (choice) choice.row = row;
    return choice;
  }

  typed(value) {
    return this.question.type === "rating" ? Number(value) : value;
  }

  async load() {
    try {
      await this.rows.reset(this.filters);
      this.say("");
      this.table.go(0);
      this.status();
    } catch (error) {
      this.say(error.message);
    }
  }

  change(filters) {
    const other = filters.question && filters.question !== this.filters.question;
    Object.assign(this.filters, filters);
    this.selection.clear();
    if ("sort" in filters) this.drawTools();
    if (other) {
      const old = this.table.element;
      this.begin();
      old.replaceWith(this.table.element);
    }
    this.table.drawHead();
    this.load();
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  drawTools() {
    const later = (name) => (event) => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.change({ [name]: event.target.value.trim() }), 250);
    };
    const picker = (label, name, options) => {
      const select = h("select", { "aria-label": label, onchange: () => this.change({ [name]: select.value }) }, ...options.map(([value, title]) => h("option", { value }, title)));
      select.value = this.filters[name];
      return select;
    };
    const labels = this.options();
    this.search = h("input", { type: "text", class: "find", placeholder: "Search words", "aria-label": "Search words", value: this.filters.search, oninput: later("search") });
    this.tools.replaceChildren(
      ...[
        this.questions.length > 1 ? picker("Question", "question", this.questions.map((question) => [question.id, question.title])) : null,
        this.search,
        h("input", { type: "text", class: "query", placeholder: "Query: confidence<0.7 state:unverified …", title: "The language of subsets: meta.length>100, by:anna, agent:NAME, job:3, conflict:any, subset:NAME, similar:ID", "aria-label": "Query", value: this.filters.query, onchange: (event) => this.change({ query: event.target.value.trim() }) }),
        picker("State", "states", STATES),
        labels.length ? picker("Model's label", "label", [["", "Any label"], ...labels.map((option) => [String(option.value), option.label || String(option.value)])]) : null,
        this.setup.models.length > 1 ? picker("Model", "model", [["", "Newest of any model"], ...this.setup.models.map((model) => [model, model])]) : null,
        picker("First", "first", [["", "In order"], ["unverified", "Unverified first"]]),
        h("button", { type: "button", class: "quiet priority", title: this.setup.priority, "aria-pressed": String(this.filters.sort === "priority"), onclick: () => this.change({ sort: this.filters.sort === "priority" ? "order" : "priority", direction: "" }) }, this.filters.sort === "priority" ? "✓ Most in doubt first" : "Most in doubt first"),
        h("button", { type: "button", class: "quiet", onclick: () => this.openColumns() }, "Columns"),
      ].filter(Boolean),
    );
  }

  drawBar() {
    const button = (key, label, action, attributes = {}) => h("button", { type: "button", onclick: action, ...attributes }, key ? kbd(key) : null, label);
    this.bar.replaceChildren(
      button("↵", "Confirm", () => this.confirm(), { class: "primary" }),
      button("X", "Reject", () => this.reject(), {}),
      button("U", "Undo", () => this.undo(), { class: "quiet" }),
      button("O", "Open", () => this.open(), { class: "quiet" }),
      button("", "Select all shown", () => this.selectAll(), { class: "quiet" }),
      h("button", { type: "button", class: "bulk", onclick: () => this.bulk() }, "With the selected …"),
      button("?", "Keys", () => this.showKeys(), { class: "quiet" }),
      h("span", { class: "spacer" }),
      this.saving,
      this.counted,
    );
    this.status();
  }

  status() {
    if (!this.choices) return;
    const unsaved = this.choices.count("unsaved", "retry", "saving");
    const failed = this.choices.count("error");
    this.saving.replaceChildren(
      unsaved ? `${unsaved} unsaved` : failed ? "" : "all saved",
      failed ? h("button", { type: "button", class: "quiet", onclick: () => this.choices.retry() }, `${failed} failed: send again`) : "",
    );
    const counts = this.rows.counts;
    const sum = Object.values(counts).reduce((total, count) => total + count, 0);
    const verified = sum - (counts.unverified || 0);
    this.counted.textContent = `${this.rows.total} shown · ${verified} of ${sum} verified${this.selection.size ? ` · ${this.selection.size} selected` : ""}`;
    const bulk = this.bar.querySelector(".bulk");
    if (bulk) bulk.disabled = !this.selection.size;
    if (this.rows.total === 0 && this.rows.pages.size) this.say(sum ? "Nothing passes the filters." : "No suggestions yet: start a job under Agents and jobs, or import items with suggestions.");
  }

  actions() {
    const away = (act) => () => (this.drawer.hidden || !this.drawer.contains(document.activeElement) ? act() : false);
    const onButton = () => document.activeElement instanceof HTMLButtonElement && this.root.contains(document.activeElement);
    return {
      ArrowDown: away(() => this.table.go(this.table.current + 1)),
      ArrowUp: away(() => this.table.go(this.table.current - 1)),
      PageDown: away(() => this.table.go(this.table.current + 12)),
      PageUp: away(() => this.table.go(this.table.current - 12)),
      Home: away(() => this.table.go(0)),
      End: away(() => this.table.go(this.rows.total - 1)),
      Enter: () => (onButton() ? false : this.confirm()),
      digit: (event) => this.correct(Number(event.key)),
      x: () => this.reject(),
      u: () => this.undo(),
      o: () => this.open(),
      " ": (event) => (onButton() ? false : this.select(this.table.current, event.shiftKey)),
      "/": () => this.search.focus(),
      save: () => { this.choices.retry(); },
      "?": () => this.showKeys(),
      Escape: () => {
        if (document.activeElement instanceof HTMLElement && this.tools.contains(document.activeElement)) document.activeElement.blur();
        else this.close();
      },
    };
  }

  row() {
    return this.rows.at(this.table.current);
  }

  choose(row, value, how = {}) {
    if (!row) return false;
    if (!row.open) {
      this.say(`${row.external_id} has all the answers that it wants.`);
      return false;
    }
    this.say("");
    this.undone.push({ row, before: row.own, had: row.own !== null && row.own !== undefined });
    this.choices.choose(row, value, { looked: this.table.lookedAt(row), ...how });
    this.status();
    return true;
  }

  advance() {
    this.table.go(this.table.current + 1);
    if (!this.drawer.hidden && this.drawer.dataset.name === "item") this.open({ stay: true });
  }

  confirm() {
    const row = this.row();
    if (!row) return;
    this.choose(row, row.value);
    this.advance();
  }

  correct(number) {
    const option = this.options()[number - 1];
    if (!option || !CHOSEN.has(this.question.type)) return false;
    this.choose(this.row(), option.value);
    this.advance();
    return true;
  }

  reject() {
    this.choose(this.row(), null);
    this.advance();
  }

  undo() {
    const last = this.undone.pop();
    if (!last) return this.say("Nothing to undo.");
    const index = [...this.rows.loaded()].indexOf(last.row);
    if (index >= 0) this.table.go(index);
    if (this.choices.withdraw(last.row)) return this.say("");
    if (last.had) {
      this.choices.choose(last.row, last.before, { looked: this.table.lookedAt(last.row) });
      return this.say("");
    }
    return this.say("That is stored already: an answer can be corrected, and its history keeps both. Choose another label.");
  }

  select(index, range) {
    const [from, to] = range ? [Math.min(this.anchor, index), Math.max(this.anchor, index)] : [index, index];
    for (let place = from; place <= to; place += 1) {
      const row = this.rows.at(place);
      if (!row) continue;
      if (!range && this.selection.has(row.item_id)) this.selection.delete(row.item_id);
      else this.selection.add(row.item_id);
    }
    this.anchor = index;
    this.table.paint();
    this.status();
  }

  async selectAll() {
    if (this.selection.size) this.selection.clear();
    else await this.rows.all((row) => this.selection.add(row.item_id));
    this.table.paint();
    this.status();
  }

  bulk() {
    const rows = [...this.rows.loaded()].filter((row) => this.selection.has(row.item_id));
    const open = rows.filter((row) => row.open && row.state === "unverified" && !this.choices.of(row));
    const unseen = open.filter((row) => this.table.lookedAt(row) === 0).length;
    const all = (chosen, value) => {
      for (const row of chosen) this.choose(row, value(row), { via: "bulk" });
      this.selection.clear();
      this.close();
      this.table.paint();
      this.choices.save();
    };
    this.show(
      "bulk",
      `${rows.length} selected`,
      h("p", {}, `${open.length} of them are not verified yet.`),
      h("p", { class: "note" }, unseen ? `${unseen} of these were never in view. How long each row was in view is kept with its verification.` : "All of these were in view; how long is kept with each verification."),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", disabled: !open.length, onclick: () => all(open, (row) => row.value) }, `Confirm the rest (${open.length})`)),
      CHOSEN.has(this.question.type)
        ? h("div", { class: "options" }, h("h3", {}, "Or give all of them one label"), ...this.options().map((option) => h("button", { type: "button", onclick: () => all(rows, () => option.value) }, option.label || String(option.value))))
        : null,
    );
  }

  async open({ stay = false } = {}) {
    const row = this.row();
    if (!row) return;
    if (!stay && !this.drawer.hidden && this.drawer.dataset.name === "item") return this.close();
    const step = (by) => { this.table.go(this.table.current + by); this.open({ stay: true }); };
    try {
      const content = await renderSingle(row, this.data.project_id, this.setup.schema, this.question, this.choices.of(row)?.value, {
        choose: (value, others) => { this.choose(row, value, { others }); this.advance(); },
        reject: () => this.reject(),
        step,
      });
      if (this.row() === row) this.show("item", row.external_id, content);
    } catch (error) {
      this.say(error.message);
    }
    return undefined;
  }

  openColumns() {
    const redraw = () => this.show("columns", "Columns", this.columns.chooser(redraw));
    redraw();
  }

  showKeys() {
    this.show("keys", "Keys", h("dl", { class: "keys" }, ...KEYS.flatMap(([key, what]) => [h("dt", {}, kbd(key)), h("dd", {}, what)])));
  }

  show(name, title, ...content) {
    this.drawer.dataset.name = name;
    this.drawer.setAttribute("aria-label", title);
    this.drawer.replaceChildren(h("header", { class: "drawer-head" }, h("h2", {}, title), h("button", { type: "button", class: "quiet", onclick: () => this.close() }, "Close")), ...content.filter(Boolean));
    this.drawer.hidden = false;
  }

  close() {
    this.drawer.hidden = true;
  }
}
