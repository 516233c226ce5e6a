// Greets a visitor with one line and with examples that fill the composer.

import { iconButton } from "./buttons.js";
import { aboveComposer, besideComposer, fill } from "./composer.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { on, state } from "./connection.js";
import { recall, remember } from "./memory.js";
import { notify } from "./toast.js";

const GONE = "welcome-dismissed";

const line = el("p", {});
const away = iconButton("close", "Dismiss the examples", () => turn(false));
const cards = el("ul", {});
const welcome = el(
  "section",
  { className: "welcome", "aria-label": "Examples", hidden: true },
  el("header", {}, line, away),
  cards,
);
const again = el(
  "button",
  { type: "button", className: "again", hidden: true, onclick: () => turn(true) },
  icon("spark"),
  "Examples",
);
let drawnAs = "null";

/** Show the welcome in an empty channel until it is dismissed, and a button that brings it back. */
export function startWelcome() {
  aboveComposer.append(welcome);
  besideComposer.append(again);
  on("world", draw);
  on("room", reveal);
}

function draw() {
  const now = JSON.stringify(state.world.welcome ?? null);
  if (now === drawnAs) return;
  drawnAs = now;
  line.textContent = state.world.welcome?.line ?? "";
  cards.replaceChildren(...(state.world.welcome?.examples ?? []).map(card));
  reveal();
}

function turn(open) {
  remember(GONE, !open);
  reveal();
  (open ? cards.querySelector("button") : again).focus();
}

/** The examples are commands: they are no use where none may be used. */
function reveal() {
  if (!state.room.ready) return;
  const isUseful = Boolean(state.world?.welcome && state.room.may.command);
  const isGone = recall(GONE, state.room.entries.size > 0);
  welcome.hidden = !isUseful || isGone;
  again.hidden = !isUseful || !isGone;
}

function card(example) {
  const { title, text, command, picture } = example;
  const shown = picture
    ? el("img", { src: picture, alt: "" })
    : el("span", { className: "no-picture" }, icon("spark"));
  const words = [el("b", {}, title), el("span", {}, text), el("code", {}, `/${command}`)];
  const inside = [shown, el("span", { className: "words" }, ...words)];
  return el("li", {}, el("button", { type: "button", onclick: () => take(example) }, ...inside));
}

async function take({ command, options, files = {} }) {
  try {
    const fetched = await Promise.all(Object.entries(files).map(fetchedFile));
    fill({ command, options, files: Object.fromEntries(fetched) });
  } catch {
    notify("The example's files could not be fetched.");
  }
}

async function fetchedFile([option, { url, name }]) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(name);
  const content = await answer.blob();
  return [option, new File([content], name, { type: content.type })];
}
