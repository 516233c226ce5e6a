// Draws the picture of somebody who has none: the first letters of the name on a colour of their own.

import { el } from "./dom.js";

const COLOURS = 6;

/** Draw somebody's picture; it says nothing to screen readers, for the name stands beside it. */
export function initials(id, name, className = "") {
  const words = name.split(/\s+/).slice(0, 2);
  const letters = words.map((word) => [...word][0] ?? "").join("");
  const colour = Number(BigInt(id) % BigInt(COLOURS));
  const look = `initials colour-${colour} ${className}`;
  return el("span", { className: look, "aria-hidden": "true" }, letters.toUpperCase());
}
