/** Two texts side by side with the words that only one of them has. */

import { h } from "./dom.js";

const MOST = 3000;

/** Marks per word: true where the other text lacks it, by the longest common subsequence. Null for very long texts. */
function only(a, b) {
  if (a.length * b.length > MOST * MOST) return null;
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  const left = new Array(a.length).fill(true);
  const right = new Array(b.length).fill(true);
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      left[i] = right[j] = false;
      i += 1;
      j += 1;
    } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return [left, right];
}

const words = (text) => text.match(/\s+|[^\s]+/g) || [];

function marked(tokens, flags) {
  const out = [];
  for (const [index, token] of tokens.entries()) {
    const last = out.at(-1);
    if (flags[index] && token.trim()) {
      if (last instanceof HTMLElement) last.append(token);
      else out.push(h("mark", { class: "differs" }, token));
    } else out.push(token);
  }
  return out;
}

/** @param {HTMLElement} left @param {HTMLElement} right elements that hold one text each @returns {(on: boolean) => boolean} */
export function compareTexts(left, right) {
  const [first, second] = [left.textContent, right.textContent];
  return (on) => {
    const [a, b] = [words(first), words(second)];
    const flags = on ? only(a, b) : null;
    left.replaceChildren(...(flags ? marked(a, flags[0]) : [first]));
    right.replaceChildren(...(flags ? marked(b, flags[1]) : [second]));
    return Boolean(flags);
  };
}
