// Draws what stands in a channel besides its messages: where it begins, and that it is not for everybody.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { channelHere } from "./header.js";

/** Says that the member does not see the channel. */
export const hiddenNotice = notice(
  "lock",
  "You do not see this channel",
  "Become another member to read it.",
);

let begun = { name: null, node: null };

/** Draw where the channel begins. */
export function beginning() {
  const { name = "", thread, direct } = channelHere() ?? {};
  if (begun.name !== name) begun = { name, node: beginningOf(name, thread, direct) };
  return begun.node;
}

function beginningOf(name, thread, direct) {
  if (direct) return notice("at", name, `This is the beginning of your direct messages with ${name}.`);
  if (thread) return notice("thread", name, `This is the beginning of the thread ${name}.`);
  return notice("hash", `Welcome to #${name}!`, `This is the beginning of the #${name} channel.`);
}

function notice(sign, title, words) {
  return el(
    "div",
    { className: "notice" },
    el("span", { className: "notice-sign" }, icon(sign)),
    el("h2", {}, title),
    el("p", {}, words),
  );
}
