/** The workbench: one item after the other, without a page run in between. */

import { ServerError, call, persist } from "./api.js";
import { createChat } from "./chat.js";
import { clock, h, kbd } from "./dom.js";
import { createAutosave } from "./drafts.js";
import { createFeedback } from "./feedback.js";
import { createForm } from "./form.js";
import { renderItem } from "./item.js";
import { createKeys, keySheet } from "./keys.js";
import { createSuggestions } from "./suggestion.js";
import { createTelemetry, tab } from "./telemetry.js";

const EMPTY = {
  no_items: ["No items yet", "An administrator imports them on the Projects page."],
  all_done: ["All done", "Every item of this project has the answers it wants, or you have answered all of them. Thank you."],
  all_leased: ["Nothing open at the moment", "The remaining items are being answered by others. Look again in a few minutes."],
};

const SAVED = { saved: "saved", saving: "saving …", offline: "offline, kept here and sent again", conflict: "changed elsewhere", "": "" };

/** @param {HTMLElement} root @param {{project_id: number, item_id: number|null, style: string}} data */
export async function mount(root, data) {
  root.className = "milo";
  root.replaceChildren(h("link", { rel: "stylesheet", href: data.style }), h("p", { class: "loading", role: "status" }, "Loading the next item …"));
  try {
    const setup = await call("GET", `/api/work/${data.project_id}/setup`);
    new Workbench(root, data, setup).start();
  } catch (error) {
    root.append(h("p", { class: "failure", role: "alert" }, error.message));
  }
}

class Workbench {
  constructor(root, data, setup) {
    Object.assign(this, { root, data, setup, task: null, ahead: null, history: [], closing: new Set() });
    this.base = `/api/work/${data.project_id}`;
    this.build();
    this.feedback = setup.roles.judge ? createFeedback(data.project_id, (unseen) => this.noticeFeedback(unseen)) : null;
    this.keys = createKeys(root, this.actions());
  }

  build() {
    this.itemPane = h("div", { class: "pane pane-item", tabindex: "0", "aria-label": "Item" });
    this.formPane = h("div", { class: "pane pane-form" });
    this.helpPane = h("aside", { class: "pane pane-help", "aria-label": "Help" });
    this.saved = h("span", { class: "saved", "aria-live": "polite" });
    this.timer = h("span", { class: "timer", title: `${this.setup.definition} ${this.setup.recorded}` });
    this.progress = h("div", { class: "progress" });
    this.message = h("div", { class: "message", role: "alert", hidden: true });
    this.drawer = h("div", { class: "drawer", role: "dialog", "aria-modal": "false", hidden: true });
    this.feedbackButton = h("button", { type: "button", class: "quiet", hidden: !this.setup.roles.judge, onclick: () => this.toggleFeedback() }, kbd("F"), "Feedback");
    this.submitButton = h("button", { type: "button", class: "primary", dataset: { action: "submit" }, onclick: () => this.submit() }, "Submit ", kbd("Ctrl ↵"));
    const bar = h(
      "div",
      { class: "bar", role: "toolbar", "aria-label": "Actions" },
      this.submitButton,
      h("button", { type: "button", dataset: { action: "skip" }, onclick: () => this.askSkip() }, kbd("S"), "Skip"),
      h("button", { type: "button", class: "quiet", onclick: () => this.back() }, kbd("B"), "Back"),
      h("button", { type: "button", class: "quiet", dataset: { action: "guidelines" }, onclick: () => this.toggleGuidelines() }, kbd("G"), "Guidelines"),
      this.feedbackButton,
      h("button", { type: "button", class: "quiet", onclick: () => this.openDrawer("keys", keySheet(() => this.closeDrawer())) }, kbd("?"), "Keys"),
      h("span", { class: "spacer" }),
      this.saved,
      this.timer,
      this.progress,
    );
    this.body = h("div", { class: "columns" }, this.itemPane, this.formPane, this.helpPane);
    this.root.replaceChildren(this.root.querySelector("link"), this.message, this.body, bar, this.drawer);
  }

