/** What stands around the item: the bar that never moves, the message line, and one drawer at the side. */

import { clock, h, kbd } from "./dom.js";

const SAVED = { saved: "saved", saving: "saving …", offline: "offline, kept here and sent again", conflict: "changed elsewhere", "": "" };

/**
 * @param {HTMLElement} root @param {any} setup
 * @param {Record<string, () => void>} act what the buttons do
 */
export function createFrame(root, setup, act) {
  const itemPane = h("div", { class: "pane pane-item", tabindex: "0", "aria-label": "Item" });
  const formPane = h("div", { class: "pane pane-form" });
  const helpPane = h("aside", { class: "pane pane-help", "aria-label": "Help" });
  const saved = h("span", { class: "saved", "aria-live": "polite" });
  const timer = h("span", { class: "timer", title: `${setup.definition} ${setup.recorded}` });
  const progress = h("div", { class: "progress" });
  const message = h("div", { class: "message", role: "alert", hidden: true });
  const drawer = h("div", { class: "drawer", role: "dialog", "aria-modal": "false", tabindex: "-1", hidden: true });
  const feedback = h("button", { type: "button", class: "quiet", hidden: !setup.roles.judge, onclick: act.feedback }, kbd("F"), "Feedback");
  const submit = h("button", { type: "button", class: "primary", dataset: { action: "submit" }, onclick: act.submit });
  const judged = setup.roles.judge && setup.schema.questions.some((question) => question.type === "text" && question.judged);
  const button = (key, label, action, attributes = {}) => h("button", { type: "button", class: "quiet", onclick: act[action], dataset: { action }, ...attributes }, kbd(key), h("span", {}, label));
  const check = judged ? button("C", "Check", "check", { class: "" }) : null;
  const bar = h(
    "div",
    { class: "bar", role: "toolbar", "aria-label": "Actions" },
    submit,
    check,
    button("S", "Skip", "skip", { class: "" }),
    button("B", "Back", "back"),
    button("G", "Guidelines", "guidelines"),
    feedback,
    button("?", "Keys", "keys"),
    h("span", { class: "spacer" }),
    setup.sitting_ended ? h("a", { class: "asked", title: "A few questions about your last sitting, once; they can be skipped", href: `/my-work?project=${setup.project.id}` }, "How was it?") : null,
    saved,
    timer,
    progress,
  );
  root.replaceChildren(root.querySelector("link"), message, h("div", { class: "columns" }, itemPane, formPane, helpPane), bar, drawer);

  let opener = null;
  const frame = {
    itemPane,
    formPane,
    helpPane,
    drawer,
    /** What pressing Submit does now: `Submit`, or `Compare` before a suggestion is shown. */
    submitLabel(label) {
      submit.replaceChildren(label, " ", kbd("Ctrl ↵"));
    },
    canSubmit(yes) {
      submit.disabled = !yes;
    },
    submittable: () => !submit.disabled,
    /** Whether the judge may be asked about this item's draft. */
    canCheck(yes) {
      if (check) check.disabled = !yes;
    },
    progress(counts) {
      const { done_by_me: mine, total, complete } = counts;
      progress.replaceChildren(h("progress", { max: total || 1, value: complete, "aria-label": "Items that have all their answers" }), h("span", {}, `${mine} by you · ${complete} of ${total} done`));
    },
    saved(state) {
      saved.textContent = SAVED[state];
      saved.dataset.state = state;
    },
    time(seconds) {
      timer.textContent = seconds === null ? "" : `active ${clock(seconds)}`;
    },
    say(...content) {
      message.replaceChildren(...content);
      message.hidden = !content.some(Boolean);
    },
    said: () => (message.hidden ? "" : message.textContent),
    news(count) {
      feedback.replaceChildren(kbd("F"), h("span", {}, count ? `Feedback (${count} new)` : "Feedback"));
      feedback.classList.toggle("news", count > 0);
    },
    /** Show something at the side; the same name again puts it away. */
    open(name, title, ...content) {
      if (!drawer.hidden && drawer.dataset.name === name) return frame.close();
      opener = document.activeElement;
      drawer.dataset.name = name;
      drawer.setAttribute("aria-label", title);
      drawer.replaceChildren(h("header", { class: "drawer-head" }, h("h2", {}, title), h("button", { type: "button", class: "quiet", onclick: frame.close }, "Close")), ...content);
      drawer.hidden = false;
      drawer.focus({ preventScroll: true });
      return undefined;
    },
    close() {
      if (drawer.hidden) return;
      drawer.hidden = true;
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    },
  };
  frame.submitLabel("Submit");
  return frame;
}
