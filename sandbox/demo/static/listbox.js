// Shows one list above the composer, worked with the keys of the field that it belongs to.

import { el } from "./dom.js";

const ID = "choices";
const NONE = -1;

const title = el("p", { className: "choices-title" });
const rows = el("div", { id: ID, role: "listbox" });
const note = el("p", { className: "choices-note" });
let open = null;

/** The place of the list. */
export const listPanel = el("div", { className: "choices", hidden: true }, title, rows, note);

/** Says to screen readers how many there are to choose from. */
export const listStatus = el("p", { className: "unseen", role: "status" });

/** Prepare a field for lists: it tells screen readers of them. */
export function givesLists(field) {
  if (field.tagName === "INPUT") {
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "false");
  }
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", ID);
  field.autocomplete = "off";
  field.addEventListener("blur", () => closeList(field));
}

/**
 * Show a field's list. `row(item)` draws one item, `choose(item)` takes it; `empty` is said when
 * there is none, and `eager` marks the first one, so that Enter takes it.
 */
export function openList(field, { label, items, row, choose, empty = "", eager = true }) {
  if (open && open.field !== field) closeList();
  open = { field, items, choose, active: NONE };
  title.textContent = label;
  rows.setAttribute("aria-label", label);
  rows.replaceChildren(...items.map((item, index) => drawn(row(item), index)));
  note.textContent = items.length ? "" : empty;
  listPanel.hidden = !items.length && !empty;
  if (field.tagName === "INPUT") field.setAttribute("aria-expanded", String(items.length > 0));
  listStatus.textContent = items.length ? `${label}: ${items.length}` : empty;
  mark(eager && items.length ? 0 : NONE);
  listPanel.scrollTop = 0;
}

/** Close the list; with a field, only if it is its own. */
export function closeList(field = open?.field) {
  if (!open || open.field !== field) return;
  if (field.tagName === "INPUT") field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  listPanel.hidden = true;
  listStatus.textContent = "";
  open = null;
}

/** Let no item be taken with Enter until one is marked again. */
export function unmark(field) {
  if (open?.field === field) mark(NONE);
}

/** Tell whether a field's list is open. */
export function hasList(field) {
  return open?.field === field && !listPanel.hidden;
}

/** Let the list have a key that was pressed in a field; tell whether it took it. */
export function pressInList(field, event) {
  if (!hasList(field) || event.isComposing) return false;
  const taken = (KEYS[event.key] ?? (() => false))(event);
  if (taken) event.preventDefault();
  return taken;
}

const KEYS = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  Enter: (event) => !event.shiftKey && take(open.active),
  // Tab takes what is marked and goes on to the next field, unless the choice has moved the focus.
  Tab: (event) => !event.shiftKey && take(open.active) && document.activeElement !== event.target,
  Escape: () => {
    closeList();
    return true;
  },
};

function step(by) {
  if (!open.items.length) return false;
  const count = open.items.length;
  mark(open.active === NONE ? (by > 0 ? 0 : count - 1) : (open.active + by + count) % count);
  return true;
}

function take(index) {
  const item = open.items[index];
  if (item === undefined) return false;
  const { choose } = open;
  closeList();
  choose(item);
  return true;
}

function mark(index) {
  rows.children[open.active]?.setAttribute("aria-selected", "false");
  open.active = index;
  const row = rows.children[index];
  if (!row) return open.field.removeAttribute("aria-activedescendant");
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  open.field.setAttribute("aria-activedescendant", row.id);
}

function drawn(children, index) {
  return el(
    "div",
    {
      role: "option",
      id: `${ID}-${index}`,
      "aria-selected": "false",
      // The field keeps the focus while the list is used.
      onmousedown: (event) => event.preventDefault(),
      onmousemove: () => mark(index),
      onclick: () => take(index),
    },
    ...children,
  );
}
