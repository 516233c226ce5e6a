// Reads Discord's markdown and draws it. Rules are tried in order wherever one could begin.

import { el } from "./dom.js";
import { emojiText, isEmojiOnly } from "./emoji.js";
import { link, webAddress } from "./safe_links.js";
import { lists } from "./lists.js";
import { mention } from "./mentions.js";
import { moment } from "./timestamps.js";
import { namesIn } from "./entity_names.js";
import { spoiler } from "./spoilers.js";

const DEEPEST = 12;
const PLAIN = /\n|[^](?:[^\\*_~|`<[@\nh]|h(?!ttps?:\/\/))*/y;
const LABEL_IS_LINK = /https?:\/\//;

/** Draw a text with Discord's markdown; `names` are those of names.js. */
export function markdown(text, names = namesIn()) {
  const source = String(text ?? "");
  const drawn = el("div", { className: "markdown" }, ...parse(source, { names, depth: 0, block: true }));
  if (isEmojiOnly(source)) drawn.classList.add("large");
  return drawn;
}

/** Draw a short text with the markdown of one line only: no headings, lists or quotes. */
export function inlineMarkdown(text, names = namesIn()) {
  return el(
    "span",
    { className: "markdown" },
    ...parse(String(text ?? ""), { names, depth: 0, block: false }),
  );
}

/* Each rule: what it looks like, whether it must begin a line (`line`), and what it draws. */
const RULES = [
  {
    line: true,
    look: / *(#{1,3}) +([^\n]*\S[^\n]*)(?:\n|$)/y,
    draw: ([, marks, text], on) => el(`h${marks.length + 2}`, {}, ...inside(text, on)),
  },
  {
    line: true,
    look: / *-# +([^\n]*\S[^\n]*)(?:\n|$)/y,
    draw: ([, text], on) => el("small", { className: "subtext" }, ...inside(text, on)),
  },
  { line: true, unquoted: true, look: / *>>> ([^]+)/y, draw: ([, text], on) => quote(text, on) },
  {
    line: true,
    unquoted: true,
    look: /(?: *> [^\n]*(?:\n|$))+/y,
    draw: ([text], on) => quote(text.replace(/^ *> /gm, "").replace(/\n$/, ""), on),
  },
  {
    line: true,
    look: /(?: *(?:[-*]|\d{1,9}\.) +\S[^\n]*(?:\n|$)(?: {2,}(?! *(?:[-*]|\d{1,9}\.) )\S[^\n]*(?:\n|$))*)+/y,
    draw: ([text], on) => lists(text, (item) => blocks(item, on)),
  },
  {
    look: /```(?:([\w+#.-]+)\n)?\n*([^\n][^]*?)\n*```\n?/y,
    draw: ([, language, text]) => codeBlock(text, language),
  },
  { look: /\\([^0-9A-Za-z\s])/uy, draw: ([, sign]) => sign },
  { look: /<(https?:\/\/[^\s<>]+)>/y, draw: ([, url]) => address(url) },
  { look: /https?:\/\/[^\s<]+[^\s<.,:;"'\])]\)?/y, draw: ([url], on) => bareLink(url, on) },
  { look: /<(@[!&]?|#)(\d{1,20})>/y, draw: ([, kind, id], { names }) => mention(kind, id, names) },
  {
    look: /<\/([^<>:\n]{1,100}):\d{1,20}>/y,
    draw: ([, name]) => el("span", { className: "mention" }, `/${name}`),
  },
  {
    look: /<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y,
    draw: ([, seconds, style]) => moment(Number(seconds), style),
  },
  { look: /<a?(:\w{2,32}:)\d{1,20}>/y, draw: ([, name]) => el("span", { className: "custom-emoji" }, name) },
  { look: /@(?:everyone|here)\b/y, draw: ([text]) => el("span", { className: "mention" }, text) },
  {
    look: /\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y,
    draw: ([, text], on) => el("strong", {}, ...inside(text, on)),
  },
  { look: /__((?:\\[^]|[^\\])+?)__(?!_)/y, draw: ([, text], on) => el("u", {}, ...inside(text, on)) },
  {
    look: /\*(?=\S)((?:\*\*|\\[^]|\s+(?:\\[^]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/y,
    draw: ([, text], on) => el("em", {}, ...inside(text, on)),
  },
  { look: /\b_((?:__|\\[^]|[^\\_])+?)_\b/y, draw: ([, text], on) => el("em", {}, ...inside(text, on)) },
  { look: /~~([^]+?)~~(?!_)/y, draw: ([, text], on) => el("s", {}, ...inside(text, on)) },
  {
    look: /(`+)([^]*?[^`])\1(?!`)/y,
    draw: ([, , text]) => el("code", {}, text.replace(/^ (?= *`)|(?<=` *) $/g, "")),
  },
  { look: /\|\|([^]+?)\|\|/y, draw: ([, text], on) => spoiler(inside(text, on)) },
  {
    look: /\[((?:\\.|[^\]\\])+?)\]\(<?(https?:\/\/(?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+"([^"\n]*)")?\)/y,
    draw: maskedLink,
  },
];

function parse(source, on) {
  if (on.depth > DEEPEST) return [source];
  const drawn = [];
  for (let at = 0; at < source.length;) {
    const [found, length] = next(source, at, on);
    drawn.push(...(typeof found === "string" ? emojiText(found) : [found]));
    at += length;
  }
  return drawn;
}

/** Draw what stands at a place: by the first rule that fits, or as plain text up to the next sign. */
function next(source, at, on) {
  const beginsLine = on.block && (at === 0 || source[at - 1] === "\n");
  for (const rule of RULES) {
    if ((rule.line && !beginsLine) || (rule.unquoted && on.quoted)) continue;
    const found = match(rule.look, source, at);
    const drawn = found && rule.draw(found, on);
    if (drawn) return [drawn, found[0].length];
  }
  const [plain] = match(PLAIN, source, at);
  return [plain, plain.length];
}

function match(look, source, at) {
  look.lastIndex = at;
  return look.exec(source);
}

function inside(text, on) {
  return parse(text, { ...on, block: false, depth: on.depth + 1 });
}

function blocks(text, on) {
  return parse(text, { ...on, block: true, depth: on.depth + 1 });
}

function quote(text, on) {
  return el("blockquote", {}, ...blocks(text, { ...on, quoted: true }));
}

function codeBlock(text, language) {
  return el("pre", { tabIndex: 0 }, el("code", { "data-language": language }, text));
}

function address(url) {
  return link(url, {}, url);
}

/** A closing bracket belongs to the address only if it was opened in it. */
function bareLink(url, on) {
  if (on.linked) return url;
  const isOpen = url.split("(").length >= url.split(")").length;
  if (isOpen || !url.endsWith(")")) return address(url);
  return el("span", {}, address(url.slice(0, -1)), ")");
}

function maskedLink([, label, url, title], on) {
  if (on.linked || LABEL_IS_LINK.test(label) || !webAddress(url)) return null;
  return link(url, { title: title ? `${title}\n${url}` : url }, ...inside(label, { ...on, linked: true }));
}
