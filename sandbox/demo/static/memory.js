// Keeps what the visitor chose from one visit to the next, as far as the browser lets it.

const PREFIX = "discord-page.";

// Where the browser keeps nothing, a choice still holds until the page is left.
const chosen = new Map();

/** Give what was remembered under a name, or `otherwise`. */
export function recall(name, otherwise = null) {
  if (chosen.has(name)) return chosen.get(name);
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Remember a value under a name. */
export function remember(name, value) {
  chosen.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is switched off or full.
  }
}
