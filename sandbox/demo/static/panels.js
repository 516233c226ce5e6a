// Draws the panels of the backstage drawer and brings them up to date without taking anybody's focus.

import { ButtonRow, Slider, SwitchRow } from "./controls.js";
import { el } from "./dom.js";
import { keyed } from "./keyed.js";
import { flash } from "./motion.js";
import { tableBody } from "./tables.js";

const BODIES = {
  figures: figuresBody,
  table: tableBody,
  switches: switchesBody,
  slider: (send) => new Slider(send),
  buttons: buttonsBody,
};

/**
 * Make a panel: `{node, update(panel)}`. `send(panel, control, value)` has a control do its work, and
 * gives whether it was done.
 */
export function panelView({ id, kind }, send) {
  const title = el("h3", {});
  const hint = el("p", { className: "hint" });
  const body = BODIES[kind]((control, value) => send(id, control, value));
  const node = el("section", { className: `panel ${kind}` }, title, hint, body.node);
  const update = (now) => {
    title.textContent = now.title;
    hint.textContent = now.hint ?? "";
    node.setAttribute("aria-label", now.title);
    body.update(now);
  };
  return { node, update };
}

function figuresBody() {
  const node = el("dl", {});
  const update = keyed(node, figure, ({ label }) => label);
  return { node, update: ({ figures }) => update(figures) };
}

function figure({ label }) {
  const value = el("dd", {});
  const note = el("dd", { className: "note" });
  const node = el("div", {}, el("dt", {}, label), value, note);
  const update = (now) => {
    if (value.textContent && value.textContent !== String(now.value)) flash(node);
    value.textContent = now.value;
    value.className = `value ${now.tone ?? ""}`;
    note.textContent = now.note ?? "";
  };
  return { node, update };
}

function switchesBody(send) {
  const node = el("div", {});
  const update = keyed(
    node,
    ({ id }) => new SwitchRow(id, send),
    ({ id }) => id,
  );
  return { node, update: ({ switches }) => update(switches) };
}

function buttonsBody(send) {
  const node = el("div", {});
  const update = keyed(
    node,
    ({ id }) => new ButtonRow(id, send),
    ({ id }) => id,
  );
  return { node, update: ({ buttons }) => update(buttons) };
}
