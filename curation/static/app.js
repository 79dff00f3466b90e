// The page: a queue on the left, one item in the middle, keys for everything.
import { h, render, useEffect, useReducer, useRef } from "/static/vendor/preact.js";
import { Card } from "./card.js";
import { Conflict, Items, edit, give, giveAll, merge, queue, split, undo } from "./desk.js";
import { LEAD_KEYS, Leads } from "./leads.js";
import { Choice, MERGE, SPLIT } from "./merging.js";
import { ORDERS, Orders, tooFew } from "./order.js";

const ACTIONS = [
  { key: "a", word: "active", name: "accept", hint: "a genuine failure or a good item", mark: "" },
  { key: "r", word: "rejected", name: "reject", hint: "a bad item: wrong prompt, no failure, cannot be judged", mark: "bad item" },
  { key: "h", word: "rejected", name: "harness error", hint: "what failed was not the model", mark: "harness error" },
  { key: "l", word: "disputed", name: "label problem", hint: "the key is wrong or doubtful", mark: "label problem" },
  { key: "v", word: "verified", name: "verify key", hint: "the key is right: you checked", mark: "" },
  { key: "w", word: "waived", name: "waive", hint: "a capability that nobody needs", mark: "" },
];
const FACET_NAMES = { state: "state", kind: "kind", tier: "evidence", source: "source", key_status: "key", language: "language", tag: "tag", licence: "licence", cluster: "failure cluster" };
const HELP = [["j / ↓", "next"], ["k / ↑", "previous"], ...ACTIONS.map((action) => [action.key, `${action.name}: ${action.hint}`]),
  ["e", "edit: prompt, key, rubric; Ctrl+Enter saves"], ["g", "tags"], ["m", "merge: it repeats a neighbour"], ["s", "split: part what was merged into it"], ["t", "the posts behind it, what they claim marked"], ["o", "open leads, and back"], ["n", "a note first, kept with the next verdict"], ["u", "undo your last"], ["b", "decide for all in the filter"], ["f", "filters"], ["q", "order of the queue: urgent, useful, doubtful"], ["/", "search"], ["Esc", "back"], ["?", "this"]];

const remembered = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } };
const remember = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* a private window */ } };

const ownTags = (item) => item.tags.filter((tag) => tag !== "edited_by_a_person");

function fromAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const { words = "", order = "", ...wanted } = given;
  return { wanted: location.hash ? wanted : { state: "open" }, words, order: ORDERS.some((one) => one.id === order) ? order : "urgent" };
}

// What is shown and chosen, read as it is at this moment: keys may come faster than the page is drawn, and a state of a drawing would be old.
function useNow(begin) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const now = useRef(null);
  now.current ??= begin();
  return [now.current, (change) => { Object.assign(now.current, change); redraw(); }, redraw];
}

