/** The workbench: one item after the other, without a page run in between. */

import { createAddress } from "./address.js";
import { ServerError, call, freshId, persist } from "./api.js";
import { createBreaks } from "./breaks.js";
import { createChat } from "./chat.js";
import { createDisplay } from "./display.js";
import { h } from "./dom.js";
import { createAutosave } from "./drafts.js";
import { emptiness } from "./emptiness.js";
import { createFeedback, renderVerdict } from "./feedback.js";
import { createForm } from "./form.js";
import { createFrame } from "./frame.js";
import { renderItem } from "./item.js";
import { createKeys, keySheet } from "./keys.js";
import { createQueue } from "./queue.js";
import { createSuggestionRequest, createSuggestions, withheldNote } from "./suggestion.js";
import { createTelemetry, tab } from "./telemetry.js";
import { viewerKey } from "./viewer.js";

export class Workbench {
  constructor(root, data, setup) {
    Object.assign(this, { root, data, setup, task: null, history: [] });
    this.base = `/api/work/${data.project_id}`;
    this.display = createDisplay(root);
    this.frame = createFrame(root, setup, {
      submit: () => this.submit(),
      check: () => this.check(),
      skip: () => this.askSkip(),
      back: () => this.back(),
      guidelines: () => this.toggleGuidelines(),
      feedback: () => this.toggleFeedback(),
      keys: () => this.toggleKeys(),
    });
    this.feedback = setup.roles.judge ? createFeedback(data.project_id, (unseen) => this.frame.news(unseen), (id) => this.openItem(id)) : null;
    this.breaks = createBreaks(setup.workplace.break_minutes, (words) => this.say(words));
    this.keys = createKeys(root, this.actions());
    this.queue = createQueue(this.base, (progress) => this.paintProgress(progress));
    this.address = createAddress(root, data.project_id, (id) => this.openItem(id));
  }

