// Makes menus to choose from: a button, and a list that opens over everything else.

import { el } from "./dom.js";
import { icon } from "./icons.js";

const GAP = 4;
const ROOM = 280;
const EDGE = 8;
let made = 0;

/**
 * Make a menu: `{node, button, values()}`. It is given `{label, placeholder, options, chosen, least,
 * most, disabled, onchange, ontoofew}`, where `options` are `{value, label, description?, before?}` and
 * `chosen` the values chosen at first. When the list closes with another choice, `onchange(values)`
 * is called; with fewer than `least`, the choice goes back and `ontoofew(least)` is called.
 */
export function select(given) {
  const menu = { least: 1, most: 1, ...given, chosen: new Set(given.chosen), kept: given.chosen, active: 0 };
  menu.popup = listOf(menu);
  menu.button = buttonOf(menu);
  menu.popup.append(...drawnOptions(menu));
  listen(menu);
  tell(menu);
  const node = el("div", { className: "select-box" }, menu.button, menu.popup);
  return { node, button: menu.button, values: () => [...menu.kept] };
}

/** The list takes the focus as soon as it opens, so that no key goes elsewhere. */
function listOf({ label, most }) {
  const look = { className: "select-list", id: `select-${made++}`, popover: "auto" };
  const told = { role: "listbox", "aria-label": label, "aria-multiselectable": most > 1 };
  return el("div", { ...look, ...told, tabIndex: -1, autofocus: true });
}

function buttonOf({ popup, disabled = false }) {
  const told = { "aria-haspopup": "listbox", "aria-expanded": "false" };
  return el("button", {
    type: "button",
    className: "select",
    disabled,
    popoverTargetElement: popup,
    ...told,
  });
}

function drawnOptions(menu) {
  menu.rows = menu.options.map((option, index) => drawnOption(menu, option, index));
  const hint = hintOf(menu);
  const empty = menu.rows.length
    ? null
    : el("p", { className: "select-hint" }, "There is nothing to choose from.");
  return [...menu.rows, empty, hint && el("p", { className: "select-hint" }, hint)].filter(Boolean);
}

function drawnOption(menu, { label, description, before }, index) {
  const words = el(
    "span",
    { className: "select-words" },
    el("span", {}, label),
    description && el("small", {}, description),
  );
  const props = {
    role: "option",
    id: `${menu.popup.id}-${index}`,
    className: "select-option",
    "aria-selected": "false",
  };
  return el(
    "div",
    { ...props, onclick: () => take(menu, index), onmousemove: () => mark(menu, index) },
    before,
    words,
    el("span", { className: "select-tick" }, icon("check")),
  );
}

function hintOf({ least, most }) {
  if (most <= 1) return "";
  return least === most ? `Choose ${most}.` : `Choose ${least ? `${least} to ` : "up to "}${most}.`;
}

function listen(menu) {
  const follow = () => put(menu);
  menu.button.onkeydown = (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    menu.popup.showPopover();
  };
  menu.popup.onkeydown = (event) => press(menu, event);
  menu.popup.addEventListener("beforetoggle", ({ newState }) => newState === "open" && opening(menu));
  menu.popup.addEventListener("toggle", ({ newState }) => {
    const isOpen = newState === "open";
    const turn = isOpen ? addEventListener : removeEventListener;
    for (const what of ["scroll", "resize"]) turn(what, follow, { capture: true, passive: true });
    menu.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) reveal(menu);
    else closed(menu);
  });
}

function opening(menu) {
  put(menu);
  const first = menu.options.findIndex((option) => menu.chosen.has(option.value));
  mark(menu, Math.max(first, 0));
}

/** What was chosen counts from when the list closes. */
function closed(menu) {
  const now = menu.options.map((option) => option.value).filter((value) => menu.chosen.has(value));
  const isSame = now.length === menu.kept.length && now.every((value) => menu.kept.includes(value));
  if (now.length < menu.least && !isSame) {
    menu.chosen = new Set(menu.kept);
    menu.ontoofew?.(menu.least);
  } else {
    menu.kept = now;
    if (!isSame) menu.onchange?.(now);
  }
  tell(menu);
}

const MOVES = {
  ArrowDown: (menu) => menu.active + 1,
  ArrowUp: (menu) => menu.active - 1,
  Home: () => 0,
  End: (menu) => menu.rows.length - 1,
};

function press(menu, event) {
  if (event.key in MOVES) mark(menu, MOVES[event.key](menu));
  else if (event.key === "Enter" || event.key === " ") take(menu, menu.active);
  else if (event.key === "Tab") menu.popup.hidePopover();
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey)
    mark(menu, startingWith(menu, event.key));
  else return;
  event.stopPropagation();
  if (event.key !== "Tab") event.preventDefault();
}

function startingWith({ options, active }, letter) {
  const starts = (option) => option.label.toLowerCase().startsWith(letter.toLowerCase());
  const after = options.findIndex((option, index) => index > active && starts(option));
  return after < 0 ? options.findIndex(starts) : after;
}

function take(menu, index) {
  const value = menu.options[index]?.value;
  if (value === undefined) return;
  if (menu.most <= 1) {
    const again = menu.chosen.has(value) && menu.least === 0;
    menu.chosen = new Set(again ? [] : [value]);
    menu.popup.hidePopover();
    menu.button.focus();
  } else if (!menu.chosen.delete(value) && menu.chosen.size < menu.most) menu.chosen.add(value);
  tell(menu);
}

function mark(menu, index) {
  const row = menu.rows[index];
  if (!row) return;
  menu.rows[menu.active]?.classList.remove("active");
  menu.active = index;
  row.classList.add("active");
  reveal(menu);
  menu.popup.setAttribute("aria-activedescendant", row.id);
}

function reveal({ rows, active }) {
  rows[active]?.scrollIntoView({ block: "nearest" });
}

/** Show what is chosen: in the button, and in the list. */
function tell(menu) {
  const isFull = menu.most > 1 && menu.chosen.size >= menu.most;
  const shown = menu.options.filter((option) => menu.chosen.has(option.value));
  for (const [index, option] of menu.options.entries()) {
    const isChosen = menu.chosen.has(option.value);
    menu.rows[index].setAttribute("aria-selected", String(isChosen));
    menu.rows[index].setAttribute("aria-disabled", String(isFull && !isChosen));
  }
  const words =
    menu.most > 1
      ? shown.map(chip)
      : shown.map((option) =>
          el("span", { className: "select-one" }, option.before?.cloneNode(true), option.label),
        );
  menu.button.replaceChildren(
    ...(words.length ? words : [el("span", { className: "select-placeholder" }, menu.placeholder)]),
    icon("chevron"),
  );
  menu.button.setAttribute(
    "aria-label",
    [menu.label, shown.map((option) => option.label).join(", ")].filter(Boolean).join(": "),
  );
}

function chip(option) {
  return el("span", { className: "select-chip" }, option.label);
}

function put({ button, popup }) {
  const box = button.getBoundingClientRect();
  const below = innerHeight - box.bottom - GAP - EDGE;
  const above = box.top - GAP - EDGE;
  const isBelow = below >= Math.min(ROOM, above) || below > above;
  popup.style.width = `${box.width}px`;
  popup.style.left = `${box.left}px`;
  popup.style.maxHeight = `${Math.min(ROOM, isBelow ? below : above)}px`;
  popup.style.top = isBelow ? `${box.bottom + GAP}px` : "auto";
  popup.style.bottom = isBelow ? "auto" : `${innerHeight - box.top + GAP}px`;
}
