/** The judge's verdicts on earlier answers: a quiet notice, and a panel with the person's own words marked. */

import { call } from "./api.js";
import { h, percent } from "./dom.js";

const POLL = 1500;
const PATIENCE = 40;

/**
 * @param {number} projectId @param {(unseen: number) => void} onUnseen
 * @param {(itemId: number) => void} revise opens an item again
 */
export function createFeedback(projectId, onUnseen, revise) {
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
    onUnseen(verdicts.filter(isNew).length);
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
    const unseen = verdicts.filter(isNew);
    if (unseen.length) {
      call("POST", "/api/work/feedback/seen", { verdict_ids: unseen.map((verdict) => verdict.verdict_id) }).catch(() => {});
      for (const verdict of unseen) {
        verdict.seen = true;
        for (const criterion of verdict.criteria) if (criterion.dispute) criterion.dispute.seen = true;
      }
      onUnseen(0);
    }
    return h(
      "div",
      {},
      ...(verdicts.length ? verdicts.slice(0, 10).map((verdict) => renderVerdict(verdict, { revise: () => { close(); revise(verdict.item_id); } })) : [h("p", {}, "No feedback yet. It comes a moment after you submit an answer that is judged.")]),
    );
  }

  look();
  return { expect, panel, close: () => clearTimeout(timer) };
}

const isNew = (verdict) => !verdict.seen || verdict.criteria.some((criterion) => criterion.dispute && !criterion.dispute.seen);

/** @param {any} verdict @param {{revise?: () => void}} [actions] without any it is the verdict on a draft */
export function renderVerdict(verdict, { revise } = {}) {
  const outcome = verdict.passed === null ? "no pass or fail" : verdict.passed ? "passed" : "not passed yet";
  return h(
    "article",
    { class: "verdict", dataset: { verdict: verdict.verdict_id } },
    h("h3", {}, verdict.external_id || "Your draft", h("span", { class: `outcome ${verdict.passed ? "good" : verdict.passed === false ? "bad" : ""}` }, verdict.total === null ? "unscored" : `${percent(verdict.total)}, ${outcome}`)),
    h("p", { class: "response" }, ...marked(verdict.response, verdict.criteria)),
    h("ul", { class: "criteria" }, ...verdict.criteria.map((criterion) => renderCriterion(criterion, revise ? verdict.verdict_id : null))),
    revise ? h("p", {}, h("button", { type: "button", onclick: revise }, "Revise this answer")) : null,
    h("small", {}, `${verdict.rubric.title}, version ${verdict.rubric.version}. Judged by: ${verdict.model}.`),
  );
}

function renderCriterion(criterion, verdictId) {
  const scored = criterion.level !== null;
  const best = scored && criterion.level === criterion.best;
  return h(
    "li",
    { class: scored ? (best ? "best" : "improve") : "unscored", dataset: { criterion: criterion.id } },
    h("div", {}, h("b", {}, criterion.title), h("span", { class: "level" }, scored ? `${criterion.level_label}` : "unscored"), scored && GATES[criterion.gate] ? h("span", { class: "gate", title: GATES[criterion.gate][1] }, GATES[criterion.gate][0]) : null, criterion.guideline_ref ? h("small", {}, criterion.guideline_ref) : null),
    h("p", {}, criterion.rationale),
    scored ? measured(criterion) : null,
    ...criterion.evidence.filter((entry) => entry.source === "response").map((entry) => h("q", {}, entry.quote)),
    criterion.suggestion ? h("p", { class: "advice" }, criterion.suggestion) : null,
    verdictId && (scored || criterion.dispute) ? disputeOf(criterion, verdictId) : null,
  );
}

/** What people would give, as far as it was measured; the judge's own score always beside it. */
function measured(criterion) {
  if (criterion.deterministic || !("confidence" in criterion)) return null;
  const raw = `Judge ${rounded(criterion.score ?? criterion.level)}`;
  const near = criterion.confidence;
  if (!near || near.share === null) {
    const few = near ? `, ${near.n} of the 20 people's scores that it needs` : "";
    return h("small", { class: "measured", title: "Nobody knows yet how near people would be: too few have scored answers beside the judge." }, `${raw}; uncalibrated${few}`);
  }
  const calibrated = criterion.calibrated === null ? "" : `, calibrated ${rounded(criterion.calibrated)}`;
  const title = "Calibrated: what people would give, by those who scored answers beside the judge without seeing it. The chance is the share of their scores that lay within one level of it.";
  return h("small", { class: "measured", title }, `${raw}${calibrated}; within one level of a person: ${percent(near.share)} [${percent(near.interval[0])}, ${percent(near.interval[1])}], n=${near.n}`);
}

const rounded = (score) => (Number.isInteger(score) ? String(score) : score.toFixed(1));

const GATES = {
  advisory: ["unproven", "Advice: too few people have scored answers beside the judge to know how far it can be trusted on this."],
  doubtful: ["unproven", "Advice: beside people who scored the same answers, the judge does not agree well enough on this to be relied on."],
  drifted: ["unproven", "Advice: lately the judge and people are apart on this."],
};

const DECISIONS = { open: "You dispute this; a QA lead will decide.", upheld: "Your dispute was upheld", rejected: "The score stands" };

/** A way to contest a score, or what became of it. */
function disputeOf(criterion, verdictId) {
  const { dispute } = criterion;
  if (dispute) return h("p", { class: `dispute ${dispute.state}` }, h("b", {}, DECISIONS[dispute.state]), dispute.decision ? `: ${dispute.decision}` : "");
  const reason = h("input", { type: "text", maxlength: "2000", placeholder: "Why is this score wrong?", "aria-label": "Reason of the dispute" });
  const problem = h("small", { role: "alert" });
  const send = async () => {
    try {
      await call("POST", `/api/work/verdicts/${verdictId}/dispute`, { criterion: criterion.id, reason: reason.value });
      criterion.dispute = { state: "open", seen: true };
      details.replaceWith(disputeOf(criterion, verdictId));
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  reason.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), send()));
  const details = h("details", { class: "dispute" }, h("summary", {}, "Dispute"), reason, h("button", { type: "button", onclick: send }, "Send to the QA lead"), problem);
  return details;
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
