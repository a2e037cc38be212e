/** Entry: fetches what the project asks for and shows the workbench. */

import { call } from "./api.js";
import { h } from "./dom.js";
import { Workbench } from "./workbench.js";

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
