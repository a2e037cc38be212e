/** The assistant beside the item: a stream of server-sent events read from a POST. */

import { call, freshId } from "./api.js";
import { h, kbd } from "./dom.js";

/**
 * @param {any} task @param {() => Record<string, any>} answers
 * @param {(kind: string) => void} report telemetry
 */
export function createChat(task, answers, report) {
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
  const input = h("textarea", { rows: 2, placeholder: "Ask about this item or the guidelines", "aria-label": "Question to the assistant", onkeydown: send, onfocus: () => report("chat_opened") });
  const about = h("small", { class: "about" });
  const stopButton = h("button", { type: "button", class: "quiet", hidden: true, onclick: stop }, "Stop");
  const sendButton = h("button", { type: "button", onclick: ask }, "Ask");
  const element = h("section", { class: "chat", "aria-label": "Assistant" }, h("header", {}, h("span", {}, "Assistant ", kbd("T")), about), log, h("footer", {}, input, h("div", {}, sendButton, stopButton)));
  const quick = h("div", { class: "quick" }, ...["Which label fits, and why?", "What is still missing?", "How do hard cases go?"].map((text) => h("button", { type: "button", class: "quiet", onclick: () => { input.value = text; ask(); } }, text)));
  let running = null;

  function bubble(role, text, status) {
    const words = h("div", { class: "words" });
    const note = h("small", { class: "state" });
    log.append(h("div", { class: `bubble bubble-${role}`, dataset: { role } }, words, note));
    const set = (more, state) => {
      paint(words, more);
      note.textContent = state === "interrupted" ? "interrupted" : state === "failed" ? "did not answer" : "";
      log.scrollTop = log.scrollHeight;
    };
    set(text, status);
    return set;
  }

  async function load() {
    try {
      const { turns, assistant } = await call("GET", `/api/chat/${task.item.id}`);
      about.textContent = assistant.label;
      for (const turn of turns) bubble(turn.role, turn.text, turn.status);
      if (!turns.length) log.append(quick);
    } catch (error) {
      about.textContent = error.message;
    }
  }

  function send(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      ask();
    }
  }

  async function ask() {
    const text = input.value.trim();
    if (!text || running) return;
    quick.remove();
    input.value = "";
    bubble("user", text, "complete");
    const set = bubble("assistant", "…", "streaming");
    running = { controller: new AbortController(), turn: null };
    stopButton.hidden = false;
    report("chat_waiting");
    let whole = "";
    try {
      const response = await fetch(`/api/chat/${task.item.id}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ request_id: freshId(), text, answers: answers() }),
        signal: running.controller.signal,
      });
      if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error || `the server answered ${response.status}`);
      for await (const { event, data } of events(response.body)) {
        if (event === "turn") running.turn = data.id;
        if (event === "piece") {
          if (!whole) report("chat_first_token");
          whole += data.text;
          set(whole, "streaming");
        }
        if (event === "done") set(whole || data.message, data.status);
        if (event === "error") throw new Error(data.message);
      }
    } catch (error) {
      set(whole || (error.name === "AbortError" ? "" : error.message), error.name === "AbortError" ? "interrupted" : "failed");
    } finally {
      report("chat_done");
      running = null;
      stopButton.hidden = true;
    }
  }

  function stop() {
    if (!running) return;
    if (running.turn) call("POST", `/api/chat/turns/${running.turn}/stop`).catch(() => {});
    else running.controller.abort();
  }

  load();
  return { element, focus: () => input.focus(), close: () => running?.controller.abort() };
}

/** @param {ReadableStream<Uint8Array>} body */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const lines = buffer.slice(0, end).split("\n");
      buffer = buffer.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      yield { event: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

/** Quotations as quotations, lists as lists; everything else is plain text. */
function paint(container, text) {
  const blocks = [];
  for (const line of text.split("\n")) {
    const kind = line.startsWith("> ") ? "blockquote" : line.startsWith("- ") ? "li" : "p";
    const words = kind === "p" ? line : line.slice(2);
    if (kind === "p" && !line.trim()) continue;
    const last = blocks.at(-1);
    if (kind === "blockquote" && last?.tagName === "BLOCKQUOTE") last.append("\n", words);
    else blocks.push(h(kind === "li" ? "p" : kind, { class: kind === "li" ? "bullet" : "" }, words));
  }
  container.replaceChildren(...blocks);
}
