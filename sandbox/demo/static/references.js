// Draws the line above a message that tells what it answers: another message, or a command.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { inlineMarkdown } from "./markdown.js";
import { nameOf, namesIn } from "./entity_names.js";

const LONGEST = 180;
const LINE_SIGNS = /^ *(?:#{1,3}|-#|>{1,3}|[-*]) +/gm;
const FOUND_MS = 2000;

/** Draw the line of the message that is replied to; a click goes there. */
export function referenceLine(reference) {
  if (!reference) return line("reference", icon("reply"), el("i", {}, "Original message was deleted"));
  const { author } = reference;
  const jump = el(
    "button",
    { type: "button", className: "excerpt", onclick: () => jumpTo(reference.id) },
    excerpt(reference) || "Click to see attachment",
  );
  return line("reference", initials(author.id, nameOf(author), "tiny"), el("b", {}, nameOf(author)), jump);
}

/** Draw the line that tells who used which command. */
export function usedLine({ user, name, kind }) {
  const command = el("span", { className: "mention" }, kind === "menu" ? icon("app") : "/", name);
  return line("used", el("b", {}, user), " used ", command);
}

/** Say in one line what a message says; nothing if it has no words. */
export function excerpt(entry) {
  const words =
    entry.content || textIn(entry.components ?? []) || entry.embeds?.[0]?.title || entry.failure || "";
  const plain = words.slice(0, LONGEST).replace(LINE_SIGNS, "");
  return inlineMarkdown(plain, namesIn(entry)).textContent.replace(/\s+/g, " ").trim();
}

function line(className, ...children) {
  return el("div", { className: `over-line ${className}` }, ...children);
}

function textIn(parts) {
  return parts
    .map((part) => part.content ?? textIn(part.components ?? []))
    .filter(Boolean)
    .join(" ");
}

function jumpTo(id) {
  const found = document.querySelector(`article[data-id="${CSS.escape(id)}"]`);
  if (!found) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  found.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
  found.classList.add("found");
  setTimeout(() => found.classList.remove("found"), FOUND_MS);
}
