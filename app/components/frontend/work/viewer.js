/** Pictures that can be zoomed and moved; sound and film that keys play, seek and speed up. */

import { h } from "./dom.js";

const MOST = 8;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

/** @param {{url: string, alt?: string}} part @param {() => void} onError */
export function picture(part, onError) {
  let scale = 1;
  let x = 0;
  let y = 0;
  let from = null;
  const image = h("img", { src: part.url, alt: part.alt || "", loading: "eager", draggable: "false" });
  const frame = h("div", { class: "picture", tabindex: "0", role: "group", "aria-label": "Picture: + and - zoom, 0 shows all, drag to move" }, image);
  const tools = h(
    "div",
    { class: "picture-tools" },
    ...[["−", "Smaller", () => zoom(1 / 1.4)], ["+", "Larger", () => zoom(1.4)], ["⤢", "All of it", reset]].map(([sign, what, act]) => h("button", { type: "button", class: "quiet", "aria-label": what, title: what, onclick: act }, sign)),
  );
  image.addEventListener("error", onError);

  function place() {
    const limit = (extent) => ((scale - 1) * extent) / 2;
    x = Math.max(-limit(frame.clientWidth), Math.min(limit(frame.clientWidth), x));
    y = Math.max(-limit(frame.clientHeight), Math.min(limit(frame.clientHeight), y));
    image.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
    frame.classList.toggle("zoomed", scale > 1);
  }
  function zoom(factor) {
    scale = Math.max(1, Math.min(MOST, scale * factor));
    place();
  }
  function reset() {
    scale = 1;
    x = y = 0;
    place();
  }
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && scale === 1) return; // plain scrolling scrolls the item
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }, { passive: false });
  frame.addEventListener("pointerdown", (event) => {
    if (scale === 1) return;
    from = { x: event.clientX - x, y: event.clientY - y };
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    [x, y] = [event.clientX - from.x, event.clientY - from.y];
    place();
  });
  frame.addEventListener("pointerup", () => { from = null; });
  frame.addEventListener("dblclick", () => (scale > 1 ? reset() : zoom(2)));
  const box = h("div", { class: "picture-box" }, frame, tools);
  box.zoom = zoom;
  box.reset = reset;
  return box;
}

/** Act on the item's first picture, sound or film; false when it has none of that kind. */
export function viewerKey(pane, key) {
  const box = pane.querySelector(".picture-box");
  if (box && "+=-0".includes(key)) {
    key === "0" ? box.reset() : box.zoom(key === "-" ? 1 / 1.4 : 1.4);
    return true;
  }
  const media = pane.querySelector("audio, video");
  if (!media) return false;
  if (key === "k") media.paused ? media.play() : media.pause();
  else if (key === "," || key === ".") media.currentTime = Math.max(0, media.currentTime + (key === "," ? -5 : 5));
  else if (key === "<" || key === ">") {
    const now = SPEEDS.indexOf(media.playbackRate);
    media.playbackRate = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (now < 0 ? 2 : now) + (key === "<" ? -1 : 1)))];
    const note = pane.querySelector(".speed");
    if (note) note.textContent = `${media.playbackRate} ×`;
  } else return false;
  return true;
}
