// Keeps one part of the page for each item of a list, so that what stays is not drawn anew.

import { show } from "./dom.js";
import { appear } from "./motion.js";

/**
 * Give a function that shows items in an element: `make(item)` makes a part `{node, update(item)}`
 * for each new key, which is updated while it stays, and goes when it goes.
 */
export function keyed(parent, make, keyOf) {
  const parts = new Map();
  return (items) => {
    const isFirst = parts.size === 0;
    const keys = items.map(keyOf);
    for (const key of [...parts.keys()]) if (!keys.includes(key)) parts.delete(key);
    items.forEach((item, index) => {
      const isNew = !parts.has(keys[index]);
      if (isNew) parts.set(keys[index], make(item));
      const part = parts.get(keys[index]);
      part.update(item);
      if (isNew && !isFirst) appear(part.node);
    });
    show(parent, keys.map((key) => parts.get(key).node));
  };
}
