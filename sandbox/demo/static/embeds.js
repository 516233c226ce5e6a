// Draws embeds: the boxes in which classic messages show titles, fields and pictures.

import { el } from "./dom.js";
import { colourOf } from "./colours.js";
import { fileAddress, link } from "./safe_links.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { gallery, thumbnail } from "./media.js";
import { timeOf } from "./timestamps.js";

const IN_A_ROW = 3;

/** Draw one embed. */
export function embed(data, names) {
  const words = el(
    "div",
    { className: "embed-words" },
    ...head(data, names),
    fields(data.fields ?? [], names),
  );
  const small = data.thumbnail ? thumbnail(pictured(data.thumbnail)) : null;
  const large = data.image ? gallery([pictured(data.image)]) : null;
  const box = el("div", { className: "embed" }, words, small, large, foot(data));
  if (Number.isInteger(data.color)) box.style.borderLeftColor = colourOf(data.color);
  return box;
}

function head({ author, title, url, description }, names) {
  return [
    author &&
      el("p", { className: "embed-author" }, smallIcon(author.icon_url), link(author.url, {}, author.name)),
    title && el("p", { className: "embed-title" }, link(url, {}, inlineMarkdown(title, names))),
    description && markdown(description, names),
  ].filter(Boolean);
}

/** Inline fields that follow one another share a row, three at most. */
function fields(all, names) {
  if (!all.length) return null;
  const rows = [];
  for (const field of all) {
    const last = rows.at(-1);
    if (field.inline && last?.[0].inline && last.length < IN_A_ROW) last.push(field);
    else rows.push([field]);
  }
  return el(
    "div",
    { className: "embed-fields" },
    ...rows.flatMap((row) => row.map((field) => drawnField(field, row.length, names))),
  );
}

function drawnField({ name, value, inline }, count, names) {
  const className = inline ? `embed-field in-${count}` : "embed-field";
  return el(
    "div",
    { className },
    el("p", { className: "embed-name" }, inlineMarkdown(name, names)),
    markdown(value, names),
  );
}

function foot({ footer, timestamp }) {
  if (!footer && !timestamp) return null;
  const dot = footer?.text && timestamp ? " • " : "";
  return el(
    "p",
    { className: "embed-foot" },
    smallIcon(footer?.icon_url),
    footer?.text,
    dot,
    timestamp && timeOf(timestamp),
  );
}

function smallIcon(address) {
  const src = fileAddress(address);
  return src && el("img", { src, alt: "", onerror: (event) => event.target.remove() });
}

function pictured({ url, width, height, content_type: type = "image/*" }) {
  return { url, width, height, type, name: "picture" };
}
