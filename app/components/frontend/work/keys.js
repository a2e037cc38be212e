/** Keys for everything, silent while somebody types. */

import { h, kbd } from "./dom.js";

export const SHEET = [
  ["1 – 9", "Choose an option of the current question"],
  ["↑ ↓", "Previous, next question"],
  ["/", "Search the options of the current question"],
  ["A", "Accept the suggestion of the current question"],
  ["Shift A", "Accept all suggestions"],
  ["X", "Reject the suggestion of the current question"],
  ["P", "Ask for a suggestion, where there is none"],
  ["Ctrl Enter", "Submit"],
  ["Ctrl S", "Save the draft now"],
  ["S", "Skip with a reason"],
  ["B", "Back to the last item"],
  ["G", "Guidelines"],
  ["T", "Ask the assistant"],
  ["I", "Put the assistant's last draft into the answer"],
  ["C", "Check the answer before submitting"],
  ["F", "Feedback on your answers"],
  ["← →", "In a text to mark: previous, next word; with Shift, more words"],
  ["+ − 0", "In a picture: larger, smaller, all of it"],
  ["K , . < >", "Sound and film: play, seek, speed"],
  ["Esc", "Leave a field, close a panel"],
  ["?", "This list"],
];

const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type)));

/** @param {HTMLElement} root @param {Record<string, (event: KeyboardEvent) => any>} actions false means: not mine */
export function createKeys(root, actions) {
  function onKey(event) {
    if (!root.isConnected) return document.removeEventListener("keydown", onKey, true);
    if (event.isComposing) return undefined;
    const control = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && control) return run("submit", event);
    if (event.key.toLowerCase() === "s" && control && !event.shiftKey) return run("save", event);
    if (event.key === "Escape") return run("Escape", event);
    if (control || event.altKey || typing(event.target)) return undefined;
    if (document.querySelector("[role=dialog][aria-modal=true]:not(.milo *)")) return undefined;
    const name = event.key;
    if (/^[1-9]$/.test(name)) return run("digit", event);
    const key = name.length === 1 ? (event.shiftKey && name.toLowerCase() === "a" ? "A-all" : name.toLowerCase()) : name;
    // Streamlit's own C and R would clear caches and rerun in the middle of the work.
    if (key === "c" || key === "r") event.stopPropagation();
    return run(key, event) || run("other", event);
  }
  function run(name, event) {
    if (!actions[name] || actions[name](event) === false) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
  document.addEventListener("keydown", onKey, true);
  return { close: () => document.removeEventListener("keydown", onKey, true) };
}

export const keySheet = () => h("dl", { class: "keys" }, ...SHEET.flatMap(([key, what]) => [h("dt", {}, kbd(key)), h("dd", {}, what)]));
