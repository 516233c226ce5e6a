// Makes buttons that show nothing but an icon.

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** Make a quiet button with an icon; `label` is what it does, and `more` further properties. */
export function iconButton(name, label, onclick, more = {}) {
  const told = { type: "button", className: "quiet", "aria-label": label, onclick, ...more };
  return el("button", told, icon(name));
}
