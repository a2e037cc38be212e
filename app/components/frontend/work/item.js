/** The item: text, conversation, image, audio and video, each as it is. */

import { h } from "./dom.js";

/** @param {{parts: any[], external_id: string, metadata: Record<string, any>}} item */
export function renderItem(item) {
  const meta = Object.entries(item.metadata || {}).filter(([, value]) => value !== null && typeof value !== "object");
  return h(
    "div",
    { class: "item" },
    ...item.parts.map(renderPart),
    h(
      "dl",
      { class: "meta" },
      h("div", {}, h("dt", {}, "item"), h("dd", {}, item.external_id)),
      ...meta.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
    ),
  );
}

function renderPart(part) {
  const body = bodies[part.kind](part);
  return h("section", { class: `part part-${part.kind}`, dataset: { part: part.name } }, part.title ? h("h3", {}, part.title) : null, body);
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
    const image = h("img", { src: part.url, alt: part.alt || "", loading: "eager" });
    const frame = h("button", { class: "zoom", type: "button", title: "Zoom in or out", onclick: () => frame.classList.toggle("zoomed") }, image);
    image.addEventListener("error", () => frame.replaceWith(missing(part, "image")));
    return frame;
  },
  audio: (part) => media(part, "audio"),
  video: (part) => media(part, "video"),
};

function media(part, tag) {
  const element = h(tag, { src: part.url, controls: true, preload: "metadata" });
  element.addEventListener("error", () => element.replaceWith(missing(part, tag)));
  return element;
}

const missing = (part, kind) =>
  h("p", { class: "missing", role: "alert" }, `This item's ${kind} cannot be shown: the file is missing or not allowed. ${part.alt ? `It is described as: ${part.alt}.` : ""} Skip the item and say so.`);
