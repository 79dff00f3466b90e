// One item, whole: what is asked, the key, what was seen failing, who says so, what others decided.
import { h } from "/static/vendor/preact.js";
import { Edited, Editor } from "./edit.js";
import { Source } from "./source.js";
import { Text } from "./text.js";

const when = (stamp) => (stamp ? stamp.slice(0, 10) : "");
const host = (url) => { try { return new URL(url).host; } catch { return url; } };
const Tag = (name, text, title) => text && h("span", { class: `tag ${name}`, title }, text);

const linked = (url, text) => (/^https?:/i.test(url) ? h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, text) : text);

const Turns = ({ item, quote }) =>
  item.messages.map((message) => h("section", { class: `turn ${message.role}` }, h("h3", null, message.role), h(Text, { text: message.content, quote })));

// The two responses of a preference, the better one marked; of a choice its options, the right one marked.
function Options({ item }) {
  if (!item.choices.length) return null;
  const pair = item.kind === "preference" && item.choices.length === 2;
  return h("section", { class: pair ? "pair" : "options" },
    item.choices.map((choice, place) => {
      const letter = String.fromCharCode(65 + place);
      const right = choice === item.target;
      return h("div", { class: right ? "option right" : "option" },
        h("h3", null, pair ? `response ${letter}` : letter, right && h("span", { class: "better" }, pair ? " better, by the vote" : " the key")),
        h(Text, { text: choice }));
    }));
}

const Key = ({ item }) =>
  item.target && !item.choices.includes(item.target) &&
  h("section", { class: "key" }, h("h3", null, "key ", Tag(item.key_status, item.key_status)), h(Text, { text: item.target }),
    item.aliases.length > 0 && h("p", { class: "aside" }, "also: ", item.aliases.join(" · ")));

const Rubric = ({ item }) => item.rubric && h("section", { class: "rubric" }, h("h3", null, "rubric"), h(Text, { text: item.rubric }));

const Report = ({ report }) =>
  h("li", { class: "report" },
    h("div", { class: "by" }, Tag(report.tier, report.tier), " ", linked(report.url, `${report.source} · ${host(report.url) || report.site}`), " ", h("time", null, when(report.created_at))),
    report.claim?.words && h("blockquote", null, report.claim.words.text),
    report.failing.map((answer) => h("details", { class: "failing", open: true }, h("summary", null, "failing answer", answer.model && ` of ${answer.model}`), h(Text, { text: answer.text }))));

const Verdicts = ({ item }) =>
  item.verdicts.length > 0 &&
  h("section", { class: "verdicts" }, h("h3", null, "decided"),
    h("ol", null, item.verdicts.map((given) => h("li", null, h("b", null, given.verdict), ` by ${given.author}, ${when(given.given_at)}`, given.reason && h("div", { class: "aside" }, given.reason)))));

const Neighbours = ({ item, open }) =>
  item.neighbours.length > 0 &&
  h("section", { class: "neighbours" }, h("h3", null, "nearest"),
    h("ul", null, item.neighbours.map((near) => h("li", null, h("button", { class: "link", onClick: () => open(near.other_id) }, near.other_id.slice(0, 8)), ` ${near.score.toFixed(2)} `, h("span", { class: "aside" }, near.reason), near.text && h("div", { class: "near", dir: "auto" }, near.text.slice(0, 160))))));

export function Card({ item, order, open, filter, editing, save, close, sourced, tell }) {
  const asked = item.reports.find((report) => report.claim?.prompt)?.claim.prompt.text;
  const quote = item.messages.some((message) => message.content.trim() === asked?.trim()) ? null : asked;
  return h("article", { class: "card" },
    h("header", null,
      h("p", { class: "why" }, order === "urgent" || !item.learned ? item.why : item.learned),
      h("p", { class: "tags" }, Tag("kind", item.kind), Tag(item.tier, item.tier, "evidence"), Tag(item.status, item.status, "status"), Tag("language", item.language),
        Tag("licence", item.licence, `exports ${item.export_class}`), item.tags.map((tag) => Tag("plain", tag)))),
    h("div", { class: "columns" },
      h("div", { class: "asked" }, editing && h(Editor, { item, save, close }), sourced && h(Source, { item, tell }), h(Edited, { item }), h(Turns, { item, quote }), h(Options, { item }), h(Key, { item }), h(Rubric, { item })),
      h("aside", null,
        h("section", null, h("h3", null, item.report_count === 1 ? "1 report" : `${item.report_count} reports`),
          h("ul", { class: "reports" }, item.reports.map((report) => h(Report, { report })))),
        item.cluster && h("section", null, h("h3", null, "failure cluster"),
          h("button", { class: "link", title: "show the whole cluster", onClick: () => filter("cluster", item.cluster.label) }, item.cluster.label), ` · ${item.cluster.reports} reports`),
        h(Neighbours, { item, open }),
        item.merged.length > 0 && h("section", { class: "neighbours" }, h("h3", null, `merged into it: ${item.merged.length}`),
          h("ul", null, item.merged.slice(0, 9).map((one) => h("li", null, h("div", { class: "near", dir: "auto" }, one.text.slice(0, 160)))))),
        h(Verdicts, { item }),
        h("p", { class: "aside id" }, item.item_id, " v", item.version, h("br"), item.attribution))));
}
