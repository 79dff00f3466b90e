// An item that repeats another, and one that was merged by mistake: which one, by a digit.
import { h } from "/static/vendor/preact.js";

export const MERGE = { title: "It repeats", hint: "A digit merges this item into that one.",
  rows: (item) => item.neighbours.map((near) => ({ id: near.other_id, text: near.text ?? "", why: `${near.score.toFixed(2)} ${near.reason}` })) };
export const SPLIT = { title: "Is one of its own", hint: "A digit parts it, for good: the dedupe does not merge the two again.",
  rows: (item) => item.merged.map((one) => ({ id: one.item_id, text: one.text })) };

export const Choice = ({ title, hint, rows, choose }) =>
  h("div", { class: "dialog", role: "dialog", "aria-label": title }, h("h2", null, title), h("p", null, hint),
    h("ul", { class: "keys" }, rows.slice(0, 9).map((row, place) => h("li", null,
      h("button", { class: "wide-choice", onClick: () => choose(row) }, h("kbd", null, place + 1), h("span", { dir: "auto" }, row.text.slice(0, 300)), row.why && h("span", { class: "aside" }, ` ${row.why}`))))));