  actions() {
    return {
      submit: () => this.submit(),
      digit: (event) => this.form?.choose(Number(event.key)),
      ArrowDown: () => this.form?.move(1),
      ArrowUp: () => this.form?.move(-1),
      a: () => this.suggestions?.accept(this.form.currentQuestion().id),
      "A-all": () => this.suggestions?.accept(null),
      s: () => this.askSkip(),
      b: () => this.back(),
      g: () => this.toggleGuidelines(),
      t: () => this.chat?.focus(),
      f: () => this.toggleFeedback(),
      "?": () => this.openDrawer("keys", keySheet(() => this.closeDrawer())),
      Escape: () => {
        if (!this.drawer.hidden) return this.closeDrawer();
        if (document.activeElement instanceof HTMLElement && this.root.contains(document.activeElement)) document.activeElement.blur();
        return undefined;
      },
    };
  }

  async start() {
    try {
      const path = this.data.item_id ? `${this.base}/items/${this.data.item_id}` : `${this.base}/next`;
      this.data.item_id = null;
      this.show(await call("POST", path));
    } catch (error) {
      this.say(error.message);
    }
  }

  // ---------------------------------------------------------------- showing an item

  show({ task, reason, progress }) {
    this.leave();
    this.paintProgress(progress);
    if (!task) return this.showEmpty(reason);
    if (this.ahead?.task.item.id === task.item.id) this.ahead = null;
    this.task = task;
    this.answers = { ...(task.draft?.answers || task.annotation?.answers || {}) };
    this.telemetry = createTelemetry(task, (visit) => this.paintTime(visit));
    this.itemPane.replaceChildren(renderItem(task.item));
    this.itemPane.scrollTop = 0;
    this.autosave = createAutosave(task, this.answers, tab, (state, detail) => this.paintSaved(state, detail));
    this.form = createForm(this.setup.schema, task, this.answers, () => {
      this.autosave.touch();
      this.telemetry.report("choice");
      this.suggestions.paint();
    });
    this.suggestions = createSuggestions(this.setup.schema, task, this.answers, (question, value) => {
      this.form.set(question, value);
      this.telemetry.report("suggestion_accepted");
    });
    const revision = task.annotation?.state === "submitted" ? h("p", { class: "revision" }, `You answered this item (revision ${task.annotation.revision}). Submitting again keeps both.`) : null;
    this.formPane.replaceChildren(...[revision, this.form.element].filter(Boolean));
    this.form.repaint();
    this.suggestions.paint();
    this.chat = this.setup.roles.assistant ? createChat(task, () => this.answers, (kind) => this.telemetry.report(kind)) : null;
    const control = task.arm === "none" ? h("p", { class: "note control" }, "This item is shown without a suggestion, to measure what suggestions change.") : null;
    this.helpPane.replaceChildren(...[this.suggestions.element || control, this.chat?.element].filter(Boolean));
    this.helpPane.classList.toggle("empty", !this.helpPane.children.length);
    this.root.dataset.item = task.item.external_id;
    this.submitButton.disabled = false;
    this.paintSaved("");
    this.form.focus(0);
    this.started = performance.now();
    this.ticking = setInterval(() => this.tick(), 1000);
    this.visit = { handling_seconds: 0, at: this.started };
    this.tick();
    this.fetchAhead();
    return undefined;
  }

  leave() {
    clearInterval(this.ticking);
    this.autosave?.close();
    this.chat?.close();
    this.telemetry?.end("closed");
    this.task = this.form = this.chat = this.autosave = this.telemetry = null;
  }

