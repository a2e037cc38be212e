/** Keys for everything, silent while somebody types. */

import { h, kbd } from "./dom.js";

export const SHEET = [
  ["1 – 9", "Choose an option of the current question"],
  ["↑ ↓", "Previous, next question"],
  ["A", "Accept the suggestion of the current question"],
  ["Shift A", "Accept all suggestions"],
  ["Ctrl Enter", "Submit"],
  ["S", "Skip with a reason"],
  ["G", "Guidelines"],
  ["T", "Ask the assistant"],
  ["F", "Feedback on your answers"],
  ["B", "Back to the last item"],
  ["Esc", "Leave a field, close a panel"],
  ["?", "This list"],
];

const typing = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** @param {HTMLElement} root @param {Record<string, (event: KeyboardEvent) => void>} actions */
export function createKeys(root, actions) {
  function onKey(event) {
    if (!root.isConnected) return document.removeEventListener("keydown", onKey, true);
    if (event.isComposing) return undefined;
    const name = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? "submit" : event.key;
    if (name === "submit" || name === "Escape") return run(name, event);
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return undefined;
    if (document.querySelector("[role=dialog][aria-modal=true]:not(.milo *)")) return undefined;
    if (/^[1-9]$/.test(name)) return run("digit", event);
    const key = name.length === 1 ? (event.shiftKey && name.toLowerCase() === "a" ? "A-all" : name.toLowerCase()) : name;
    // Streamlit's own C and R would clear caches and rerun in the middle of the work.
    if (key === "c" || key === "r") event.stopPropagation();
    return run(key, event);
  }
  function run(name, event) {
    if (!actions[name]) return;
    if (actions[name](event) !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  document.addEventListener("keydown", onKey, true);
  return { close: () => document.removeEventListener("keydown", onKey, true) };
}

export const keySheet = (close) =>
  h("div", {}, h("header", { class: "drawer-head" }, h("h2", {}, "Keys"), h("button", { type: "button", class: "quiet", onclick: close }, "Close")), h("dl", { class: "keys" }, ...SHEET.flatMap(([key, what]) => [h("dt", {}, kbd(key)), h("dd", {}, what)])));
