/** A plain text editor: line numbers, marks at lines, and the text handed on while somebody types. */

import { h } from "../work/dom.js";

const PAUSE = 400; // milliseconds without a key after which the text is handed on
const editors = new WeakMap();

/**
 * Page runs call this again and again: a new `mount` puts a new text in, the same one only moves the marks.
 * @param {HTMLElement} root
 * @param {{text: string, base: string, label: string, keep: string, forget: boolean, mount: string, styles: string[],
 *   marks: {line: number, severity: string, what: string}[]}} data
 * @param {(text: string) => void} send
 */
export function show(root, data, send) {
  const known = editors.get(root);
  if (known && known.mount === data.mount) known.follow(data, send);
  else editors.set(root, new Editor(root, data, send));
}

class Editor {
  constructor(root, data, send) {
    this.mount = data.mount;
    this.data = data;
    this.send = send;
    this.sent = data.text;
    this.timer = 0;
    // Behind the field stands the same text, unseen, a block a line: long lines wrap, and their numbers stay beside them.
    this.mirror = h("div", { class: "mirror", "aria-hidden": "true" });
    this.field = h("textarea", { "aria-label": data.label, spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
    this.field.value = data.text;
    this.notice = h("p", { class: "notice", role: "status", hidden: true });
    root.className = "milo-editor";
    root.replaceChildren(...data.styles.map((href) => h("link", { rel: "stylesheet", href })), this.notice, h("div", { class: "paper" }, this.mirror, this.field));
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("blur", () => this.hand());
    this.field.addEventListener("scroll", () => { this.mirror.scrollTop = this.field.scrollTop; });
    this.field.addEventListener("keydown", (event) => this.indent(event));
    if (data.forget) this.keep(null);
    this.offer();
    this.draw();
  }

  follow(data, send) {
    this.data = data;
    this.send = send;
    this.draw();
  }

  typed() {
    this.keep(this.field.value === this.data.base ? null : this.field.value);
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hand(), PAUSE);
  }

  hand() {
    clearTimeout(this.timer);
    if (this.field.value === this.sent) return;
    this.sent = this.field.value;
    this.send(this.sent);
  }

  /** A new line begins where the last one does; two blanks further after a colon. */
  indent(event) {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const before = this.field.value.slice(0, this.field.selectionStart).split("\n").pop();
    const blanks = before.match(/^ */)[0] + (before.trimEnd().endsWith(":") ? "  " : "");
    if (!blanks) return;
    event.preventDefault();
    // The one way to type for somebody that their undo still knows.
    document.execCommand("insertText", false, `\n${blanks}`);
  }

  draw() {
    const marks = new Map();
    for (const mark of this.data.marks) marks.set(mark.line, [...(marks.get(mark.line) || []), mark]);
    this.mirror.replaceChildren(
      ...this.field.value.split("\n").map((line, place) => {
        const found = marks.get(place + 1) || [];
        const severity = found.some((mark) => mark.severity === "error") ? " error" : found.length ? " warning" : "";
        return h("div", { class: `line${severity}`, dataset: { number: String(place + 1) } }, line || " ");
      }),
    );
    this.mirror.scrollTop = this.field.scrollTop;
  }

  /** What was typed survives a reload of the page in this browser; a browser that stores nothing loses only that. */
  keep(text) {
    try {
      if (text === null) localStorage.removeItem(this.data.keep);
      else localStorage.setItem(this.data.keep, text);
    } catch { /* private windows refuse */ }
  }

  offer() {
    let kept = null;
    try { kept = localStorage.getItem(this.data.keep); } catch { /* private windows refuse */ }
    if (kept === null || kept === this.field.value) return;
    const close = () => { this.notice.hidden = true; };
    this.notice.replaceChildren(
      "A draft that was not published is kept in this browser. ",
      h("button", { type: "button", onclick: () => { this.field.value = kept; close(); this.typed(); this.hand(); } }, "Bring it back"),
      h("button", { type: "button", onclick: () => { this.keep(null); close(); } }, "Forget it"),
    );
    this.notice.hidden = false;
  }
}
