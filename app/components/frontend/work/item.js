/** The item: text, conversation, image, audio and video, each as it is; two answers to compare side by side. */

import { compareTexts } from "./difference.js";
import { h } from "./dom.js";
import { picture } from "./viewer.js";

/** @param {{parts: any[], external_id: string, metadata: Record<string, any>}} item @param {any} schema @param {Record<string, string[]>} orders */
export function renderItem(item, schema, orders) {
  const meta = Object.entries(item.metadata || {}).filter(([, value]) => value !== null && typeof value !== "object");
  const pair = schema.questions.find((question) => question.type === "pairwise");
  const names = pair ? (orders[pair.id] || ["left", "right"]).map((side) => pair[side]) : [];
  const paired = names.map((name) => item.parts.find((part) => part.name === name)).filter(Boolean);
  const others = item.parts.filter((part) => !paired.includes(part));
  return h(
    "div",
    { class: "item" },
    ...others.map((part) => renderPart(part)),
    paired.length === 2 ? renderPair(paired) : null,
    h(
      "dl",
      { class: "meta" },
      h("div", {}, h("dt", {}, "item"), h("dd", {}, item.external_id)),
      ...meta.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
    ),
  );
}

function renderPart(part, title = part.title) {
  const body = bodies[part.kind](part);
  return h("section", { class: `part part-${part.kind}`, dataset: { part: part.name } }, title ? h("h3", {}, title) : null, body);
}

/** Which one is A was drawn by lot and is recorded. */
function renderPair(parts) {
  const sections = parts.map((part, index) => renderPart(part, "AB"[index]));
  const texts = sections.map((section) => section.querySelector(".text"));
  const pair = h("div", { class: "pair" }, ...sections);
  if (texts.every(Boolean)) {
    const compare = compareTexts(texts[0], texts[1]);
    const box = h("input", { type: "checkbox", onchange: () => { if (!compare(box.checked) && box.checked) label.append(" (too long)"); } });
    const label = h("label", { class: "differences" }, box, " Show what differs");
    pair.prepend(label);
  }
  return pair;
}

const bodies = {
  text: (part) => h("div", { class: "text", dataset: { text: part.name } }, part.text || ""),
  conversation: (part) =>
    h(
      "ol",
      { class: "turns" },
      ...part.messages.map((message) =>
        h("li", { class: message.role === "user" ? "turn-user" : "turn-other" }, h("b", {}, message.role), h("span", {}, message.content)),
      ),
    ),
  image: (part) => {
    const box = picture(part, () => box.replaceWith(missing(part, "image")));
    return box;
  },
  audio: (part) => media(part, "audio"),
  video: (part) => media(part, "video"),
};

function media(part, tag) {
  const element = h(tag, { src: part.url, controls: true, preload: "metadata" });
  element.addEventListener("error", () => element.replaceWith(missing(part, tag)));
  return h("div", {}, element, h("small", {}, "K plays, , and . seek, < and > change the speed. ", h("span", { class: "speed" }, "1 ×")));
}

const missing = (part, kind) =>
  h("p", { class: "missing", role: "alert" }, `This item's ${kind} cannot be shown: the file is missing or not allowed. ${part.alt ? `It is described as: ${part.alt}.` : ""} Skip the item and say so.`);
