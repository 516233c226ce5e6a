// Knows which addresses may be followed: those of the web, and no others.

import { el } from "./dom.js";

/** Give an address as it may be followed, or null. */
export function webAddress(text) {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) ? url.href : null;
}

/** Give the address of a file, which may lie on the stand-in itself, or null. */
export function fileAddress(text) {
  return text && URL.canParse(text, location.href) ? webAddress(new URL(text, location.href).href) : null;
}

/** Make a link that opens in a new tab; where the address may not be followed, only its words. */
export function link(address, props, ...children) {
  const href = webAddress(address);
  if (!href) return el("span", props, ...children);
  return el("a", { ...props, href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

/** Give an address without its query: signatures change, but what they lead to does not. */
export function unsigned(address) {
  return String(address ?? "").split("?")[0];
}
