// Makes text boxes that grow with what is typed into them.

import { el } from "./dom.js";

const GROWS_ITSELF = CSS.supports("field-sizing", "content");

/** Make a text box of one line that grows with its text, as far as its style lets it. */
export function textBox(props) {
  const box = el("textarea", { rows: 1, ...props });
  if (!GROWS_ITSELF) box.addEventListener("input", () => fit(box));
  return box;
}

/** Count characters as Discord does: an emoji of several parts is as many as it has. */
export function lengthOf(text) {
  return [...text].length;
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}
