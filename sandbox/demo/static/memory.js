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
  keep(() => localStorage, name, value);
}

/** Give what this window remembers under a name: two windows may be two members. */
export function recallHere(name, otherwise = null) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Remember a value under a name for this window, also when it is loaded again. */
export function rememberHere(name, value) {
  keep(() => sessionStorage, name, value);
}

function keep(storage, name, value) {
  try {
    storage().setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is switched off or full.
  }
}
