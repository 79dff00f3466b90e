// What the page asks its server. Items come in advance: a neighbour is there before its key is pressed.
const TOKEN = document.querySelector("meta[name=thresher-token]").content;
const AHEAD = 6;
const BEHIND = 2;

export class Conflict extends Error {
  constructor(items, detail) {
    super(detail);
    this.items = items;
  }
}

async function answered(response) {
  const said = await response.json().catch(() => ({}));
  if (response.status === 409) throw new Conflict(said.items ?? [], said.detail);
  if (!response.ok) throw new Error(typeof said.detail === "string" ? said.detail : `the server answered ${response.status}`);
  return said;
}

const post = async (path, body) =>
  answered(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Thresher-Token": TOKEN }, body: JSON.stringify(body) }));

const query = (wanted, words, more) => new URLSearchParams({ ...wanted, ...(words ? { words } : {}), ...more });

// Those after an item: what was decided meanwhile is in the queue no more, so a count of those that are here would pass others over.
export const queue = async (wanted, words, after, reviewer, order) =>
  answered(await fetch(`/api/queue?${query(wanted, words, { after, reviewer, order })}`));

export class Items {
  constructor(changed) {
    this.changed = changed;
    this.known = new Map();
    this.asked = new Map();
    this.old = new Set();
  }

  // Another reviewer may see other things of the same items. What nobody in particular was shown stays until there is what this one may see.
  of(reviewer) {
    if (this.reviewer) {
      if (this.reviewer !== reviewer) this.forget();
    } else if (reviewer) {
      this.old = new Set(this.known.keys());
      this.asked = new Map();
    }
    this.reviewer = reviewer;
    return this;
  }

  get(id) {
    return this.known.get(id);
  }

  put(items) {
    for (const item of items) {
      this.known.set(item.item_id, item);
      this.old.delete(item.item_id);
    }
    this.changed();
  }

  drop(id) {
    this.known.delete(id);
  }

  forget() {
    this.known.clear();
    this.old.clear();
    this.asked = new Map(); // what is on its way was asked for before, and is not taken
  }

  // The item at a place and those about to be looked at; done when they are there, also where another call asked for them.
  async around(ids, place) {
    const wanted = ids.slice(Math.max(0, place - BEHIND), place + AHEAD).filter((id) => !this.known.has(id) || this.old.has(id));
    const missing = wanted.filter((id) => !this.asked.has(id));
    if (missing.length) {
      const request = this.ask(missing);
      missing.forEach((id) => this.asked.set(id, request));
    }
    await Promise.all(wanted.map((id) => this.asked.get(id)));
  }

  async ask(ids) {
    const { reviewer = "", asked } = this;
    try {
      const found = await answered(await fetch(`/api/items?${new URLSearchParams([["reviewer", reviewer], ...ids.map((id) => ["id", id])])}`));
      if (asked === this.asked) this.put(found);
    } finally {
      ids.forEach((id) => asked.delete(id));
    }
  }
}

export const give = (verdict, reviewer, reason, items) =>
  post("/api/verdicts", { verdict, reviewer, reason, items: items.map(({ item_id, version, last }) => ({ item_id, version, last })) });

export const giveAll = (verdict, reviewer, reason, wanted, words, total) =>
  post("/api/verdicts/all", { verdict, reviewer, reason, wanted, words, total });

export const edit = (item, reviewer, reason, texts) =>
  post("/api/edits", { reviewer, reason, item: { item_id: item.item_id, version: item.version, last: item.last }, ...texts });

export const evidence = async (id) => answered(await fetch(`/api/evidence?${new URLSearchParams({ id })}`));

export const leads = async () => answered(await fetch("/api/leads"));

export const completeLead = (record_key, prompt, context, reviewer, reason) => post("/api/leads/complete", { record_key, prompt, context, reviewer, reason });

export const reopenLead = (record_key, reviewer) => post("/api/leads/reopen", { record_key, reviewer });

export const merge = (item_id, other_id, reviewer, reason) => post("/api/merge", { item_id, other_id, reviewer, reason });

export const split = (item_id, reviewer, reason) => post("/api/split", { item_id, reviewer, reason });

export const undo = (reviewer, verdicts) => post("/api/undo", { reviewer, verdicts });
