// Says above the composer what did not work, until it is dismissed or something else is tried.

import { iconButton } from "./buttons.js";
import { el } from "./dom.js";

const text = el("p");
const close = iconButton("close", "Dismiss", hush);
const line = el("div", { className: "toast", hidden: true }, text, close);

/** The place of the line: always there, so that screen readers hear what comes into it. */
export const toastLine = el("div", { role: "alert" }, line);

/** Say what did not work. */
export function notify(message) {
  text.textContent = message;
  line.hidden = false;
}

/** Take back what was said. */
export function hush() {
  line.hidden = true;
  text.textContent = "";
}
