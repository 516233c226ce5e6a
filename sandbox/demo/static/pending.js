// Knows which buttons and menus wait for the bot: until its answer is seen, or it has taken too long.

import { on, state } from "./connection.js";

const LONGEST_MS = 3500;
const waiting = new Map();

/** Show that something waits for the bot's answer to what was done on a message. */
export function wait(node, message) {
  const timer = setTimeout(() => endWait(node), LONGEST_MS);
  waiting.set(node, { message, timer, key: keyOf(message), newest: newestId(), forms: formIds() });
  node.setAttribute("aria-busy", "true");
}

/** Tell whether something still waits. */
export function isWaiting(node) {
  return waiting.has(node);
}

/** Show that something waits no longer. */
export function endWait(node) {
  clearTimeout(waiting.get(node)?.timer);
  waiting.delete(node);
  node.removeAttribute("aria-busy");
}

on("room", () => {
  for (const [node, since] of waiting) if (isAnswered(since)) endWait(node);
});

function isAnswered({ message, key, newest, forms }) {
  if (keyOf(message) !== key || state.room.forms.some((form) => !forms.includes(form.id))) return true;
  return [...state.room.entries.values()].some((entry) => isNewer(entry.id, newest) && isAnswer(entry));
}

function isAnswer(entry) {
  return entry.private || entry.author?.id === state.world?.bot?.id;
}

function keyOf(message) {
  return state.room.entries.get(message)?.key;
}

function newestId() {
  return [...state.room.entries.keys()].at(-1) ?? "";
}

function formIds() {
  return state.room.forms.map((form) => form.id);
}

function isNewer(id, than) {
  return id.length > than.length || (id.length === than.length && id > than);
}