  actions() {
    const current = () => this.form?.currentQuestion().id;
    return {
      submit: () => this.submit(),
      save: () => this.autosave?.now(),
      digit: (event) => this.form?.choose(Number(event.key)),
      ArrowDown: () => this.form?.move(1),
      ArrowUp: () => this.form?.move(-1),
      ArrowRight: (event) => this.form?.walk(1, event.shiftKey) || false,
      ArrowLeft: (event) => this.form?.walk(-1, event.shiftKey) || false,
      "/": () => this.form?.search(),
      a: () => this.suggestions?.accept(current()),
      "A-all": () => this.suggestions?.accept(null),
      x: () => this.suggestions?.reject(current()),
      p: () => this.request?.ask(),
      s: () => this.askSkip(),
      b: () => this.back(),
      c: () => this.check(),
      g: () => this.toggleGuidelines(),
      t: () => this.chat?.focus(),
      i: () => this.insertDraft(),
      f: () => this.toggleFeedback(),
      "?": () => this.toggleKeys(),
      other: (event) => viewerKey(this.frame.itemPane, event.key.length === 1 ? event.key.toLowerCase() : event.key),
      Escape: () => {
        if (!this.frame.drawer.hidden) return this.frame.close();
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
    this.queue.drop(task.item.id);
    this.task = task;
    this.answers = { ...(task.draft?.answers || task.annotation?.answers || {}) };
    this.telemetry = createTelemetry(task, (visit) => this.paintTime(visit), () => this.breaks.active());
    this.frame.itemPane.replaceChildren(renderItem(task.item, this.setup.schema, task.orders));
    this.frame.itemPane.scrollTop = 0;
    this.autosave = createAutosave(task, this.answers, () => this.form.provenance(), tab, (state, detail) => this.paintSaved(state, detail));
    this.buildForm();
    this.preselect();
    this.buildHelp();
    this.root.dataset.item = task.item.external_id;
    this.frame.canSubmit(true);
    this.frame.canCheck(!task.withheld.includes("feedback"));
    this.paintSaved("");
    this.form.focus(0);
    this.ticking = setInterval(() => this.tick(), 1000);
    this.visit = { handling_seconds: 0, at: performance.now() };
    this.tick();
    // After the item is painted: neither is needed to read it, and both take the browser some milliseconds.
    setTimeout(() => {
      if (this.task !== task) return;
      this.address.show(task.item.id);
      this.queue.fetchAhead(() => this.task?.item.id);
    });
    return undefined;
  }

  buildForm() {
    const { task } = this;
    this.form = createForm(this.setup.schema, task, this.answers, (question) => {
      this.autosave.touch();
      // Typing is reported as keys; only what is chosen is a choice.
      if (this.setup.schema.questions.find((entry) => entry.id === question).type !== "text") this.telemetry.report("choice");
      this.suggestions?.paint();
    });
    const revision = task.annotation?.state === "submitted" ? h("p", { class: "revision" }, `You answered this item (revision ${task.annotation.revision}). Submitting again keeps both.`) : null;
    const review = task.review ? h("p", { class: "reviewed" }, h("b", {}, REVIEWED[task.review.outcome]), task.review.comment ? `: ${task.review.comment}` : ".") : null;
    const first = task.answer_first ? h("p", { class: "note" }, "Answer on your own first; the suggestion comes after that, and you may change your answer.") : null;
    this.frame.formPane.replaceChildren(...[review, revision, first, this.form.element].filter(Boolean));
    this.form.repaint();
    this.frame.submitLabel(task.answer_first ? "Compare with the suggestion" : "Submit");
  }

  /** Select confident suggestions where the project wants it, on an untouched form only. */
  preselect() {
    const { task } = this;
    if (task.draft || task.annotation) return;
    for (const [question, threshold] of Object.entries(this.setup.workplace.preselect)) {
      const suggestion = task.suggestions[question];
      if (!suggestion || suggestion.confidence === null || suggestion.confidence < threshold) continue;
      this.telemetry.report("preselected", { question });
      this.form.set(question, suggestion.value, "suggestion");
    }
  }

  buildHelp() {
    const { task } = this;
    this.suggestions = createSuggestions(this.setup.schema, task, this.answers, {
      set: (question, value) => this.form.set(question, value, "suggestion"),
      report: (kind, data) => this.telemetry.report(kind, data),
    });
    this.suggestions.paint();
    if (this.suggestions.element) this.telemetry.report("suggestion_shown");
    this.chat ||= this.setup.roles.assistant && !task.withheld.includes("chat")
      ? createChat(task, () => this.answers, {
          report: (kind) => this.telemetry?.report(kind),
          insert: this.setup.schema.questions.some((question) => question.type === "text") ? (text) => this.insert(text) : null,
        })
      : null;
    const control = withheldNote(task.withheld);
    const askable = this.setup.roles.preannotation && task.askable && !this.suggestions.element && !task.annotation;
    this.request = askable ? createSuggestionRequest(task, (kind) => this.telemetry?.report(kind), (found) => this.suggested(found)) : null;
    this.frame.helpPane.replaceChildren(...[control, this.suggestions.element || this.request?.element, this.chat?.element].filter(Boolean));
    this.frame.helpPane.classList.toggle("empty", !this.frame.helpPane.children.length);
  }

  /** Suggestions have come: asked for, or shown after the own answer. */
  suggested(found) {
    this.task.suggestions = found;
    this.buildHelp();
  }

  leave() {
    clearInterval(this.ticking);
    this.autosave?.close();
    this.chat?.close();
    this.request?.close();
    this.telemetry?.end("closed");
    this.task = this.form = this.chat = this.request = this.suggestions = this.autosave = this.telemetry = null;
  }

  showEmpty(reason) {
    delete this.root.dataset.item;
    this.frame.canSubmit(false);
    this.frame.itemPane.replaceChildren(emptiness(reason, () => this.start()));
    this.frame.formPane.replaceChildren();
    this.frame.helpPane.replaceChildren();
    this.paintSaved("");
    this.frame.time(null);
  }

  async openItem(id) {
    this.putBack();
    try {
      this.show(await call("POST", `${this.base}/items/${id}`));
    } catch (error) {
      this.say(error.message);
    }
  }

  /** What is on screen comes next again. */
  putBack() {
    if (this.task) this.queue.keep({ task: this.task, reason: null, progress: this.lastProgress });
  }

  back() {
    const id = this.history.pop();
    if (id) this.openItem(id);
  }

  // ---------------------------------------------------------------- submitting

  submit() {
    if (!this.task || !this.frame.submittable()) return;
    const missing = this.form.missing();
    this.form.show(Object.fromEntries(missing.map((id) => [id, "needs an answer"])));
    if (missing.length) return;
    if (this.task.answer_first) this.reveal();
    else this.close({ action: "submit", answers: { ...this.answers }, provenance: this.form.provenance() }, "submitted");
  }

  /** The own answer is kept; now the suggestion may be seen. */
  async reveal() {
    const { task } = this;
    this.frame.canSubmit(false);
    try {
      const { suggestions } = await call("POST", `/api/work/items/${task.item.id}/reveal`, { answers: this.answers });
      task.answer_first = false;
      if (this.task === task) {
        this.frame.submitLabel("Submit");
        this.frame.formPane.querySelector(".note")?.remove();
        this.suggested(suggestions);
      }
    } catch (error) {
      this.form.show(problemsOf(error));
      this.say(error.message);
    } finally {
      this.frame.canSubmit(true);
    }
  }

  askSkip() {
    if (!this.task) return;
    const reason = h("input", { type: "text", placeholder: "Why? For example: the picture is missing", "aria-label": "Reason", maxlength: "300" });
    const skip = () => {
      if (!reason.value.trim()) return reason.focus();
      this.frame.close();
      return this.close({ action: "skip", skip_reason: reason.value.trim() }, "skipped");
    };
    reason.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), skip()));
    this.frame.open("skip", "Skip this item", h("p", {}, "It goes to somebody else. Your reason is kept with it."), reason, h("p", {}, h("button", { type: "button", class: "primary", onclick: skip }, "Skip")));
    reason.focus();
  }

  /** Send in the background and show the next item at once; a refusal brings this one back. */
  async close(body, outcome) {
    const { task } = this;
    const answers = { ...this.answers };
    const provenance = this.form.provenance();
    this.frame.canSubmit(false);
    this.say("");
    this.autosave.close();
    this.telemetry.end(outcome);
    const sent = persist("POST", "/api/work/submit", { item_id: task.item.id, form_token: task.form_token, tab, ...body }, () => this.say("The server cannot be reached. Your answer is kept here and sent again."));
    this.history.push(task.item.id);
    this.queue.closing.add(task.item.id);
    const ahead = this.queue.take();
    if (ahead) this.show(ahead);
    else this.task = null;
    try {
      const done = await sent;
      this.queue.closing.delete(task.item.id);
      if (this.frame.said().startsWith("The server")) this.say("");
      this.paintProgress(done.progress);
      if (done.late) this.say("Your time on that item had run out; the answer was kept and marked as late.");
      if (body.action === "submit" && !task.withheld.includes("feedback")) this.feedback?.expect(done.annotation_id);
      if (ahead) this.queue.fetchAhead(() => this.task?.item.id);
      else await this.showNext();
    } catch (error) {
      this.queue.closing.delete(task.item.id);
      this.bringBack(task, answers, provenance, error);
    }
  }

  /** The next item when none was ready: the one on its way, else a new one. */
  async showNext() {
    await this.queue.settled();
    const ahead = this.queue.take();
    if (ahead) this.show(ahead);
    else await this.start();
  }

  bringBack(task, answers, provenance, error) {
    this.putBack();
    this.show({ task: { ...task, draft: { version: task.draft?.version || 0, answers, provenance } }, reason: null, progress: this.lastProgress });
    this.form.show(problemsOf(error));
    this.say(`Not submitted: ${error instanceof ServerError ? error.message : "something went wrong"}`);
  }

  // ---------------------------------------------------------------- help with the answer

  insert(text) {
    if (!this.form?.insert(text, "draft")) return;
    this.telemetry.report("draft_inserted", { characters: Math.min(text.length, 100_000) });
  }

  insertDraft() {
    const draft = this.chat?.draft();
    if (!draft) return false;
    this.insert(draft);
    return true;
  }

  /** The judge reads the draft; what it says is for the writer alone. */
  async check() {
    const judged = this.setup.schema.questions.filter((question) => question.type === "text" && question.judged);
    const { task } = this;
    if (!task || !this.setup.roles.judge || !judged.length || task.withheld.includes("feedback")) return false;
    const question = judged.find((entry) => entry.id === this.form.currentQuestion().id) || judged[0];
    const text = this.answers[question.id];
    const place = h("div", { role: "status" }, text ? h("p", { class: "loading" }, "The judge is reading your draft …") : h("p", {}, "There is nothing to check yet."));
    this.frame.open("check", "Check before you submit", h("p", { class: "help" }, "Only you see this. It decides nothing."), place);
    if (!text || this.frame.drawer.hidden) return true;
    const { telemetry } = this;
    telemetry.report("judge_waiting");
    try {
      const verdict = await call("POST", `/api/work/items/${task.item.id}/check`, { request_id: freshId(), question: question.id, text });
      place.replaceChildren(renderVerdict(verdict));
    } catch (error) {
      place.replaceChildren(h("p", { class: "failure" }, error.message));
    } finally {
      telemetry.report("judge_done");
    }
    return true;
  }

  // ---------------------------------------------------------------- small displays

  paintProgress(progress) {
    if (!progress) return;
    this.lastProgress = progress;
    this.frame.progress(progress);
  }

  paintTime(visit) {
    this.visit = { handling_seconds: visit.handling_seconds, at: performance.now() };
  }

  tick() {
    // Between two reports of the server the clock runs on while the page is in front.
    const since = document.visibilityState === "visible" ? Math.min((performance.now() - this.visit.at) / 1000, 15) : 0;
    this.frame.time(this.visit.handling_seconds + since);
  }

  paintSaved(state, detail) {
    this.frame.saved(state);
    if (state === "conflict") this.resolveConflict(detail);
  }

  resolveConflict(detail) {
    if (detail.submitted) return this.say("This item was submitted in another tab. What you typed here is not saved.");
    const settle = (mine) => {
      this.say("");
      this.autosave.resolve(detail, mine);
      this.form.repaint();
      this.suggestions.paint();
    };
    this.frame.say(
      h("span", {}, "This draft was changed in another tab or on another machine. Nothing was overwritten."),
      h("button", { type: "button", onclick: () => settle(false) }, "Take the other one"),
      h("button", { type: "button", onclick: () => settle(true) }, "Keep mine"),
      h("details", {}, h("summary", {}, "Show the other one"), h("pre", {}, JSON.stringify(detail.answers, null, 2))),
    );
    return undefined;
  }

  say(text) {
    this.frame.say(text);
  }

  toggleFeedback() {
    if (this.feedback) this.frame.open("feedback", "Feedback on your answers", this.feedback.panel(() => this.frame.close()));
  }

  toggleKeys() {
    this.frame.open("keys", "Keys and display", this.display.panel(), keySheet());
  }

  toggleGuidelines() {
    const text = h("div", { class: "guidelines" });
    // The one place that takes HTML: made by the server from Markdown with raw HTML switched off.
    text.innerHTML = this.setup.project.guidelines_html;
    this.frame.open("guidelines", `Guidelines, version ${this.setup.project.guideline_version}`, text);
  }
}

const REVIEWED = { accepted: "A reviewer accepted your answer", fixed: "A reviewer corrected your answer", rejected: "A reviewer did not accept your answer" };

/** Question id -> what is wrong with it, from the server's lines `id: problem`. */
const problemsOf = (error) => Object.fromEntries((error.body?.problems || []).map((line) => line.split(/: (.*)/s).slice(0, 2)));
