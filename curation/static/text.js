// Text of strangers as elements: Markdown, code and mathematics. No HTML is ever made of it, so nothing in it can act: what is HTML there is
// shown as the letters that it is.
import { h } from "/static/vendor/preact.js";
import { Marked } from "/static/vendor/marked.js";

const MATH_BLOCK = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])/;
const MATH_INLINE = /^(?:\\\(([\s\S]+?)\\\)|\$(?!\s)((?:[^$\\\n]|\\.)+?)(?<![\s\\])\$(?!\d))/;

// Where mathematics may begin: a block only at the beginning of a line, or the parser would end the paragraph there.
const BEGINS = { block: /(?<=^|\n)(?:\$\$|\\\[)/, inline: /\$|\\[([]/ };

const math = (name, level, pattern, display) => ({
  name,
  level,
  start: (text) => {
    const place = text.search(BEGINS[level]);
    return place < 0 ? undefined : place;
  },
  tokenizer(text) {
    const match = pattern.exec(text);
    if (match) return { type: name, raw: match[0], tex: match[1] ?? match[2], display };
  },
});

const marked = new Marked({ gfm: true, breaks: true });
marked.use({ extensions: [math("mathBlock", "block", MATH_BLOCK, true), math("mathWithin", "inline", MATH_BLOCK, true), math("math", "inline", MATH_INLINE, false)] });

const LETTERS = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };
const letters = (text) => text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name) => LETTERS[name]);

function Tex({ tex, display, raw }) {
  const draw = (element) => {
    if (!element || element.dataset.tex === tex) return;
    element.dataset.tex = tex;
    try {
      window.katex.render(tex, element, { displayMode: display, throwOnError: true, trust: false, strict: "ignore", maxExpand: 200, maxSize: 20 });
    } catch {
      element.textContent = raw;
      element.classList.add("unreadable");
    }
  };
  return h(display ? "div" : "span", { class: "math", ref: draw });
}

const SAFE = /^(https?:|mailto:)/i;

// Marks the quoted words of the evidence where a text holds them.
const marks = (text, quote) => {
  const place = quote ? text.indexOf(quote) : -1;
  return place < 0 ? text : [text.slice(0, place), h("mark", null, quote), text.slice(place + quote.length)];
};

const inline = (tokens, quote) => (tokens ?? []).map((token) => span(token, quote));

function span(token, quote) {
  switch (token.type) {
    case "strong": return h("strong", null, inline(token.tokens, quote));
    case "em": return h("em", null, inline(token.tokens, quote));
    case "del": return h("del", null, inline(token.tokens, quote));
    case "codespan": return h("code", null, letters(token.text));
    case "br": return h("br");
    case "math": case "mathWithin": case "mathBlock": return h(Tex, token);
    case "link":
      return SAFE.test(token.href)
        ? h("a", { href: token.href, rel: "noreferrer noopener", target: "_blank", title: token.href }, inline(token.tokens, quote))
        : token.raw;
    case "image": return h("span", { class: "picture", title: token.href }, `picture: ${token.text || token.href}`);
    case "escape": return letters(token.text);
    case "html": return h("span", { class: "html" }, token.raw);
    default: return token.tokens ? inline(token.tokens, quote) : marks(letters(token.text ?? token.raw), quote);
  }
}

const cell = (tag, quote) => (part) => h(tag, { class: part.align || undefined }, inline(part.tokens, quote));

function block(token, quote) {
  switch (token.type) {
    case "space": return null;
    case "heading": return h(`h${Math.min(6, token.depth + 2)}`, null, inline(token.tokens, quote));
    case "paragraph": return h("p", null, inline(token.tokens, quote));
    case "text": return token.tokens ? h("p", null, inline(token.tokens, quote)) : h("p", null, marks(letters(token.text), quote));
    case "code": return h("pre", { title: token.lang || undefined }, h("code", null, marks(token.text, quote)));
    case "blockquote": return h("blockquote", null, blocks(token.tokens, quote));
    case "hr": return h("hr");
    case "list":
      return h(token.ordered ? "ol" : "ul", token.ordered && token.start !== 1 ? { start: token.start } : null,
        token.items.map((item) => h("li", null, item.task ? (item.checked ? "☑ " : "☐ ") : null, blocks(item.tokens, quote))));
    case "table":
      return h("div", { class: "wide" }, h("table", null,
        h("thead", null, h("tr", null, token.header.map(cell("th", quote)))),
        h("tbody", null, token.rows.map((row) => h("tr", null, row.map(cell("td", quote)))))));
    case "html": return h("p", { class: "html" }, token.raw);
    default: return span(token, quote);
  }
}

const blocks = (tokens, quote) => tokens.map((token) => block(token, quote));

// A text as it was meant to be read. `quote` is marked where it stands in it word for word.
export function Text({ text, quote }) {
  let tokens;
  try {
    tokens = marked.lexer(text);
  } catch {
    return h("pre", { class: "text" }, text);
  }
  return h("div", { class: "text", dir: "auto" }, blocks(tokens, quote));
}
