/** A reminder after a long stretch of work; a pause of five minutes begins a new one. */

const PAUSE = 5 * 60_000;
const KEY = "milo-stretch";

/** @param {number|null} minutes @param {(text: string) => void} remind */
export function createBreaks(minutes, remind) {
  if (!minutes) return { active() {} };
  let state = { since: Date.now(), last: Date.now(), reminded: false };
  try {
    state = { ...state, ...JSON.parse(sessionStorage.getItem(KEY) || "{}") };
  } catch {
    /* Begin anew. */
  }
  return {
    /** Somebody is at work. */
    active(now = Date.now()) {
      if (now - state.last > PAUSE) state = { since: now, last: now, reminded: false };
      state.last = now;
      if (!state.reminded && now - state.since >= minutes * 60_000) {
        state.reminded = true;
        remind(`You have worked for ${Math.round((now - state.since) / 60_000)} minutes. A short break? The clock stops when you do.`);
      }
      try {
        sessionStorage.setItem(KEY, JSON.stringify(state));
      } catch {
        /* It is only a reminder. */
      }
    },
  };
}
