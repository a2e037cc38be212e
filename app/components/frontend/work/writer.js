/** A box for text whose words show where they come from: drafts, suggestions and pastes stay marked while edited. */

import { h, percent } from "./dom.js";
import { createProvenance } from "./provenance.js";

const NAMES = { draft: "assistant's draft", suggestion: "suggestion", paste: "pasted" };

export function textQuestion(question, answers, set, task, known) {
  const count = h("small", { class: "count" });
  const sources = h("small", { class: "sources" });
  const backdrop = h("div", { class: "backdrop", "aria-hidden": "true" });
  const area = h("textarea", {
    rows: question.max_chars <= 200 ? 2 : 9,
    maxlength: question.max_chars,
    placeholder: question.placeholder || "",
    "aria-label": question.title,
    oninput(event) {
      provenance.input(area.value, event.inputType, area.selectionEnd);
      set(area.value);
    },
    onscroll: () => { backdrop.scrollTop = area.scrollTop; },
  });
  area.value = answers[question.id] || "";
  let provenance = createProvenance(area.value, known);

  function mark() {
    const document_ = provenance.document();
    const characters = document_ && document_.ranges.some((range) => range.source !== "typed") ? [...area.value] : null;
    backdrop.replaceChildren(
      ...(characters ? document_.ranges.map((range) => h("span", { class: `from-${range.source}` }, characters.slice(range.start, range.end).join(""))) : []),
      // A last line that is empty has no height of its own.
      "\n",
    );
    const shares = provenance.shares();
    sources.replaceChildren(
      ...Object.keys(NAMES).filter((source) => shares[source] > 0.005).map((source) => h("span", { class: `from-${source}` }, `${percent(shares[source])} ${NAMES[source]}`)),
    );
  }

  return {
    element: h("div", { class: "writer" }, h("div", { class: "sheet" }, backdrop, area), h("div", { class: "below" }, sources, count)),
    paint() {
      const value = answers[question.id] || "";
      if (area.value !== value) {
        area.value = value;
        provenance = createProvenance(value, null); // put in from elsewhere: its source is not known
      }
      const words = (value.match(/\S+/g) || []).length;
      const short = question.min_chars && value.trim().length < question.min_chars;
      count.textContent = `${words} words${short ? `, at least ${question.min_chars} characters` : ""}`;
      mark();
    },
    focus: () => area.focus({ preventScroll: true }),
    provenance: () => (area.value ? provenance.document() : null),
    /** Put words of another source at the caret; all of the text when there is none yet, or `whole`. */
    insert(text, source, { whole = false } = {}) {
      const at = document.activeElement === area ? [area.selectionStart, area.selectionEnd] : [area.value.length, area.value.length];
      const gap = !whole && at[0] > 0 && !/\s$/.test(area.value.slice(0, at[0])) ? "\n" : "";
      if (whole || !area.value) {
        area.value = text.slice(0, question.max_chars);
        provenance.replace(area.value, source);
      } else {
        if (gap) {
          const spaced = area.value.slice(0, at[0]) + gap + area.value.slice(at[1]);
          provenance.input(spaced, "insertText", at[0] + gap.length);
          area.value = spaced;
          at[0] += gap.length;
          at[1] = at[0];
        }
        const next = (area.value.slice(0, at[0]) + text + area.value.slice(at[1])).slice(0, question.max_chars);
        provenance.insert(next, source, Math.min(at[0] + text.length, next.length));
        area.value = next;
      }
      set(area.value);
      area.focus();
    },
  };
}
