// Writes points in time as Discord does, and lets those count that are told from now.

import { el } from "./dom.js";

const LOCALE = "en-US";
const DAY_MS = 86_400_000;
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const date = (options) => new Intl.DateTimeFormat(LOCALE, options);
const STYLES = {
  t: date({ timeStyle: "short" }),
  T: date({ timeStyle: "medium" }),
  d: date({ dateStyle: "short" }),
  D: date({ dateStyle: "long" }),
  f: date({ dateStyle: "long", timeStyle: "short" }),
  F: date({ dateStyle: "full", timeStyle: "short" }),
  s: date({ dateStyle: "short", timeStyle: "short" }),
  S: date({ dateStyle: "short", timeStyle: "medium" }),
};
const FROM_NOW = new Intl.RelativeTimeFormat(LOCALE);

/** Draw a timestamp of a message's text: Unix seconds, in one of Discord's styles. */
export function moment(seconds, style = "f") {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return el("time", { className: "moment" }, "Invalid Date");
  const text = style === "R" ? fromNow(seconds) : STYLES[style].format(at);
  const live = style === "R" ? seconds : undefined;
  return el(
    "time",
    { className: "moment", dateTime: at.toISOString(), title: STYLES.F.format(at), "data-from-now": live },
    text,
  );
}

/** Draw the time of a message: with its day, unless that is today. */
export function timeOf(iso) {
  const at = new Date(iso);
  return el("time", { dateTime: iso, title: STYLES.F.format(at) }, `${dayBefore(at)}${STYLES.t.format(at)}`);
}

/** Draw only the clock's time of a message. */
export function clockOf(iso) {
  return el("time", { dateTime: iso, title: STYLES.F.format(new Date(iso)) }, STYLES.t.format(new Date(iso)));
}

/** Name a day, such as `November 21, 2025`. */
export function dayOf(ms) {
  return STYLES.D.format(ms);
}

/** Let the timestamps that are told from now count, as long as the page is looked at. */
export function startMoments() {
  setInterval(() => document.hidden || count(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || count());
}

function count() {
  for (const shown of document.querySelectorAll("[data-from-now]")) {
    const text = fromNow(Number(shown.dataset.fromNow));
    if (shown.textContent !== text) shown.textContent = text;
  }
}

function fromNow(seconds) {
  const left = Math.round(seconds - Date.now() / 1000);
  const [unit, length] = UNITS.find(([, one]) => Math.abs(left) >= one) ?? UNITS.at(-1);
  return FROM_NOW.format(Math.round(left / length), unit);
}

function dayBefore(at) {
  const days = Math.round((midnight(new Date()) - midnight(at)) / DAY_MS);
  if (days === 0) return "";
  return days === 1 ? "Yesterday at " : `${STYLES.d.format(at)}, `;
}

function midnight(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