function App() {
  const [page, set, redraw] = useNow(() => ({
    reviewer: remembered("reviewer", ""), filter: fromAddress(), listed: { ids: [], total: 0, facets: {}, progress: null }, place: 0, note: "",
    panel: "", view: "items", said: null, choice: null,
  }));
  const items = useRef(null);
  items.current ??= new Items(redraw);
  const setFilter = (filter) => set({ filter });
  const setPanel = (panel) => set(panel === "choice" ? { panel } : { panel, choice: null });
  const given = useRef([]);
  const noteField = useRef(null);
  const searchField = useRef(null);
  const tagField = useRef(null);
  const leadKeys = useRef(null);

  const tell = (text, sort = "") => set({ said: { text, sort } });
  const failed = (error) => tell(error.message, "bad");

  // `keep`: the item that is looked at stays the one that is looked at.
  const load = async (keep) => {
    try {
      const found = await queue(page.filter.wanted, page.filter.words, "", page.reviewer, page.filter.order);
      const there = keep ? found.ids.indexOf(page.listed.ids[page.place]) : 0;
      set({ listed: found, place: there >= 0 ? there : Math.max(0, Math.min(page.place, found.ids.length - 1)) });
      if (page.filter.order !== "urgent" && found.learning.brier === undefined) tell(tooFew(found.learning));
      await items.current.of(page.reviewer).around(found.ids, page.place);
    } catch (error) { failed(error); }
  };
  useEffect(() => {
    const address = new URLSearchParams({ ...page.filter.wanted, ...(page.filter.words ? { words: page.filter.words } : {}), ...(page.filter.order === "urgent" ? {} : { order: page.filter.order }) });
    history.replaceState(null, "", `#${address}`);
    load(false);
  }, [page.filter]);
  useEffect(() => { if (page.listed.progress) load(true); }, [page.reviewer]);
  useEffect(() => { items.current.of(page.reviewer).around(page.listed.ids, page.place).catch(failed); }, [page.place, page.listed]);
  useEffect(() => { document.querySelector(".card")?.scrollIntoView({ block: "start" }); }, [page.place]);
  useEffect(() => { if (page.panel === "note") noteField.current?.focus(); if (page.panel === "search") searchField.current?.focus(); if (page.panel === "tags") tagField.current?.focus(); }, [page.panel]);

  const current = () => items.current.get(page.listed.ids[page.place]);
  const item = current();

  const more = async () => {
    const next = await queue(page.filter.wanted, page.filter.words, page.listed.ids.at(-1), page.reviewer, page.filter.order);
    set({ listed: { ...next, ids: [...page.listed.ids, ...next.ids.filter((other) => !page.listed.ids.includes(other))] } });
  };
  const move = (step) => {
    const next = Math.max(0, Math.min(page.listed.ids.length - 1, page.place + step));
    if (page.panel === "edit") setPanel("");
    set({ place: next });
    if (next > page.listed.ids.length - 20 && page.listed.more) more().catch(failed);
  };

  const decide = async (action) => {
    const shown = current();
    if (!shown) return;
    if (!page.reviewer) return setPanel("who");
    const { note } = page;
    const reason = [action.mark, note.trim()].filter(Boolean).join(": ");
    move(1);
    set({ note: "" });
    setPanel("");
    try {
      const now = await give(action.word, page.reviewer, reason, [shown]);
      items.current.put(now);
      given.current.push(takesBack(now.map((one) => one.last)));
      if (page.listed.progress) set({ listed: { ...page.listed, progress: { ...page.listed.progress, mine: page.listed.progress.mine + 1 } } });
      tell(`${shown.item_id.slice(0, 8)}: ${action.name}. u takes it back`);
    } catch (error) {
      set({ note });
      if (error instanceof Conflict) set({ place: page.listed.ids.indexOf(shown.item_id) });
      overtaken(error);
    }
  };

  // Somebody was quicker: what they said is shown, and nothing of ours is written.
  const overtaken = (error) => {
    if (!(error instanceof Conflict)) return failed(error);
    items.current.put(error.items);
    const last = error.items[0]?.verdicts.at(-1);
    tell(last ? `${last.author} decided meanwhile: ${last.verdict}. Look, and decide again if you differ` : "it changed since you saw it: look again", "bad");
  };

  // Whether it was written down.
  const rewrite = async (texts, reason) => {
    const shown = current();
    if (!page.reviewer) { setPanel("who"); return false; }
    if (!Object.keys(texts).length) { tell("nothing was changed"); return false; }
    try {
      const now = await edit(shown, page.reviewer, reason, texts);
      items.current.put(now);
      given.current.push(takesBack(now.flatMap((one) => one.verdicts.slice(shown.verdicts.length).map((verdict) => verdict.verdict_id))));
      setPanel("");
      tell(`${shown.item_id.slice(0, 8)} is version ${now[0].version}. u takes it back`);
      return true;
    } catch (error) { overtaken(error); return false; }
  };

  const takesBack = (verdicts) => () => undo(page.reviewer, verdicts);

  // Both need a run of their own, so the page waits for the answer.
  const joined = async (act, back, said) => {
    if (!page.reviewer) return setPanel("who");
    setPanel("");
    tell("…");
    try {
      items.current.put(await act());
      given.current.push(async () => { const now = await back(); items.current.put(now); await load(true); return now; });
      set({ note: "" });
      await load(true);
      tell(`${said}. u takes it back`);
    } catch (error) { failed(error); }
  };
  const mergeInto = (other) => {
    const shown = current();
    const merged = async () => { const now = await merge(shown.item_id, other.id, page.reviewer, page.note.trim()); items.current.drop(shown.item_id); return now; };
    return joined(merged, () => split(shown.item_id, page.reviewer, "taken back"), `${shown.item_id.slice(0, 8)} is a report of ${other.id.slice(0, 8)} now`);
  };
  const partOff = (other) => {
    const shown = current();
    return joined(() => split(other.id, page.reviewer, page.note.trim()), () => merge(other.id, shown.item_id, page.reviewer, "taken back"), `${other.id.slice(0, 8)} is an item of its own again`);
  };

  const offer = ({ title, hint, rows }, choose, otherwise) => {
    const offered = current() ? rows(current()) : [];
    if (!offered.length) return tell(otherwise);
    page.choice = { title, hint, rows: offered, choose: (row) => { page.choice = null; choose(row); } };
    setPanel("choice");
  };

  const inOrder = ({ id }) => { setPanel(""); items.current.forget(); setFilter({ ...page.filter, order: id }); };

  const takeBack = async () => {
    const last = given.current.pop();
    if (!last) return tell("nothing to undo in this window");
    try {
      const now = await last();
      items.current.put(now);
      if (!now.length) return tell("taken back");
      const back = page.listed.ids.indexOf(now[0]?.item_id);
      if (back >= 0) set({ place: back });
      tell(now.length === 1 ? `${now[0].item_id.slice(0, 8)} is ${now[0].status} again (version ${now[0].version})` : `${now.length} items as before`);
    } catch (error) {
      if (error instanceof Conflict) { items.current.put(error.items); return tell("somebody decided after you: nothing was taken back", "bad"); }
      given.current.push(last);
      failed(error);
    }
  };

  const decideAll = async (action) => {
    if (!page.reviewer) return setPanel("who");
    try {
      const reason = [action.mark, page.note.trim()].filter(Boolean).join(": ");
      const now = await giveAll(action.word, page.reviewer, reason, page.filter.wanted, page.filter.words, page.listed.total);
      given.current.push(takesBack(now.map((one) => one.last)));
      items.current.forget();
      setPanel("");
      set({ note: "" });
      tell(`${now.length} items: ${action.name}. u takes them all back`);
      await load(false);
    } catch (error) { failed(error); await load(false); }
  };

  const openItem = (wanted) => {
    const there = page.listed.ids.indexOf(wanted);
    if (there >= 0) return set({ place: there });
    setFilter({ ...page.filter, wanted: {}, words: wanted });
  };
  const choose = (facet, value) => {
    const { [facet]: before, ...others } = page.filter.wanted;
    setFilter({ ...page.filter, wanted: before === value ? others : { ...others, [facet]: value } });
  };

  const onKey = (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (page.view === "leads" && page.panel !== "who") return leadKeys.current?.(event);
    if (event.key === "Escape") { setPanel(""); event.target.blur(); return; }
    if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); setPanel(""); event.target.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = ACTIONS.find((one) => one.key === event.key);
    const acts = {
      j: () => move(1), ArrowDown: () => move(1), ArrowRight: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), ArrowLeft: () => move(-1),
      e: () => current() && setPanel("edit"), g: () => current() && setPanel("tags"), o: () => set({ view: "leads" }), t: () => setPanel(page.panel === "source" ? "" : "source"),
      m: () => offer(MERGE, mergeInto, "it has no neighbour"), s: () => offer(SPLIT, partOff, "nothing was merged into it"),
       n: () => setPanel("note"), u: takeBack, b: () => page.listed.total && setPanel("all"), f: () => setPanel(page.panel === "filters" ? "" : "filters"), q: () => setPanel(page.panel === "order" ? "" : "order"), "/": () => setPanel("search"), "?": () => setPanel(page.panel === "help" ? "" : "help"),
    };
    const ordered = page.panel === "order" && ORDERS[Number(event.key) - 1];
    const chosen = page.choice?.rows[Number(event.key) - 1];
    const act = ordered ? () => inOrder(ordered) : chosen ? () => page.choice.choose(chosen) : action ? (page.panel === "all" ? () => decideAll(action) : () => decide(action)) : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const keys = useRef(onKey);
  keys.current = onKey;
  useEffect(() => { addEventListener("keydown", (event) => keys.current(event)); }, []);

  const { filter, listed, place, note, panel, view, said, reviewer } = page;
  return h("div", { class: panel === "filters" ? "page filters-open" : "page" },
    h(Bar, { listed, place, reviewer, filter, setPanel, setFilter, leads: () => set({ view: view === "leads" ? "items" : "leads" }) }),
    h("nav", { class: "facets" }, Object.entries(FACET_NAMES).map(([facet, name]) => h(Facet, { name, values: listed.facets[facet] ?? [], chosen: filter.wanted[facet], choose: (value) => choose(facet, value) }))),
    h("main", { "aria-live": "off" },
      view === "leads" ? h(Leads, { keys: leadKeys, reviewer, tell, takeBack, undoable: (back) => given.current.push(back), ask: () => setPanel("who"), leave: () => { set({ view: "items" }); load(true); } })
        : item ? h(Card, { key: item.item_id, item, order: filter.order, open: openItem, filter: choose, editing: panel === "edit", save: rewrite, close: () => setPanel(""), sourced: panel === "source", tell })
        : h("p", { class: "empty" }, listed.total ? "…" : listed.progress ? "Nothing here waits for you. Esc, then f for other filters." : "…")),
    h("footer", null, view === "items" && [
      h("div", { class: "acts" }, ACTIONS.map((action) => h("button", { title: action.hint, disabled: !item, onClick: () => decide(action) }, h("kbd", null, action.key), action.name)),
        h("button", { disabled: !item, onClick: () => setPanel("edit") }, h("kbd", null, "e"), "edit"), h("button", { onClick: takeBack }, h("kbd", null, "u"), "undo"), h("button", { onClick: () => setPanel("help") }, h("kbd", null, "?"), "keys")),
      h("input", { ref: noteField, class: "note", placeholder: "n: a note, kept with the next verdict", value: note, onInput: (event) => set({ note: event.target.value }), "aria-label": "note" })],
      said && h("p", { class: `said ${said.sort}`, role: "status" }, said.text)),
    panel === "search" && h(Dialog, { title: "Search" }, h("input", { ref: searchField, value: filter.words, placeholder: "words, or the beginning of an id", "aria-label": "search", onChange: (event) => setFilter({ ...filter, words: event.target.value }) })),
    panel === "tags" && item && h(Dialog, { title: "Tags" }, h("p", null, "Words with spaces between them. Enter saves, u takes it back."),
      h("input", { ref: tagField, value: ownTags(item).join(" "), maxLength: 2000, "aria-label": "tags",
        onKeyDown: (event) => { if (event.key === "Enter") { event.stopPropagation(); rewrite({ tags: event.target.value.split(/[\s,]+/).filter(Boolean) }, ""); } } })),
    panel === "choice" && page.choice && h(Choice, { ...page.choice }),
    panel === "order" && h(Orders, { order: filter.order, learning: listed.learning, choose: inOrder }),
    panel === "who" && h(Who, { reviewer, done: (name) => { remember("reviewer", name); set({ reviewer: name }); setPanel(""); } }),
    panel === "help" && h(Dialog, { title: "Keys" }, h("dl", null, [...HELP, ...LEAD_KEYS].map(([key, text]) => [h("dt", null, h("kbd", null, key)), h("dd", null, text)]))),
    panel === "all" && h(Dialog, { title: `Decide for all ${listed.total.toLocaleString()} in this filter` },
      h("p", null, "Look at some of them first. One key decides for all of them; u takes all of it back."),
      h("ul", { class: "keys" }, ACTIONS.map((action) => h("li", null, h("button", { onClick: () => decideAll(action) }, h("kbd", null, action.key), action.name))))));
}

