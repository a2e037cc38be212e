/** The item that comes next, fetched before it is wanted, and those whose answers are still being sent. */

import { call } from "./api.js";

/** @param {string} base @param {(progress: any) => void} onProgress */
export function createQueue(base, onProgress) {
  const closing = new Set();
  let ahead = null;
  let fetching = null;

  async function fetchNext(current) {
    try {
      // What is being sent is still held on the server; it must not come back as the next item.
      const held = [current(), ...closing].filter(Boolean);
      const found = await call("POST", `${base}/next?held=${held.join(",")}`);
      const id = found.task?.item.id;
      if (id && !held.includes(id) && !closing.has(id) && id !== current()) ahead = found;
      onProgress(found.progress);
    } catch {
      /* It is asked for again when it is wanted. */
    }
  }

  return {
    closing,
    /** The item that is ready, once; null when none is. */
    take() {
      const ready = ahead;
      ahead = null;
      return ready;
    },
    /** This one comes next, whatever was ready. */
    keep(found) {
      ahead = found;
    },
    /** It is on screen, so it is not next. */
    drop(id) {
      if (ahead?.task.item.id === id) ahead = null;
    },
    /** @param {() => number|undefined} current id of the item on screen */
    fetchAhead(current) {
      if (!ahead && !fetching) fetching = fetchNext(current).finally(() => { fetching = null; });
    },
    settled: async () => fetching,
  };
}
