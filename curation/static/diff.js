// Two texts as one, with what was taken out and what was put in.
import { h } from "/static/vendor/preact.js";

const MOST = 4_000_000;

// Words and what stands between them, so that every letter is shown.
const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

// The longest common subsequence by its table; texts that are too long for one are shown one after the other.
function parts(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const [old, fresh] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const made = [["same", before.slice(0, start).join("")]];
  if (old.length * fresh.length > MOST) made.push(["del", old.join("")], ["ins", fresh.join("")]);
  else made.push(...between(old, fresh));
  made.push(["same", end ? before.slice(-end).join("") : ""]);
  return made.filter(([, text]) => text);
}

function between(old, fresh) {
  const width = fresh.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = fresh.length - 1; j >= 0; j -= 1)
      table[i * width + j] = old[i] === fresh[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  const made = [];
  const put = (sort, text) => { if (made.at(-1)?.[0] === sort) made.at(-1)[1] += text; else made.push([sort, text]); };
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) { put("same", old[i]); i += 1; j += 1; }
    else if (j >= fresh.length || (i < old.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) { put("del", old[i]); i += 1; }
    else { put("ins", fresh[j]); j += 1; }
  }
  return made;
}

export function Difference({ before, after }) {
  return h("div", { class: "difference", dir: "auto" }, parts(words(before), words(after)).map(([sort, text]) => (sort === "same" ? text : h(sort, null, text))));
}