  showEmpty(reason) {
    const [title, words] = EMPTY[reason] || EMPTY.all_leased;
    delete this.root.dataset.item;
    this.submitButton.disabled = true;
    this.itemPane.replaceChildren(h("div", { class: "emptiness" }, h("h2", {}, title), h("p", {}, words), h("button", { type: "button", onclick: () => this.start() }, "Look again")));
    this.formPane.replaceChildren();
    this.helpPane.replaceChildren();
    this.paintSaved("");
    this.timer.textContent = "";
  }

  /** Have the next item ready before it is wanted. */
  fetchAhead() {
    if (!this.ahead && !this.fetching) this.fetching = this.fetchNext().finally(() => { this.fetching = null; });
  }

  async fetchNext() {
    const current = this.task?.item.id;
    try {
      // What is being sent is still held on the server; it must not come back as the next item.
      const held = [current, ...this.closing].filter(Boolean);
      const found = await call("POST", `${this.base}/next?held=${held.join(",")}`);
      if (found.task && !held.includes(found.task.item.id) && !this.closing.has(found.task.item.id) && found.task.item.id !== this.task?.item.id) this.ahead = found;
      this.paintProgress(found.progress);
    } catch {
      /* It is asked for again when it is wanted. */
    }
  }

  // ---------------------------------------------------------------- submitting

  submit() {
    if (!this.task || this.submitButton.disabled) return;
    const missing = this.form.missing();
    this.form.show(Object.fromEntries(missing.map((id) => [id, "needs an answer"])));
    if (missing.length) return;
    this.close({ action: "submit", answers: { ...this.answers } }, "submitted");
  }

