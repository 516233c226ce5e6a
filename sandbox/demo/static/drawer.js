// Shows what happens behind the bot, in a drawer beside the channel, if the stand-in tells of it.

import { iconButton } from "./buttons.js";
import { el, show } from "./dom.js";
import { icon } from "./icons.js";
import { act, on, state, watchBackstage } from "./connection.js";
import { recall, remember } from "./memory.js";
import { panelView } from "./panels.js";

const OPEN = "backstage";

const button = el(
  "button",
  { type: "button", className: "backstage-button", "aria-controls": "drawer", "aria-expanded": "false" },
  icon("backstage"),
  el("span", {}, "Backstage"),
);
const fault = el("p", { className: "fault", role: "alert" });
const panels = el("div", { className: "panels" });
const views = new Map();

/** Offer the drawer where there is a backstage, open it if it was, and follow the news. */
export function startBackstage() {
  const drawer = document.getElementById("drawer");
  const close = iconButton("close", "Close backstage", () => turn(false));
  drawer.append(el("header", {}, el("h2", {}, "Backstage"), close), fault, panels);
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) turn(false);
  });
  button.onclick = () => turn(drawer.hidden);
  document.getElementById("top-right").append(button);
  on("world", offer);
  on("backstage", draw);
  offer();
}

function offer() {
  const isThere = Boolean(state.world?.backstage);
  button.hidden = !isThere;
  const wanted = isThere && recall(OPEN, false);
  if (wanted !== isOpen()) reveal(wanted);
}

function isOpen() {
  return !document.getElementById("drawer").hidden;
}

function turn(open) {
  remember(OPEN, open);
  reveal(open);
  (open ? document.querySelector("#drawer > header button") : button).focus();
}

function reveal(open) {
  document.getElementById("drawer").hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  watchBackstage(open);
}

function draw() {
  const current = state.backstage.map((panel) => [`${panel.kind} ${panel.id}`, panel]);
  for (const [key, panel] of current) {
    if (!views.has(key)) views.set(key, panelView(panel, send));
    views.get(key).update(panel);
  }
  const known = new Set(current.map(([key]) => key));
  for (const key of [...views.keys()]) if (!known.has(key)) views.delete(key);
  show(panels, current.map(([key]) => views.get(key).node));
}

async function send(panel, control, value) {
  const answer = await act({ do: "backstage", panel, control, value });
  fault.textContent = answer.ok ? "" : answer.error;
  return answer.ok;
}
