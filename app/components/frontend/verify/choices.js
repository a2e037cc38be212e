/**
 * What a person has chosen, until the server has it: shown at once, kept in this browser, sent in batches, sent again
 * after a failure. A choice has a token of its own, so that sending it twice stores it once.
 */

import { call, freshId } from "../work/api.js";

const DELAY = 1500;
const BATCH = 100;

export class Choices {
  /** @param {number} project @param {string} question @param {(row: any) => void} onChange @param {(before: string, after: string) => void} onSaved */
  constructor(project, question, onChange, onSaved) {
    this.onSaved = onSaved;
    this.project = project;
    this.question = question;
    this.onChange = onChange;
    this.key = `milo-verify-${project}-${question}`;
    /** @type {Map<number, any>} item id -> {item_id, suggestion_id, value, token, via, looked_seconds, state, error} */
    this.open = new Map();
    this.sending = null;
    this.timer = 0;
    for (const choice of JSON.parse(localStorage.getItem(this.key) || "[]")) this.open.set(choice.item_id, { ...choice, state: "unsaved" });
    if (this.open.size) this.later();
  }

  of(row) {
    return this.open.get(row.item_id);
  }

  /** @param {any} row @param {any} value null rejects @param {{via?: string, looked?: number}} how */
  choose(row, value, { via = "table", looked = 0, others = {} } = {}) {
    this.open.set(row.item_id, {
      item_id: row.item_id, suggestion_id: row.suggestion_id, value, token: freshId(), via, others,
      looked_seconds: Math.round(looked * 10) / 10, state: "unsaved", error: "", row,
    });
    this.keep();
    this.onChange(row);
    this.later();
  }

  /** Take back what is not sent yet; false when there is nothing to take back. */
  withdraw(row) {
    const choice = this.open.get(row.item_id);
    if (!choice || choice.state === "saving") return false;
    this.open.delete(row.item_id);
    this.keep();
    this.onChange(row);
    return true;
  }

  keep() {
    const kept = [...this.open.values()].filter((choice) => choice.state !== "error").map(({ row, state, error, ...choice }) => choice);
    if (kept.length) localStorage.setItem(this.key, JSON.stringify(kept));
    else localStorage.removeItem(this.key);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), DELAY);
  }

  /** Send everything, what failed before too. */
  async save() {
    clearTimeout(this.timer);
    if (this.sending) return this.sending;
    this.sending = this.drain().finally(() => { this.sending = null; });
    return this.sending;
  }

  async drain() {
    for (;;) {
      const batch = [...this.open.values()].filter((choice) => choice.state === "unsaved" || choice.state === "retry").slice(0, BATCH);
      if (!batch.length) return;
      batch.forEach((choice) => this.mark(choice, "saving"));
      try {
        const { saved } = await call("POST", `/api/verify/${this.project}/save`, {
          question: this.question,
          choices: batch.map(({ row, state, error, ...choice }) => choice),
        });
        for (const [index, outcome] of saved.entries()) this.settle(batch[index], outcome);
      } catch (error) {
        const again = error.status === 0 || error.status >= 500;
        batch.forEach((choice) => this.mark(choice, again ? "unsaved" : "error", error.message));
        if (again) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.save(), 3000);
        }
        return;
      } finally {
        this.keep();
      }
    }
  }

  settle(choice, { ok, outcome }) {
    if (!ok) return this.mark(choice, "error", outcome);
    if (this.open.get(choice.item_id) === choice) this.open.delete(choice.item_id);
    if (choice.row) {
      this.onSaved(choice.row.state, outcome);
      choice.row.state = outcome;
      choice.row.own = choice.value;
      choice.row.saved = true;
      this.onChange(choice.row);
    }
    return undefined;
  }

  mark(choice, state, error = "") {
    choice.state = state;
    choice.error = error;
    if (choice.row) this.onChange(choice.row);
  }

  retry() {
    for (const choice of this.open.values()) if (choice.state === "error") choice.state = "retry";
    return this.save();
  }

  count(...states) {
    return [...this.open.values()].filter((choice) => states.includes(choice.state)).length;
  }
}
