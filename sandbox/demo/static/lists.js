// Draws the lists of markdown: lines that begin with a dash, a star or a number, and those below them.

import { el } from "./dom.js";

const ITEM = /^( *)(?:[-*]|(\d{1,9})\.) +(.*)$/;

/** Draw the lists that some lines make; `draw(text)` draws what one item says. */
export function lists(source, draw) {
  return el("div", { className: "lists" }, ...nested(items(source), draw));
}

function items(source) {
  const found = [];
  for (const line of source.replace(/\n$/, "").split("\n")) {
    const [, spaces, number, text] = ITEM.exec(line) ?? [];
    if (text === undefined) found.at(-1).text += `\n${line.trim()}`;
    else found.push({ indent: spaces.length, number, text });
  }
  return found;
}

/** Items that stand further in belong to the item above them; another kind begins another list. */
function nested(all, draw) {
  const made = [];
  for (let at = 0; at < all.length;) {
    const { indent, number, text } = all[at];
    const end = all.findIndex((item, index) => index > at && item.indent <= indent);
    const below = all.slice(at + 1, end < 0 ? all.length : end);
    const tag = number === undefined ? "UL" : "OL";
    if (made.at(-1)?.tagName !== tag) made.push(el(tag, { start: number && Number(number) }));
    made.at(-1).append(el("li", {}, ...draw(text), ...nested(below, draw)));
    at += below.length + 1;
  }
  return made;
}
