// Remembers what was drawn from which data, so that what has not changed stays where it stands.

import { unsigned } from "./safe_links.js";

const ADDRESSES = ["url", "proxy_url", "icon_url", "proxy_icon_url"];

/** What one message has drawn; `draw` is called for each part, and `settle` after the last one. */
export class Kept {
  #before = new Map();
  #now = new Map();

  /** Give the node that was drawn from the same data the last time, or let `make` draw it. */
  draw(data, make) {
    const key = JSON.stringify(data, shownOnly);
    const node = this.#before.get(key)?.shift() ?? make();
    this.#now.set(key, [...(this.#now.get(key) ?? []), node]);
    return node;
  }

  /** Forget what is no longer shown. */
  settle() {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

/** Numbers of components and signatures of links change without anything looking different. */
function shownOnly(name, value) {
  if (name === "id" && typeof value === "number") return undefined;
  return ADDRESSES.includes(name) ? unsigned(value) : value;
}
