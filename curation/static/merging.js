// An item that repeats another, and one that was merged by mistake: which one, by a digit.
import { h, useEffect } from "/static/vendor/preact.js";

export function Choice({ title, hint, rows, choose }) {
  useEffect(() => {
    const onKey = (event) => {
      const row = rows[Number(event.key) - 1];
      if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      choose(row);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  return h("div", { class: "dialog", role: "dialog", "aria-label": title }, h("h2", null, title), h("p", null, hint),
    h("ul", { class: "keys" }, rows.slice(0, 9).map((row, place) => h("li", null,
      h("button", { class: "wide-choice", onClick: () => choose(row) }, h("kbd", null, place + 1), h("span", { dir: "auto" }, row.text.slice(0, 300)), row.why && h("span", { class: "aside" }, ` ${row.why}`))))));
}
