/**
 * What the browser reports of a visit: that something happened, never what was typed. The times are those of the
 * tab's monotonic clock; the server turns them into its own.
 */

import { call } from "./api.js";

const SEND_EVERY = 5000;
const HEARTBEAT = 10000;
const BUCKET = 2000;

/** How much was pasted, coarsely; never what. */
const bucket = (characters) => (characters < 20 ? "under 20" : characters < 200 ? "20 to 199" : characters < 1000 ? "200 to 999" : "1000 and more");

/** How fast somebody types, in three steps over the time since the last report; never which keys. */
const pace = (keys, milliseconds) => {
  if (milliseconds <= 0 || milliseconds > 10 * BUCKET) return "first";
  const perSecond = (1000 * keys) / milliseconds;
  return perSecond < 2 ? "slow" : perSecond < 6 ? "even" : "fast";
};

/** One name per tab, kept over a reload. */
export const tab = (() => {
  try {
    const known = sessionStorage.getItem("milo-tab") || Math.random().toString(36).slice(2, 12);
    sessionStorage.setItem("milo-tab", known);
    return known;
  } catch {
    return Math.random().toString(36).slice(2, 12);
  }
})();

/**
 * @param {any} task @param {(visit: {handling_seconds: number, idle_seconds: number}) => void} onVisit
 * @param {() => void} onActive somebody is at work
 */
export function createTelemetry(task, onVisit, onActive) {
  const seqKey = `milo-seq-${task.visit_key}`;
  let seq = Number(sessionStorage.getItem(seqKey) || 0);
  let queue = [];
  let sending = false;
  let open = true;
  const last = {};

  function report(kind, data) {
    if (!open) return;
    const now = performance.now();
    if ((kind === "key" || kind === "pointer") && now - (last[kind] ?? -BUCKET) < BUCKET) return;
    last[kind] = now;
    if (kind !== "heartbeat" && kind !== "closed" && kind !== "hidden") onActive();
    seq += 1;
    sessionStorage.setItem(seqKey, String(seq));
    queue.push({ seq, kind, at_ms: now, ...(data ? { data } : {}) });
  }

  async function send(keepalive = false) {
    if (!queue.length || (sending && !keepalive)) return;
    const batch = queue;
    queue = [];
    sending = true;
    try {
      const { visit } = await call("POST", "/api/work/events", { visit_key: task.visit_key, tab, now_ms: performance.now(), events: batch }, { keepalive });
      onVisit(visit);
    } catch (error) {
      if (error.status === 0 || error.status >= 500) queue = [...batch, ...queue].slice(-400);
    } finally {
      sending = false;
    }
  }

  let keys = 0;
  const onKey = () => {
    keys += 1;
    const now = performance.now();
    if (now - (last.key ?? -BUCKET) < BUCKET) return;
    report("key", { pace: pace(keys, now - (last.key ?? now)) });
    keys = 0;
  };
  const listeners = [
    [document, "keydown", onKey],
    [document, "pointerdown", () => report("pointer")],
    [document, "pointermove", () => report("pointer")],
    [document, "wheel", () => report("pointer")],
    [document, "paste", (event) => report("paste", { size: bucket(event.clipboardData?.getData("text").length || 0) })],
    [document, "visibilitychange", () => { report(document.visibilityState === "hidden" ? "hidden" : "visible"); send(true); }],
    [window, "pagehide", () => { report("closed"); send(true); }],
  ];
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener, { passive: true });
  const sender = setInterval(send, SEND_EVERY);
  const heart = setInterval(() => document.visibilityState === "visible" && report("heartbeat"), HEARTBEAT);
  report("opened");
  setTimeout(send, 300);

  return {
    report,
    /** End with `submitted`, `skipped` or `closed`, and send what is left. */
    end(kind) {
      report(kind);
      open = false;
      clearInterval(sender);
      clearInterval(heart);
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
      // A page that goes away sends at once; otherwise the next item is painted first.
      if (document.visibilityState === "hidden") send(true);
      else setTimeout(() => send(true));
    },
  };
}
