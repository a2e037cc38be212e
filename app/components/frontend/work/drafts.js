/** Autosave: what is typed reaches the server within a second, and nobody's typing is overwritten unseen. */

import { call } from "./api.js";

const WAIT = 700;

/**
 * @param {any} task @param {Record<string, any>} answers @param {() => Record<string, any>} provenance @param {string} tab
 * @param {(state: "saved"|"saving"|"offline"|"conflict"|"", detail?: any) => void} onState
 */
export function createAutosave(task, answers, provenance, tab, onState) {
  let version = task.draft?.version || 0;
  let timer = null;
  let saving = null;
  let dirty = false;
  let closed = false;
  const path = `/api/work/drafts/${task.item.id}`;

  function touch() {
    if (closed) return;
    dirty = true;
    onState("saving");
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }

  async function save() {
    if (saving || !dirty || closed) return;
    dirty = false;
    saving = call("PUT", path, { version, answers, provenance: provenance(), tab });
    try {
      version = (await saving).version;
      if (!closed) onState(dirty ? "saving" : "saved");
    } catch (error) {
      if (closed) return;
      if (error.status === 409 && error.body.submitted) onState("conflict", { submitted: true });
      else if (error.status === 409) onState("conflict", error.body);
      else {
        dirty = true;
        onState("offline", error);
        timer = setTimeout(save, 3000);
      }
    } finally {
      saving = null;
      if (dirty && !closed) timer = setTimeout(save, WAIT);
    }
  }

  const flush = () => {
    if (!dirty || closed) return;
    clearTimeout(timer);
    dirty = false;
    call("PUT", path, { version, answers, provenance: provenance(), tab }, { keepalive: true }).then((done) => { version = done.version; }, () => { dirty = true; });
  };
  const onHidden = () => document.visibilityState === "hidden" && flush();
  document.addEventListener("visibilitychange", onHidden);
  window.addEventListener("pagehide", flush);

  return {
    touch,
    /** Save now. */
    now() {
      clearTimeout(timer);
      dirty = true;
      save();
    },
    /** After a conflict: go on from the stored version, keeping what is on the screen or taking what is stored. */
    resolve(stored, keepMine) {
      version = stored.version;
      if (!keepMine) {
        for (const key of Object.keys(answers)) delete answers[key];
        Object.assign(answers, stored.answers);
      }
      dirty = keepMine;
      keepMine ? save() : onState("saved");
    },
    close() {
      closed = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onHidden);
      window.removeEventListener("pagehide", flush);
    },
  };
}