function Bar({ listed, place, reviewer, filter, setPanel, setFilter, leads }) {
  const chosen = Object.entries(filter.wanted);
  return h("header", { class: "bar" },
    h("b", null, "thresher"),
    h("span", { class: "count" }, listed.total ? `${(place + 1).toLocaleString()} of ${listed.total.toLocaleString()}` : "0"),
    h("span", { class: "chosen" }, chosen.map(([facet, value]) => h("button", { class: "chip", title: "take this filter away", onClick: () => setFilter({ ...filter, wanted: Object.fromEntries(chosen.filter(([other]) => other !== facet)) }) }, `${FACET_NAMES[facet]}: ${value} ×`)),
      filter.words && h("button", { class: "chip", onClick: () => setFilter({ ...filter, words: "" }) }, `“${filter.words}” ×`)),
    h("button", { onClick: () => setPanel("filters") }, h("kbd", null, "f"), "filters"),
    h("button", { onClick: () => setPanel("order") }, h("kbd", null, "q"), `order: ${filter.order}`),
    h("button", { onClick: () => setPanel("search") }, h("kbd", null, "/"), "search"),
    h("button", { onClick: leads }, h("kbd", null, "o"), "leads"),
    listed.progress && h("span", { class: "progress", title: "items without a verdict, of all; decided by you" }, `${listed.progress.open.toLocaleString()} open of ${listed.progress.items.toLocaleString()} · ${listed.progress.mine.toLocaleString()} by you`),
    h("button", { class: "who", onClick: () => setPanel("who") }, reviewer || "who are you?"));
}

const Facet = ({ name, values, chosen, choose }) =>
  values.length > 0 && h("section", null, h("h2", null, name),
    h("ul", null, values.map(([value, count]) => h("li", null,
      h("button", { class: value === chosen ? "on" : "", onClick: () => choose(value) },
        h("span", { class: "value" }, value || "none"), h("span", { class: "number" }, count.toLocaleString()), h("meter", { min: 0, max: values[0][1], value: count, "aria-hidden": "true" }))))));

const Dialog = ({ title, children }) => h("div", { class: "dialog", role: "dialog", "aria-label": title }, h("h2", null, title), children);

function Who({ reviewer, done }) {
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  return h(Dialog, { title: "Who decides?" }, h("p", null, "Your name stands beside each verdict."),
    h("input", { ref: field, value: reviewer, maxLength: 80, "aria-label": "your name", onChange: (event) => event.target.value.trim() && done(event.target.value.trim()) }));
}

render(h(App), document.body);
