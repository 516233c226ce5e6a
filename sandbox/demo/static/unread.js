// Knows which channels have a message for the member that they have not seen.

import { state } from "./connection.js";
import { recall, remember } from "./memory.js";

const SEEN = "seen";

/** Tell whether somebody notified the member in a place, `{channel, pings}`, since they were there. */
export function isUnread({ channel, pings }) {
  const newest = pings?.[state.member];
  return Boolean(newest) && isLater(newest, recall(SEEN, {})[key(channel)]);
}

/** Take what is in the channel that is open as seen. */
export function see(places) {
  const here = places.find((one) => one.channel === state.channel);
  if (!here || !isUnread(here) || document.hidden) return;
  remember(SEEN, { ...recall(SEEN, {}), [key(here.channel)]: here.pings[state.member] });
}

function key(channel) {
  return `${state.member}:${channel}`;
}

function isLater(one, other) {
  return !other || one.length > other.length || (one.length === other.length && one > other);
}