  askSkip() {
    if (!this.task) return;
    const reason = h("input", { type: "text", placeholder: "Why? For example: the picture is missing", "aria-label": "Reason", maxlength: "300" });
    const skip = () => {
      if (!reason.value.trim()) return reason.focus();
      this.closeDrawer();
      return this.close({ action: "skip", skip_reason: reason.value.trim() }, "skipped");
    };
    reason.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), skip()));
    this.openDrawer("skip", h("div", {}, h("header", { class: "drawer-head" }, h("h2", {}, "Skip this item"), h("button", { type: "button", class: "quiet", onclick: () => this.closeDrawer() }, "Cancel")), h("p", {}, "It goes to somebody else. Your reason is kept with it."), reason, h("p", {}, h("button", { type: "button", class: "primary", onclick: skip }, "Skip"))));
    reason.focus();
  }

  /** Send in the background and show the next item at once; a refusal brings this one back. */
  async close(body, outcome) {
    const { task } = this;
    const answers = { ...this.answers };
    this.submitButton.disabled = true;
    this.say("");
    this.autosave.close();
    this.telemetry.end(outcome);
    const sent = persist("POST", "/api/work/submit", { item_id: task.item.id, form_token: task.form_token, tab, ...body }, () => this.paintUnsent(1));
    this.history.push(task.item.id);
    this.closing.add(task.item.id);
    const { ahead } = this;
    this.ahead = null;
    if (ahead) this.show(ahead);
    else this.task = null;
    try {
      const done = await sent;
      this.closing.delete(task.item.id);
      this.paintUnsent(0);
      this.paintProgress(done.progress);
      if (done.late) this.say("Your time on that item had run out; the answer was kept and marked as late.");
      if (body.action === "submit") this.feedback?.expect(done.annotation_id);
      if (ahead) this.fetchAhead();
      else await this.showNext();
    } catch (error) {
      this.closing.delete(task.item.id);
      this.bringBack(task, answers, error);
    }
  }

  /** The next item when none was ready: the one on its way, else a new one. */
  async showNext() {
    await this.fetching;
    const { ahead } = this;
    this.ahead = null;
    if (ahead) this.show(ahead);
    else await this.start();
  }

  bringBack(task, answers, error) {
    if (this.task) this.ahead = { task: this.task, reason: null, progress: this.lastProgress };
    this.show({ task: { ...task, draft: { version: task.draft?.version || 0, answers } }, reason: null, progress: this.lastProgress });
    const problems = Object.fromEntries((error.body?.problems || []).map((line) => line.split(/: (.*)/s).slice(0, 2)));
    this.form.show(problems);
    this.say(`Not submitted: ${error instanceof ServerError ? error.message : "something went wrong"}`);
  }

  async back() {
    const id = this.history.pop();
    if (!id) return;
    if (this.task) this.ahead = { task: this.task, reason: null, progress: this.lastProgress };
    try {
      this.show(await call("POST", `${this.base}/items/${id}`));
    } catch (error) {
      this.say(error.message);
    }
  }

  // ---------------------------------------------------------------- small displays

  paintProgress(progress) {
    if (!progress) return;
    this.lastProgress = progress;
    const { done_by_me: mine, total, complete } = progress;
    this.progress.replaceChildren(h("progress", { max: total || 1, value: complete, "aria-label": "Items that have all their answers" }), h("span", {}, `${mine} by you · ${complete} of ${total} complete`));
  }

  paintTime(visit) {
    this.visit = { handling_seconds: visit.handling_seconds, at: performance.now() };
  }

  tick() {
    // Between two reports of the server the clock runs on while the page is in front.
    const since = document.visibilityState === "visible" ? Math.min((performance.now() - this.visit.at) / 1000, 15) : 0;
    this.timer.textContent = `active ${clock(this.visit.handling_seconds + since)}`;
  }

  paintSaved(state, detail) {
    this.saved.textContent = SAVED[state];
    this.saved.dataset.state = state;
    if (state === "conflict") this.resolveConflict(detail);
  }

  resolveConflict(detail) {
    if (detail.submitted) return this.say("This item was submitted in another tab. What you typed here is not saved.");
    const settle = (mine) => {
      this.message.hidden = true;
      this.autosave.resolve(detail, mine);
      this.form.repaint();
      this.suggestions.paint();
    };
    this.message.replaceChildren(
      h("span", {}, "This draft was changed in another tab or on another machine. Nothing was overwritten."),
      h("button", { type: "button", onclick: () => settle(false) }, "Take the other one"),
      h("button", { type: "button", onclick: () => settle(true) }, "Keep mine"),
      h("details", {}, h("summary", {}, "Show the other one"), h("pre", {}, JSON.stringify(detail.answers, null, 2))),
    );
    this.message.hidden = false;
    return undefined;
  }

  paintUnsent(count) {
    if (count) this.say("The server cannot be reached. Your answer is kept here and sent again.");
    else if (this.message.textContent.startsWith("The server")) this.say("");
  }

  say(text) {
    this.message.replaceChildren(text);
    this.message.hidden = !text;
  }

  noticeFeedback(unseen) {
    this.feedbackButton.replaceChildren(kbd("F"), unseen ? `Feedback (${unseen} new)` : "Feedback");
    this.feedbackButton.classList.toggle("news", unseen > 0);
  }

  openDrawer(name, content) {
    if (!this.drawer.hidden && this.drawer.dataset.name === name) return this.closeDrawer();
    this.drawer.dataset.name = name;
    this.drawer.replaceChildren(content);
    this.drawer.hidden = false;
    return undefined;
  }

  closeDrawer() {
    this.drawer.hidden = true;
  }

  toggleFeedback() {
    if (this.feedback) this.openDrawer("feedback", this.feedback.panel(() => this.closeDrawer()));
  }

  toggleGuidelines() {
    const text = h("div", { class: "guidelines" });
    // The one place that takes HTML: made by the server from Markdown with raw HTML switched off.
    text.innerHTML = this.setup.project.guidelines_html;
    this.openDrawer("guidelines", h("div", {}, h("header", { class: "drawer-head" }, h("small", {}, `Guidelines, version ${this.setup.project.guideline_version}`), h("button", { type: "button", class: "quiet", onclick: () => this.closeDrawer() }, "Close")), text));
  }
}
