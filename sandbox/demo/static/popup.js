// Shows a menu over the page, worked with mouse, finger and keys.

import { el } from "./dom.js";

const GAP = 8;

let close = () => {};

/**
 * Open a menu. `entries` are `{label, hint?, before?, checked?, run}` or `{title}`; it opens at the
 * point `at`, or above and as wide as the element `above`. The focus comes back when it closes.
 */
export function openPopup({ label, entries, at, above }) {
  close();
  const back = document.activeElement;
  const menu = el("div", { className: "popup", role: "menu", "aria-label": label, tabIndex: -1 });
  const shut = (focusBack) => {
    menu.remove();
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", away);
    close = () => {};
    if (focusBack && back?.isConnected) back.focus();
  };
  const away = () => shut(false);
  const outside = (event) => menu.contains(event.target) || shut(false);
  menu.append(...entries.map((entry) => drawn(entry, shut)));
  menu.onkeydown = (event) => press(event, menu, shut);
  menu.oncontextmenu = (event) => event.preventDefault();
  document.getElementById("overlays").append(menu);
  put(menu, at ?? pointAbove(menu, above));
  addEventListener("pointerdown", outside, true);
  addEventListener("resize", away);
  close = away;
  (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button") ?? menu).focus();
}

function drawn(entry, shut) {
  if (entry.title) return el("p", { className: "popup-title", role: "presentation" }, entry.title);
  const isChoice = entry.checked !== undefined;
  return el(
    "button",
    {
      type: "button",
      role: isChoice ? "menuitemradio" : "menuitem",
      tabIndex: -1,
      "aria-checked": isChoice ? entry.checked : undefined,
      onclick: () => {
        shut(true);
        entry.run();
      },
      onmouseenter: (event) => event.currentTarget.focus({ preventScroll: true }),
    },
    entry.before,
    el("span", { className: "label" }, entry.label),
    entry.hint && el("span", { className: "hint" }, entry.hint),
  );
}

function press(event, menu, shut) {
  const buttons = [...menu.querySelectorAll("button")];
  const here = buttons.indexOf(document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") shut(true);
  else if (event.key === "ArrowDown") buttons[(here + 1) % buttons.length]?.focus();
  else if (event.key === "ArrowUp") buttons.at(here > 0 ? here - 1 : -1)?.focus();
  else if (event.key === "Home") buttons[0]?.focus();
  else if (event.key === "End") buttons.at(-1)?.focus();
  else if (event.key.length === 1 && event.key !== " ") startsWith(event.key, buttons, here)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function startsWith(letter, buttons, here) {
  const name = (button) => button.querySelector(".label").textContent.toLowerCase();
  const inTurn = [...buttons.slice(here + 1), ...buttons.slice(0, here + 1)];
  return inTurn.find((button) => name(button).startsWith(letter.toLowerCase()));
}

function pointAbove(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  menu.style.minWidth = `${box.width}px`;
  return { x: box.left, y: box.top - GAP - menu.offsetHeight };
}

/** Put the menu at a point, moved as far as it takes to stay inside the window. */
function put(menu, { x, y }) {
  menu.style.left = `${Math.max(GAP, Math.min(x, innerWidth - menu.offsetWidth - GAP))}px`;
  menu.style.top = `${Math.max(GAP, Math.min(y, innerHeight - menu.offsetHeight - GAP))}px`;
}
