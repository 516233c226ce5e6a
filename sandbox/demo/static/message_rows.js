// Knows how messages stand in the list: which begin a day, and which go on with the one before them.

import { el } from "./dom.js";
import { MessageView, authorOf } from "./message.js";
import { dayOf } from "./timestamps.js";

const TOGETHER_MS = 7 * 60 * 1000;
const days = new Map();

/** A message's view with what its place in the list depends on; `nodes` are what it takes there. */
export class Row {
  nodes = [];
  #key = null;

  constructor(entry) {
    this.view = new MessageView(entry);
    this.at = Date.parse(entry.timestamp);
    this.day = dayOf(this.at);
    this.author = authorOf(entry).id;
    this.isPrivate = Boolean(entry.private);
    this.isAnswer = Boolean(
      entry.used || entry.interaction_metadata || entry.referenced_message !== undefined || entry.failure,
    );
  }

  /** Draw the message anew if it has changed. */
  refresh(entry, failure) {
    const key = `${entry.key} ${failure?.key ?? ""}`;
    if (key === this.#key) return;
    this.#key = key;
    this.view.update(entry, failure);
  }
}

/** Put a line before each day, and let one author's messages within a few minutes stand together. */
export function arrange(rows) {
  let before = null;
  for (const now of rows) {
    const { node } = now.view;
    node.classList.toggle("lead", !isTogether(before, now));
    now.nodes = before?.day === now.day ? [node] : [dayLine(now.day), node];
    before = now;
  }
}

function isTogether(before, now) {
  const isSameVoice =
    before?.author === now.author && before.isPrivate === now.isPrivate && before.day === now.day;
  return isSameVoice && !now.isAnswer && now.at - before.at < TOGETHER_MS;
}

function dayLine(day) {
  if (!days.has(day))
    days.set(day, el("div", { className: "day", role: "separator", "aria-label": day }, el("span", {}, day)));
  return days.get(day);
}
