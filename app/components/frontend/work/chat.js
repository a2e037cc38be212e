/** The assistant beside the item: a stream of server-sent events read from a POST. */

import { call, freshId } from "./api.js";
import { h, kbd } from "./dom.js";

const STATES = { interrupted: "interrupted", failed: "did not answer", withheld: "withheld" };
const ACTIONS = [
  ["draft", "Draft an answer"],
  ["explain", "Explain the guideline for this case"],
  ["examples", "Similar verified examples"],
  ["missing", "What is missing?"],
  ["translate", "Translate"],
];

/**
 * @param {any} task @param {() => Record<string, any>} answers
 * @param {{report: (kind: string) => void, insert: ((text: string) => void)|null}} page
 */
export function createChat(task, answers, page) {
  const { report } = page;
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0", "aria-label": "Conversation" });
  const input = h("textarea", { rows: 2, placeholder: "Ask about this item or the guidelines", "aria-label": "Question to the assistant", onkeydown: send, onfocus: () => report("chat_opened") });
  const about = h("small", { class: "about" });
  const notice = h("p", { class: "notice", role: "status", hidden: true });
  const stopButton = h("button", { type: "button", class: "quiet", hidden: true, onclick: stop }, "Stop");
  const sendButton = h("button", { type: "button", onclick: () => ask(input.value.trim()) }, "Ask");
  const actions = ACTIONS.map(([action, label]) => h("button", { type: "button", class: "chip", dataset: { quick: action }, onclick: () => ask(label, action) }, label));
  const element = h(
    "section",
    { class: "chat", "aria-label": "Assistant" },
    h("header", {}, h("span", {}, "Assistant ", kbd("T")), about),
    log,
    notice,
    h("div", { class: "chips", role: "toolbar", "aria-label": "Quick actions" }, ...actions),
    h("footer", {}, input, h("div", {}, sendButton, stopButton)),
  );
  let running = null;
  let lastDraft = "";

  function bubble(turn) {
    const words = h("div", { class: "words" });
    const note = h("small", { class: "state" });
    const put = h("button", { type: "button", class: "quiet insert", hidden: true, onclick: () => page.insert(turn.text) }, kbd("I"), "Insert");
    log.append(h("div", { class: `bubble bubble-${turn.role}`, dataset: { role: turn.role, status: turn.status } }, words, h("div", { class: "bubble-foot" }, note, put)));
    const set = (text, status) => {
      turn.text = text;
      paint(words, text);
      note.textContent = STATES[status] || "";
      words.parentElement.dataset.status = status;
      const draft = turn.role === "assistant" && turn.action === "draft" && ["complete", "interrupted"].includes(status) && Boolean(text);
      put.hidden = !page.insert || !draft || turn.builtin;
      if (!put.hidden) lastDraft = text;
      log.scrollTop = log.scrollHeight;
    };
    set(turn.text, turn.status);
    return set;
  }

  function limit(level, message) {
    notice.hidden = !message;
    notice.textContent = message || "";
    for (const button of [...actions, sendButton]) button.disabled = level === "none";
    input.disabled = level === "none";
  }

  let builtin = false;
  async function load() {
    try {
      const { turns, assistant } = await call("GET", `/api/chat/${task.item.id}`);
      builtin = assistant.builtin;
      about.textContent = assistant.label;
      actions[0].hidden = !assistant.may_draft || !page.insert;
      actions.at(-1).hidden = builtin;
      limit(assistant.level, assistant.message);
      for (const turn of turns) bubble({ ...turn, builtin });
    } catch (error) {
      about.textContent = error.message;
    }
  }

  function send(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      ask(input.value.trim());
    }
  }

  async function ask(text, action) {
    if (!text || running) return;
    if (!action) input.value = "";
    bubble({ role: "user", text, status: "complete" });
    const set = bubble({ role: "assistant", text: "…", status: "streaming", action, builtin });
    running = { controller: new AbortController(), turn: null };
    stopButton.hidden = false;
    report("chat_waiting");
    let whole = "";
    try {
      const response = await fetch(`/api/chat/${task.item.id}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ request_id: freshId(), text, action, answers: answers() }),
        signal: running.controller.signal,
      });
      if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error || `the server answered ${response.status}`);
      for await (const { event, data } of events(response.body)) {
        if (event === "turn") {
          running.turn = data.id;
          if (running.stop) stop();
          if (data.notice) limit("hints", data.notice);
        }
        if (event === "piece") {
          if (!whole) report("chat_first_token");
          whole += data.text;
          set(whole, "streaming");
        }
        if (event === "done") set(data.status === "withheld" ? data.message : whole || data.message, data.status);
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
    running.stop = true;
    if (running.turn) call("POST", `/api/chat/turns/${running.turn}/stop`).catch(() => {});
  }

  setTimeout(() => element.isConnected && load());
  return {
    element,
    focus: () => input.focus(),
    close: () => running?.controller.abort(),
    /** The newest draft; empty when there is none. */
    draft: () => lastDraft,
  };
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
