/** The list as the server has it: fetched in pages as they come into view, forgotten when the filters change. */

import { call } from "../work/api.js";

const PAGE = 100;

export class Rows {
  /** @param {number} project @param {() => void} onChange */
  constructor(project, onChange) {
    this.project = project;
    this.onChange = onChange;
    this.pages = new Map();
    this.loading = new Set();
    this.total = 0;
    this.counts = {};
    this.filters = {};
    this.age = 0;
  }

  /** Start over with other filters. @param {Record<string, any>} filters */
  async reset(filters) {
    this.filters = filters;
    this.age += 1;
    this.pages.clear();
    this.loading.clear();
    await this.fetch(0);
  }

  async fetch(page) {
    if (this.pages.has(page) || this.loading.has(page)) return;
    this.loading.add(page);
    const age = this.age;
    const asked = new URLSearchParams({ offset: page * PAGE, limit: PAGE });
    for (const [name, value] of Object.entries(this.filters)) if (value) asked.set(name, value);
    try {
      const found = await call("GET", `/api/verify/${this.project}/rows?${asked}`);
      if (age !== this.age) return;
      this.pages.set(page, found.rows);
      this.total = found.total;
      this.counts = found.counts;
    } finally {
      this.loading.delete(page);
    }
    this.onChange();
  }

  /** The row at a place, or undefined while it is on its way. */
  at(index) {
    const page = Math.floor(index / PAGE);
    const rows = this.pages.get(page);
    if (!rows) this.fetch(page).catch(() => {});
    return rows?.[index % PAGE];
  }

  /** A row has gone from one state to another. */
  recount(before, after) {
    this.counts[before] = (this.counts[before] || 0) - 1;
    this.counts[after] = (this.counts[after] || 0) + 1;
  }

  /** Every loaded row. */
  *loaded() {
    for (const rows of this.pages.values()) yield* rows;
  }

  /** All that the filters let through, page by page. @param {(row: any) => void} visit */
  async all(visit) {
    for (let page = 0; page * PAGE < this.total; page += 1) {
      await this.fetch(page);
      (this.pages.get(page) || []).forEach(visit);
    }
  }
}
