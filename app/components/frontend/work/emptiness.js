/** What stands in place of an item when there is none: why, and what to do next. */

import { h } from "./dom.js";

const EMPTY = {
  no_items: ["No items yet", "An administrator imports them on the Projects page."],
  all_done: ["All done", "Every item of this project has the answers it wants, or you have answered all of them. Thank you."],
  all_leased: ["Nothing open at the moment", "The remaining items are being answered by others. Look again in a few minutes."],
};

/** @param {string} reason @param {() => void} again */
export function emptiness(reason, again) {
  const [title, words] = EMPTY[reason] || EMPTY.all_leased;
  return h("div", { class: "emptiness" }, h("h2", {}, title), h("p", {}, words), h("button", { type: "button", onclick: again }, "Look again"));
}
