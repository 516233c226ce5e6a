// Makes the fields of options for which the bot suggests values while one types.

import { KIND, readNumber, textFault } from "./checks.js";
import { el } from "./dom.js";
import { givesLists, openList, pressInList, unmark } from "./listbox.js";
import { textBox } from "./textbox.js";

const PAUSE_MS = 200;

/**
 * Make the field of an option with suggestions: `{input, read, fill, isEmpty}`.
 * `ask(text)` asks the bot; what it says to an older text is dropped.
 */
export function suggestionField(option, ask, onchange) {
  // A text that is asked for is a prompt: it gets a line of its own, and grows.
  const isLong = option.type === KIND.text && option.required;
  const input = isLong ? textBox({}) : el("input", { type: "text" });
  const asked = new Asker(ask, (answer) => openList(input, { ...listOf(option, answer), choose: take }));
  let chosen = null;
  function take(item) {
    input.value = item.name;
    input.dispatchEvent(new Event("input"));
    asked.never();
    chosen = item;
    onchange();
  }
  const changed = () => {
    chosen = null;
    // The list is still that of an older text.
    unmark(input);
    asked.later(input.value);
    onchange();
  };
  input.addEventListener("input", changed);
  input.onfocus = () => {
    if (!chosen) asked.now(input.value);
  };
  input.onblur = () => asked.never();
  input.onkeydown = (event) => {
    if (!pressInList(input, event) && event.key === "ArrowDown" && !isLong) asked.now(input.value);
  };
  givesLists(input);
  return {
    input,
    read: () => readSuggested(option, input.value.trim(), chosen),
    fill: (value) => take({ name: String(value), value }),
    isEmpty: () => input.value.trim() === "",
  };
}

/** Asks the bot for suggestions, not at every key, and takes the newest answer only. */
class Asker {
  #ticket = 0;
  #waiting = null;
  #ask;
  #show;

  constructor(ask, show) {
    this.#ask = ask;
    this.#show = show;
  }

  later(text) {
    this.never();
    this.#waiting = setTimeout(() => this.now(text), PAUSE_MS);
  }

  async now(text) {
    this.never();
    const ticket = this.#ticket;
    const answer = await this.#ask(text);
    if (ticket === this.#ticket) this.#show(answer);
  }

  never() {
    clearTimeout(this.#waiting);
    this.#ticket += 1;
  }
}

function listOf(option, answer) {
  return {
    label: option.name,
    items: answer.choices ?? [],
    row: (item) => [el("span", { className: "name" }, item.name)],
    empty: answer.ok ? "The bot suggests nothing." : answer.error,
    eager: false,
  };
}

function readSuggested(option, text, chosen) {
  if (chosen) return { value: chosen.value };
  if (text === "") return {};
  if (option.type === KIND.text) return { value: text, fault: textFault(option, text) };
  return readNumber(option, text);
}
