/**
 * Where the words of a text come from. Every change of the box is seen as one stretch replaced by another; the
 * new stretch is typed, pasted, a suggestion or a draft of the assistant. Counts are code points, as the server's.
 */

const points = (text) => [...text].length;
const REMEMBERED = 40;

/** @param {string} text @param {{ranges: {start: number, end: number, source: string}[], inserted_draft: number}|null} known */
export function createProvenance(text, known) {
  let current = text;
  let inserted = 0;
  /** Pieces that cover the text: [code points, source]. Null once the source of some words is not known. */
  let pieces = text ? null : [];
  if (known && known.ranges.reduce((sum, range) => sum + range.end - range.start, 0) === points(text)) {
    pieces = known.ranges.map((range) => [range.end - range.start, range.source]);
    inserted = known.inserted_draft || 0;
  }
  // Undo brings words back whose source is what it was; texts seen lately are found again by their content.
  const seen = new Map();
  remember();

  function remember() {
    seen.set(current, pieces);
    if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
  }

  function cut(from, to) {
    const out = [];
    let at = 0;
    for (const [count, source] of pieces) {
      const begin = Math.max(at, from);
      const end = Math.min(at + count, to);
      if (end > begin) out.push([end - begin, source]);
      at += count;
    }
    return out;
  }

  function replaced(next, source, caret) {
    if (!pieces) return;
    // What follows the caret is unchanged; before it, the longest common beginning is.
    let tail = Math.min(next.length - caret, current.length);
    while (tail > 0 && !current.endsWith(next.slice(next.length - tail))) tail -= 1;
    const most = Math.min(current.length - tail, next.length - tail);
    let head = 0;
    while (head < most && current[head] === next[head]) head += 1;
    // Not in the middle of a surrogate pair.
    if (head > 0 && /[\ud800-\udbff]/.test(current[head - 1])) head -= 1;
    const before = points(current.slice(0, head));
    const after = points(current.slice(0, current.length - tail));
    const fresh = points(next.slice(head, next.length - tail));
    pieces = merged([...cut(0, before), ...(fresh ? [[fresh, source]] : []), ...cut(after, Infinity)]);
  }

  return {
    /** The box changed. `inputType` is the browser's name for how. */
    input(next, inputType, caret) {
      if (/^history/.test(inputType || "") && seen.has(next)) pieces = seen.get(next);
      else replaced(next, /FromPaste|FromDrop|FromYank/.test(inputType || "") ? "paste" : "typed", caret);
      current = next;
      if (!current) pieces = [];
      remember();
    },
    /** A program put words in: a draft or a suggestion, ending at `caret`. */
    insert(next, source, caret) {
      if (source === "draft") inserted += Math.max(0, points(next) - points(current));
      if (!current) pieces = [];
      replaced(next, source, caret);
      current = next;
      remember();
    },
    /** The whole text is of one source. */
    replace(next, source) {
      pieces = next ? [[points(next), source]] : [];
      current = next;
      if (source === "draft") inserted += points(next);
      remember();
    },
    /** In the server's shape; null when not known. */
    document() {
      if (!pieces) return null;
      let at = 0;
      return { ranges: pieces.map(([count, source]) => ({ start: at, end: (at += count), source })), inserted_draft: inserted };
    },
    /** Source -> share of the text in [0, 1]; empty when nothing or not known. */
    shares() {
      const total = (pieces || []).reduce((sum, [count]) => sum + count, 0);
      const out = {};
      for (const [count, source] of pieces || []) out[source] = (out[source] || 0) + count / total;
      return out;
    },
  };
}

function merged(pieces) {
  const out = [];
  for (const [count, source] of pieces) {
    const last = out.at(-1);
    if (last && last[1] === source) last[0] += count;
    else out.push([count, source]);
  }
  return out;
}
