/** Entry of the verification table. */

import { call } from "../work/api.js";
import { h } from "../work/dom.js";
import { Verifier } from "./verifier.js";

/** @param {HTMLElement} root @param {{project_id: number, job: string, query: string, question: string, styles: string[]}} data */
export async function mount(root, data) {
  root.className = "milo milo-verify";
  root.replaceChildren(...data.styles.map((href) => h("link", { rel: "stylesheet", href })), h("p", { class: "loading", role: "status" }, "Loading the suggestions …"));
  try {
    const setup = await call("GET", `/api/verify/${data.project_id}/setup`);
    new Verifier(root, data, setup).start();
  } catch (error) {
    root.append(h("p", { class: "failure", role: "alert" }, error.message));
  }
}
