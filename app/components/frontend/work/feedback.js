/** The judge's verdicts on earlier answers: a quiet notice, and a panel with the person's own words marked. */

import { call } from "./api.js";
import { h, percent } from "./dom.js";

const POLL = 1500;
const PATIENCE = 40;

/** @param {number} projectId @param {(unseen: number) => void} onUnseen */
export function createFeedback(projectId, onUnseen) {
  let verdicts = [];
  let awaited = new Set();
  let timer = null;
  let left = 0;

  async function look() {
    clearTimeout(timer);
    try {
      verdicts = (await call("GET", `/api/work/${projectId}/feedback`)).feedback;
      for (const verdict of verdicts) awaited.delete(verdict.annotation_id);
    } catch {
      /* The next look may get through. */
    }
    onUnseen(verdicts.filter((verdict) => !verdict.seen).length);
    left -= 1;
    if (awaited.size && left > 0) timer = setTimeout(look, POLL);
  }

  function expect(annotationId) {
    awaited.add(annotationId);
    left = PATIENCE;
    clearTimeout(timer);
    timer = setTimeout(look, 600);
  }

  function panel(close) {
    const unseen = verdicts.filter((verdict) => !verdict.seen).map((verdict) => verdict.verdict_id);
    if (unseen.length) {
      call("POST", "/api/work/feedback/seen", { verdict_ids: unseen }).catch(() => {});
      for (const verdict of verdicts) verdict.seen = true;
      onUnseen(0);
    }
    return h(
      "div",
      {},
      h("header", { class: "drawer-head" }, h("h2", {}, "Feedback on your answers"), h("button", { type: "button", class: "quiet", onclick: close }, "Close")),
      ...(verdicts.length ? verdicts.slice(0, 10).map(renderVerdict) : [h("p", {}, "No feedback yet. It comes a moment after you submit an answer that is judged.")]),
    );
  }

  look();
  return { expect, panel, close: () => clearTimeout(timer) };
}

/** @param {any} verdict */
export function renderVerdict(verdict) {
  const outcome = verdict.passed === null ? "no pass or fail" : verdict.passed ? "passed" : "not passed yet";
  return h(
    "article",
    { class: "verdict", dataset: { verdict: verdict.verdict_id } },
    h("h3", {}, verdict.external_id, h("span", { class: `outcome ${verdict.passed ? "good" : verdict.passed === false ? "bad" : ""}` }, verdict.total === null ? "unscored" : `${percent(verdict.total)}, ${outcome}`)),
    h("p", { class: "response" }, ...marked(verdict.response, verdict.criteria)),
    h("ul", { class: "criteria" }, ...verdict.criteria.map(renderCriterion)),
    h("small", {}, `${verdict.rubric.title}, version ${verdict.rubric.version}. Judged by: ${verdict.model}.`),
  );
}

function renderCriterion(criterion) {
  const scored = criterion.level !== null;
  const best = scored && criterion.level === criterion.best;
  return h(
    "li",
    { class: scored ? (best ? "best" : "improve") : "unscored", dataset: { criterion: criterion.id } },
    h("div", {}, h("b", {}, criterion.title), h("span", { class: "level" }, scored ? `${criterion.level_label}` : "unscored"), criterion.guideline_ref ? h("small", {}, criterion.guideline_ref) : null),
    h("p", {}, criterion.rationale),
    ...criterion.evidence.filter((entry) => entry.source === "response").map((entry) => h("q", {}, entry.quote)),
    criterion.suggestion ? h("p", { class: "advice" }, criterion.suggestion) : null,
  );
}

/** The answer with every quoted stretch marked. */
function marked(text, criteria) {
  const characters = [...text];
  const spans = criteria.flatMap((criterion) => criterion.evidence.filter((entry) => entry.verified && entry.start !== null).map((entry) => ({ ...entry, title: criterion.title, good: criterion.level === criterion.best })));
  const edges = [...new Set([0, characters.length, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
  return edges.slice(0, -1).map((start, index) => {
    const piece = characters.slice(start, edges[index + 1]).join("");
    const over = spans.filter((span) => span.start <= start && span.end >= edges[index + 1]);
    return over.length ? h("mark", { class: over.every((span) => span.good) ? "good" : "bad", title: over.map((span) => span.title).join(" · ") }, piece) : piece;
  });
}
