// An item rewritten by hand: every text of it in a field, and what it changes beside it.
import { h, useEffect, useRef, useState } from "/static/vendor/preact.js";
import { Difference } from "./diff.js";

// What was begun and not saved, by item: closing the fields loses nothing.
const drafts = new Map();

const textsOf = (item) => ({ messages: item.messages.map((message) => message.content), target: item.target, rubric: item.rubric, reason: "" });

// The complainer's words are where a rubric begins.
const seeded = (item) => {
  const said = item.reports.find((report) => report.claim?.words)?.claim.words.text ?? "";
  return item.rubric ? "" : said;
};

function Field({ name, value, before, change, first, rows }) {
  const field = useRef(null);
  useEffect(() => { if (first) field.current.focus(); }, []);
  return h("label", { class: "edited" }, h("span", null, name),
    h("textarea", { ref: field, value, rows: rows ?? Math.min(14, Math.max(2, value.split("\n").length + Math.floor(value.length / 90))), dir: "auto", spellcheck: false, onInput: (event) => change(event.target.value) }),
    value !== before && h(Difference, { before, after: value }));
}

export function Editor({ item, save, close }) {
  const [texts, setTexts] = useState(() => drafts.get(item.item_id) ?? textsOf(item));
  const shown = textsOf(item);
  const change = (more) => { const next = { ...texts, ...more }; drafts.set(item.item_id, next); setTexts(next); };
  const done = async () => {
    const given = drafts.get(item.item_id) ?? shown; // keys may come faster than the page is drawn
    const changed = {};
    if (given.messages.some((text, place) => text !== shown.messages[place])) changed.messages = given.messages;
    for (const name of ["target", "rubric"]) if (given[name] !== shown[name]) changed[name] = given[name];
    if (await save(changed, given.reason)) drafts.delete(item.item_id);
  };
  const onKey = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.tagName === "INPUT")) { event.preventDefault(); event.stopPropagation(); done(); }
  };
  const seed = seeded(item);
  return h("section", { class: "editor", onKeyDown: onKey },
    h("h3", null, "edit: the source keeps its words, this is how the item is from now on"),
    texts.messages.map((text, place) => h(Field, { name: item.messages[place].role, value: text, before: shown.messages[place], first: place === texts.messages.length - 1,
      change: (value) => change({ messages: texts.messages.map((other, at) => (at === place ? value : other)) }) })),
    item.choices.length
      ? h("label", { class: "edited" }, h("span", null, "key"), h("select", { value: texts.target, onChange: (event) => change({ target: event.target.value }) },
          [...new Set([item.target, ...item.choices])].map((choice) => h("option", { value: choice }, choice ? choice.slice(0, 120) : "none"))))
      : h(Field, { name: "key", value: texts.target, before: shown.target, change: (target) => change({ target }), rows: 1 }),
    h(Field, { name: "rubric: what a right answer does", value: texts.rubric, before: shown.rubric, change: (rubric) => change({ rubric }) }),
    seed && texts.rubric !== seed && h("p", null, h("button", { onClick: () => change({ rubric: seed }) }, "begin with the complainer's words"), h("span", { class: "aside" }, ` ${seed}`)),
    h("label", { class: "edited" }, h("span", null, "why"), h("input", { value: texts.reason, maxLength: 2000, onInput: (event) => change({ reason: event.target.value }) })),
    h("p", { class: "acts" }, h("button", { class: "main", onClick: done }, h("kbd", null, "Ctrl ↵"), "save"), h("button", { onClick: close }, h("kbd", null, "Esc"), "later"),
      drafts.has(item.item_id) && h("button", { onClick: () => { drafts.delete(item.item_id); setTexts(shown); } }, "as before")));
}

// What persons changed, against the words of the source.
export function Edited({ item }) {
  const source = item.harvested;
  if (!source) return null;
  const rows = [
    ...item.messages.map((message, place) => [message.role, source.messages[place]?.content ?? "", message.content]),
    ["key", source.target, item.target], ["rubric", source.rubric, item.rubric], ["tags", source.tags.join(" "), item.tags.filter((tag) => tag !== "edited_by_a_person").join(" ")],
  ].filter(([, before, after]) => before !== after);
  return rows.length > 0 && h("section", { class: "changes" }, h("h3", null, "edited: what the source has, and what is asked now"),
    rows.map(([name, before, after]) => [h("h4", null, name), h(Difference, { before, after })]));
}
