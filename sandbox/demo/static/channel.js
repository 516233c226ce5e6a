// Shows the messages of the channel: each is drawn once, and anew only when its key changes.

import { el, show } from "./dom.js";
import { on, state } from "./connection.js";
import { authorOf } from "./message.js";
import { startMoments } from "./timestamps.js";
import { nameOf, namesIn } from "./entity_names.js";
import { beginning, hiddenNotice } from "./notices.js";
import { excerpt } from "./references.js";
import { Row, arrange } from "./message_rows.js";
import { Scroller } from "./scroll.js";
import { stretches } from "./virtual_scroll.js";
import { startTop } from "./header.js";

const AT_ONCE = 60;
const MORE = 150;
const READ_OUT = 3;

const log = el("div", { className: "log" });
const waiting = el("p", { className: "room-waiting" }, "Loading messages…");
const news = el("p", { className: "unseen", "aria-live": "polite" });
const rows = new Map();
let scroller = null;
let depth = AT_ONCE;
let newest = null;
let drawing = null;

/** Draw the channel that one is in, and follow its news. */
export function startChannel() {
  const main = document.getElementById("messages");
  main.append(log, news);
  scroller = new Scroller(main, log);
  startTop();
  startMoments();
  on("place", forget);
  on("room", draw);
}

function forget() {
  clearTimeout(drawing);
  rows.clear();
  depth = AT_ONCE;
  newest = null;
  scroller.toEnd();
}

function draw() {
  const { ready, hidden, entries } = state.room;
  if (ready && !hidden) drawEntries(entries);
  else show(log, [hidden ? hiddenNotice : waiting]);
}

/** The newest messages are drawn at once, those before them when there is time. */
function drawEntries(entries) {
  const failures = failuresBelow(entries);
  const all = [...entries.values()].filter((entry) => !failures.has(entry.about));
  const shown = all.slice(-depth);
  const current = shown.map(rowOf);
  shown.forEach((entry, index) => current[index].refresh(entry, failures.get(entry.id)));
  forgetAllBut(entries);
  arrange(current);
  show(log, [...(shown.length === all.length ? [beginning()] : []), ...stretches(current)]);
  announce(all);
  if (shown.length < all.length) drawMore();
  else depth = Infinity;
}

function drawMore() {
  clearTimeout(drawing);
  drawing = setTimeout(() => {
    depth += MORE;
    draw();
  });
}

/** What failed on a message that is here is shown below that message. */
function failuresBelow(entries) {
  const failed = [...entries.values()].filter((entry) => entry.failure && entries.has(entry.about));
  return new Map(failed.map((entry) => [entry.about, entry]));
}

function rowOf(entry) {
  if (!rows.has(entry.id)) rows.set(entry.id, new Row(entry));
  return rows.get(entry.id);
}

function forgetAllBut(entries) {
  for (const id of rows.keys()) if (!entries.has(id)) rows.delete(id);
}

/** Tell of what has come since the last time; at the first look nothing is new. */
function announce(all) {
  const since = newest;
  newest = all.at(-1)?.id ?? "0";
  if (since === null) return;
  const fresh = all.slice(-AT_ONCE).filter((entry) => isAfter(entry.id, since));
  if (!fresh.length) return;
  if (fresh.some(isOwn)) scroller.toEnd();
  scroller.arrived(fresh.length);
  news.textContent = fresh
    .slice(-READ_OUT)
    .map((entry) => `${nameOf(authorOf(entry))}: ${excerpt(entry) || "a file"}`)
    .join("\n");
}

/** What one has written, or called forth with a command, one wants to see. */
function isOwn({ author, used }) {
  return author?.id === state.member || (used && used.user === namesIn().user(state.member));
}

function isAfter(id, other) {
  return BigInt(id) > BigInt(other);
}
