/** One item whole: its parts, the model's answer with reasons, a form for the own one, and what was made of it before. */

import { call } from "../work/api.js";
import { compareTexts } from "../work/difference.js";
import { h, percent } from "../work/dom.js";
import { createForm } from "../work/form.js";
import { renderItem } from "../work/item.js";
import { brief } from "./table.js";

const OUTCOMES = { confirms: "confirmed", corrects: "corrected", rejects: "rejected" };

/**
 * @param {any} row @param {number} project @param {any} schema @param {any} question
 * @param {any} chosen what the person has chosen so far, undefined for nothing
 * @param {{choose: (value: any, others: Record<string, any>) => void, reject: () => void, step: (by: number) => void}} act
 */
export async function renderSingle(row, project, schema, question, chosen, act) {
  const found = await call("GET", `/api/verify/${project}/items/${row.item_id}/${row.suggestion_id}`);
  const { suggestion, history } = found;
  // What the schema requires besides and the person has not answered yet comes along.
  const missing = schema.questions.filter((other) => other.id !== question.id && other.required && !(other.id in found.own));
  const alone = { ...schema, questions: [question, ...missing] };
  const start = chosen ?? row.own ?? suggestion.value;
  const answers = { [question.id]: structuredClone(start) };
  const form = createForm(alone, { orders: {}, suggestions: {}, draft: null, annotation: null }, answers, () => {});
  const save = () => {
    const open = form.missing().filter((id) => id !== question.id);
    if (open.length) return form.show(Object.fromEntries(open.map((id) => [id, "this one is required too"])));
    const { [question.id]: value, ...others } = answers;
    return act.choose(value ?? null, others);
  };
  const item = h("div", { class: "pane-item" }, renderItem(found.item, alone, {}));
  const sure = suggestion.confidence === null ? "" : ` · ${percent(suggestion.confidence)} ${suggestion.calibrated ? "calibrated" : suggestion.confidence_source.replace("_", " ")}`;
  const texts = question.type === "text" && row.own ? difference(suggestion.value, row.own) : null;
  return h(
    "div",
    { class: "single" },
    item,
    h("div", { class: "suggestion" }, h("header", {}, h("span", { class: "spark" }, "✦"), `${suggestion.model}${sure}`), h("p", { class: "value" }, brief(suggestion.value, question)), suggestion.rationale ? h("p", { class: "why" }, suggestion.rationale) : null, suggestion.near ? h("p", { class: "why" }, `The model said “${suggestion.near}”; it was taken for the nearest label.`) : null),
    found.verdict ? verdict(found.verdict) : null,
    texts,
    form.element,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "primary", onclick: save }, "Save and next"),
      h("button", { type: "button", onclick: act.reject }, "Reject"),
      h("button", { type: "button", class: "quiet", onclick: () => act.step(-1) }, "Previous"),
      h("button", { type: "button", class: "quiet", onclick: () => act.step(1) }, "Next"),
    ),
    h("h3", {}, "What was made of it"),
    history.length
      ? h("ol", { class: "history" }, ...history.map((entry) => h("li", {}, h("b", {}, OUTCOMES[entry.outcome]), ` by ${entry.login}: `, h("span", {}, brief(entry.own, question) || "no label"), h("small", {}, ` ${new Date(entry.at).toLocaleString()}${entry.via === "bulk" ? ", with others at once" : ""} · ${entry.model} said ${brief(entry.suggested, question)}`))))
      : h("p", {}, h("small", {}, "Nothing yet.")),
  );
}

function difference(model, own) {
  const [left, right] = [h("div", { class: "text" }, model), h("div", { class: "text" }, own)];
  compareTexts(left, right)(true);
  return h("div", { class: "pair" }, h("section", {}, h("h3", {}, "Model"), left), h("section", {}, h("h3", {}, "You"), right));
}

/** What the judge said of the suggestion: advice, never a label. */
function verdict(said) {
  const head = said.total === null ? `unscored (${String(said.reason).replaceAll("_", " ")})` : `${percent(said.total)}${said.passed === null ? "" : said.passed ? ", at the pass mark" : ", below the pass mark"}`;
  const criterion = (score) =>
    h(
      "li",
      {},
      h("b", {}, score.level_label || "unscored"),
      ` ${score.title} `,
      h("small", {}, score.rationale),
      ...score.evidence.filter((entry) => entry.verified).map((entry) => h("q", {}, entry.quote)),
    );
  return h(
    "details",
    { class: "judged" },
    h("summary", {}, `Judge: ${head}`),
    h("ul", {}, ...said.criteria.map(criterion)),
    h("small", {}, `${said.rubric.title || said.rubric.name}, version ${said.rubric.version}, by ${said.model}. Unproven on suggestions: people's blind scores are of people's answers.`),
  );
}
