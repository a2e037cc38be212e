/** Text size and density, kept in this browser. */

import { h } from "./dom.js";

const KEY = "milo-display";
const SIZES = ["small", "normal", "large", "larger"];

function stored() {
  try {
    return { size: "normal", dense: false, ...JSON.parse(localStorage.getItem(KEY) || "{}") };
  } catch {
    return { size: "normal", dense: false };
  }
}

/** @param {HTMLElement} root */
export function createDisplay(root) {
  const choice = stored();
  function apply() {
    root.dataset.size = choice.size;
    root.dataset.dense = String(choice.dense);
    try {
      localStorage.setItem(KEY, JSON.stringify(choice));
    } catch {
      /* A browser without storage keeps it for this page. */
    }
  }
  apply();
  return {
    panel: () =>
      h(
        "div",
        { class: "display" },
        h("h3", {}, "Text size"),
        h("div", { class: "options row" }, ...SIZES.map((size) => h("button", { type: "button", class: "option", onclick: () => { choice.size = size; apply(); } }, size))),
        h("label", {}, h("input", { type: "checkbox", checked: choice.dense, onchange: (event) => { choice.dense = event.target.checked; apply(); } }), " Denser lines"),
      ),
  };
}
