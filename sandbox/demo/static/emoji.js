// Knows which signs are emoji: they are shown larger, and larger still where they stand alone.

import { el } from "./dom.js";

const MOST_LARGE = 30;
const CUSTOM = /<a?:\w{2,32}:\d{1,20}>/g;
const PART = String.raw`(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{Emoji_Modifier}?`;
const EMOJI = String.raw`(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F\u20E3|${PART}(?:\u200D(?:${PART}|\p{Extended_Pictographic}))*)`;
const SPLIT = new RegExp(`(${EMOJI}+)`, "u");
const EACH = new RegExp(EMOJI, "gu");
const ASCII = /^[\x00-\x7f]*$/;

/** Split a text into what is to be inserted: strings, and emoji in elements of their own. */
export function emojiText(text) {
  if (ASCII.test(text)) return [text];
  const parts = text.split(SPLIT);
  return parts
    .map((part, index) => (index % 2 ? el("span", { className: "emoji" }, part) : part))
    .filter((part) => part !== "");
}

/** Tell whether a text is nothing but a few emoji. */
export function isEmojiOnly(text) {
  const bare = text.replace(CUSTOM, "").replace(EACH, "");
  if (bare.trim() !== "" || text.trim() === "") return false;
  return (text.match(CUSTOM)?.length ?? 0) + (text.match(EACH)?.length ?? 0) <= MOST_LARGE;
}

/** Draw an emoji of a button or an option; those of servers are shown by their names. */
export function emojiOf({ id, name }) {
  return el("span", { className: "emoji", "aria-hidden": "true" }, id ? `:${name}:` : name);
}
