// The posts behind an item, letter by letter, with what their claims quote marked where it stands, and their pictures.
import { h, useEffect, useState } from "/static/vendor/preact.js";
import { evidence } from "./desk.js";

const NAMES = { words: "what is said to fail", prompt: "the prompt", response: "the answer", model: "the model" };

// Spans may lie within one another: each letter gets the innermost.
function marked(text, spans) {
  const edges = [...new Set([0, text.length, ...spans.flatMap((span) => [span.start, span.end])])].sort((one, other) => one - other);
  return edges.slice(0, -1).map((start, place) => {
    const part = text.slice(start, edges[place + 1]);
    const over = spans.filter((span) => span.start <= start && span.end >= edges[place + 1]).sort((one, other) => (one.end - one.start) - (other.end - other.start));
    return over.length ? h("mark", { class: over[0].sort, title: NAMES[over[0].sort] ?? over[0].sort }, part) : part;
  });
}

// The server counts characters, the browser counts half of some: places are turned into those of the browser.
const placed = (text, spans) => {
  if (!/[\ud800-\udfff]/.test(text)) return spans;
  const letters = Array.from(text);
  const at = (place) => letters.slice(0, place).join("").length;
  return spans.map((span) => ({ ...span, start: at(span.start), end: at(span.end) }));
};

const Picture = ({ record, picture }) =>
  h("figure", null, !picture.refused && h("img", { src: `/api/picture?${new URLSearchParams({ record: record.record_key, position: picture.position })}`, alt: picture.text || "a picture of the post" }),
    h("figcaption", { class: "aside" }, picture.refused ? `a picture that was not read: ${picture.refused}` : picture.text));

export function Source({ item, tell }) {
  const [records, setRecords] = useState(null);
  useEffect(() => { evidence(item.item_id).then(setRecords).catch((error) => { setRecords([]); tell(error.message, "bad"); }); }, [item.item_id]);
  if (!records) return null;
  return h("section", { class: "source" }, h("h3", null, "the posts, as they are kept; t closes"),
    records.map((record) => h("article", null, h("h4", null, record.title || record.role, " ", h("span", { class: "aside" }, `${record.record_key} ${record.created_at?.slice(0, 10) ?? ""}`)),
      h("div", { class: "letters", dir: "auto" }, marked(record.text, placed(record.text, record.spans))),
      record.pictures.map((picture) => h(Picture, { record, picture })))));
}
