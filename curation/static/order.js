// In which order the queue is looked at, and how far the learned orders can be trusted.
import { h } from "/static/vendor/preact.js";

export const ORDERS = [
  { id: "urgent", text: "urgent: disputed keys, then what was seen failing, most reported first" },
  { id: "useful", text: "useful: most likely to be accepted first" },
  { id: "doubtful", text: "doubtful: least likely to be accepted first" },
];

const percent = (share) => `${Math.round(100 * share)} %`;

export const tooFew = ({ accepted, rejected, least }) =>
  `${accepted} accepted and ${rejected} rejected so far; it takes ${least} of each to learn from, and until then the queue stays as it is`;

const Calibration = ({ learning }) => [
  h("p", null, `Learned from ${learning.accepted.toLocaleString()} items that were accepted and ${learning.rejected.toLocaleString()} that were rejected. It orders, and decides nothing.`),
  h("p", null, `Brier score of items whose verdicts it had not seen: ${learning.brier.toFixed(3)}; of saying the same of each: ${learning.base.toFixed(3)}.`,
    learning.brier >= learning.base && h("b", null, " It has learned nothing that helps yet.")),
  h("table", { class: "calibration" },
    h("thead", null, h("tr", null, ["expected", "items", "mean expected", "were accepted"].map((name) => h("th", null, name)))),
    h("tbody", null, learning.bins.map((bin) => h("tr", null,
      [`${percent(bin.least)} to ${percent(bin.most)}`, bin.items.toLocaleString(), percent(bin.expected), `${percent(bin.accepted / bin.items)} (${bin.accepted.toLocaleString()})`].map((cell) => h("td", null, cell)))))),
];

export const Orders = ({ order, learning, choose }) =>
  h("div", { class: "dialog", role: "dialog", "aria-label": "Order" }, h("h2", null, "Order"), h("p", null, "A digit chooses what comes first."),
    h("ul", { class: "keys" }, ORDERS.map((row, place) => h("li", null,
      h("button", { class: "wide-choice", "aria-pressed": row.id === order, onClick: () => choose(row) }, h("kbd", null, place + 1), row.id === order ? h("b", null, row.text) : row.text)))),
    learning && (learning.brier === undefined ? h("p", null, tooFew(learning), ".") : h(Calibration, { learning })));
