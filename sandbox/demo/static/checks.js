// Knows what Discord's own client checks in an option before it sends a command, and how to say it.

import { lengthOf } from "./textbox.js";

const MOST_CHARACTERS = 6000;

/** The kinds of options, by the numbers that Discord gives them. */
export const KIND = {
  text: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
};

export const MISSING = "This option is required. Specify a value.";

/** Say what is wrong with a text, or give null. */
export function textFault(option, text) {
  const length = lengthOf(text);
  const [least, most] = lengths(option);
  if (length > most) return `At most ${counted(most)}; this has ${count(length)}.`;
  if (length < least) return `At least ${counted(least)}; this has ${count(length)}.`;
  return null;
}

/** Read a number as it was typed: `{value}`, with a `fault` if it can not be sent. */
export function readNumber(option, text) {
  const value = Number(text);
  return { value, fault: numberFault(option, value) };
}

function numberFault(option, value) {
  const whole = option.type === KIND.integer;
  if (!Number.isFinite(value)) return `Must be a number${whole ? "" : ", such as 0.5"}.`;
  if (whole && !Number.isSafeInteger(value)) return "Must be a whole number.";
  const { min_value: least = null, max_value: most = null } = option;
  if ((least === null || value >= least) && (most === null || value <= most)) return null;
  return `Must be ${range(least, most)}.`;
}

/** Say how many characters an option has at most. */
export function longest(option) {
  return lengths(option)[1];
}

/** Say in a few words what an option takes; empty when there is nothing to say. */
export function rules(option) {
  if (option.choices?.length) return "Choose from the list.";
  if (option.type === KIND.text) return textRules(option);
  if (option.type === KIND.integer || option.type === KIND.number) return numberRules(option);
  return "";
}

function lengths({ min_length: least, max_length: most }) {
  return [least ?? 0, Math.min(most ?? MOST_CHARACTERS, MOST_CHARACTERS)];
}

function textRules({ min_length: least, max_length: most }) {
  if (least && most) return `${count(least)} to ${counted(most)}.`;
  if (least) return `At least ${counted(least)}.`;
  return most ? `At most ${counted(most)}.` : "";
}

function numberRules({ type, min_value: least = null, max_value: most = null }) {
  const kind = type === KIND.integer ? "A whole number" : "A number";
  return least === null && most === null ? `${kind}.` : `${kind}, ${range(least, most)}.`;
}

function range(least, most) {
  if (least !== null && most !== null) return `from ${count(least)} to ${count(most)}`;
  return least === null ? `at most ${count(most)}` : `at least ${count(least)}`;
}

function counted(number) {
  return `${count(number)} ${number === 1 ? "character" : "characters"}`;
}

function count(number) {
  return number.toLocaleString("en");
}
