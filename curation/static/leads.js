// Reported failures that cannot be asked again yet: a person adds the prompt, or what it leans on.
import { h, useEffect, useRef, useState } from "/static/vendor/preact.js";
import { completeLead, leads, reopenLead } from "./desk.js";
import { Text } from "./text.js";

const drafts = new Map();
const empty = { prompt: "", context: "", reason: "" };
const LACKS = { no_prompt_found: "the prompt", improbable: "whether it is a failure at all" };

export const LEAD_KEYS = [["p", "what the model was asked"], ["c", "what the prompt leans on: a text, an earlier talk"], ["Ctrl+Enter", "make it an item"]];

// `keys` is given what to do with a key while the leads are shown.
export function Leads({ keys, reviewer, ask, tell, leave, undoable, takeBack }) {
  const [listed, setListed] = useState(null);
  const [place, setPlace] = useState(0);
  const [texts, setTexts] = useState(empty);
  const [busy, setBusy] = useState(false);
  const fields = { p: useRef(null), c: useRef(null) };
  const lead = listed?.[place];

  const load = async () => { try { setListed((await leads()).leads); } catch (error) { tell(error.message, "bad"); } };
  useEffect(() => { load(); }, []);
  useEffect(() => { setTexts((lead && drafts.get(lead.record_key)) ?? empty); document.querySelector(".card")?.scrollIntoView({ block: "start" }); }, [lead?.record_key]);

  const change = (more) => { const next = { ...texts, ...more }; drafts.set(lead.record_key, next); setTexts(next); };
  const move = (step) => setPlace((from) => Math.max(0, Math.min((listed?.length ?? 1) - 1, from + step)));
  const complete = async () => {
    if (!lead || busy) return;
    if (!reviewer) return ask();
    const given = drafts.get(lead.record_key) ?? empty; // keys may come faster than the page is drawn
    setBusy(true);
    tell("…");
    try {
      const { item_id } = await completeLead(lead.record_key, given.prompt, given.context, reviewer, given.reason);
      drafts.delete(lead.record_key);
      undoable(async () => { await reopenLead(lead.record_key, reviewer); await load(); return []; });
      await load();
      tell(`it is a report of item ${item_id.slice(0, 8)} now. u takes it back`);
    } catch (error) { tell(error.message, "bad"); }
    setBusy(false);
  };
  keys.current = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); complete(); return; }
    const typing = /^(INPUT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = { j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), u: takeBack, o: leave, Escape: leave,
      p: () => fields.p.current?.focus(), c: () => fields.c.current?.focus() };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  };

  if (!lead) return h("p", { class: "empty" }, listed ? "No lead is open. o goes back to the items." : "…");
  const field = (key, name, label, rows) => h("label", { class: "edited" }, h("span", null, h("kbd", null, key), label),
    h("textarea", { ref: fields[key], rows, value: texts[name], dir: "auto", spellcheck: false, onInput: (event) => change({ [name]: event.target.value }) }));
  return h("article", { class: "card", key: lead.record_key },
    h("header", null,
      h("p", { class: "why" }, `lead ${place + 1} of ${listed.length}: lacks ${LACKS[lead.reason] ?? lead.reason.replaceAll("_", " ")}`),
      h("p", { class: "tags" }, [lead.source, lead.model, lead.language, lead.licence].filter(Boolean).map((text) => h("span", { class: "tag" }, text)))),
    h("div", { class: "columns" },
      h("div", { class: "asked" },
        h("section", null, h("h3", null, "the post"), lead.title && h("h4", null, lead.title), h(Text, { text: lead.text, quote: lead.claim })),
        h("section", { class: "editor" },
          field("p", "prompt", "prompt: what the model was asked", 4), field("c", "context", "context: put before the prompt", 3),
          h("label", { class: "edited" }, h("span", null, "how you know"), h("input", { value: texts.reason, maxLength: 2000, onInput: (event) => change({ reason: event.target.value }) })),
          h("p", { class: "acts" }, h("button", { class: "main", disabled: busy, onClick: complete }, h("kbd", null, "Ctrl ↵"), "make it an item"), h("button", { onClick: takeBack }, h("kbd", null, "u"), "undo"), h("button", { onClick: leave }, h("kbd", null, "o"), "back to items")))),
      h("aside", null,
        lead.claim && h("section", null, h("h3", null, "what is said to fail"), h("blockquote", null, lead.claim)),
        lead.prompt && h("section", null, h("h3", null, "the prompt of the post"), h(Text, { text: lead.prompt })),
        /^https?:/i.test(lead.url) && h("a", { href: lead.url, target: "_blank", rel: "noreferrer noopener" }, "the post at its source"),
        h("p", { class: "aside id" }, lead.record_key))));
}
