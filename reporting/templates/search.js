"use strict";
// Searches the rows in the page itself: every word must stand somewhere in a row. Texts are set as text, never as markup.
(() => {
  const SHOWN = 100, BEFORE_ANYBODY_ASKS = 12;
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const field = document.getElementById("search"), list = document.getElementById("hits"), count = document.getElementById("count");
  const words = rows.map((row) => row.words.toLowerCase());
  const show = () => {
    const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = rows.filter((_, n) => asked.every((word) => words[n].includes(word)));
    const most = asked.length ? SHOWN : BEFORE_ANYBODY_ASKS;
    count.textContent = `${hits.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` + (hits.length > most ? `, the first ${most}` : "");
    list.replaceChildren(...hits.slice(0, most).map((row) => {
      const item = document.createElement("li"), link = document.createElement("a"), about = document.createElement("div");
      link.href = row.path; link.textContent = row.title;
      about.className = "soft"; about.textContent = row.about;
      item.append(link, about);
      return item;
    }));
  };
  field.addEventListener("input", show);
  show();
})();
