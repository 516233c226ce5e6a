// Makes the fields of a command's options, each with its name, its help and what is wrong with it.

import { iconButton } from "./buttons.js";
import { KIND, MISSING, longest, readNumber, rules, textFault } from "./checks.js";
import { choiceField } from "./choices.js";
import { el } from "./dom.js";
import { fileField } from "./files.js";
import { suggestionField } from "./suggestions.js";
import { lengthOf, textBox } from "./textbox.js";
import { limitText, tooLarge } from "./uploads.js";

const COUNTER_FROM = 5000;

/**
 * Make the field of an option: `{option, node, input, read, fill, isEmpty, check}`.
 * `read()` gives `{}`, `{value}`, `{thing}` or `{file}`, with a `fault` if it can not be sent;
 * `check()` shows the fault and tells whether there is none. `ask(text)` asks for suggestions, and
 * `remove()` is called when the field is no longer wanted.
 */
export function optionField(option, { ask, remove }) {
  const fault = el("p", { className: "fault", id: `${idOf(option)}-fault` });
  const complain = (text) => {
    fault.textContent = text ?? "";
    field.input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  const field = bare(option, ask, () => complain(null), complain);
  const look = { className: `option kind-${option.type}` };
  const node = el("div", look, ...labelled(option, field, remove), fault);
  const check = () => {
    const { fault: found = option.required && field.isEmpty() ? MISSING : null } = field.read();
    complain(found);
    return !found;
  };
  return { ...field, option, node, check };
}

/** Say what an option is for and what it takes. */
export function helpOf(option) {
  const limit = option.type === KIND.attachment ? `A file of ${limitText()} at most.` : rules(option);
  return [option.description, limit].filter(Boolean).join(" – ");
}

function idOf(option) {
  return `option-${option.name}`;
}

function labelled(option, field, remove) {
  const about = el("span", { className: "unseen", id: `${idOf(option)}-about` }, helpOf(option));
  const name = el("label", { htmlFor: idOf(option) }, option.name);
  if (option.required) name.append(el("span", { className: "star", "aria-hidden": "true" }, "*"));
  field.input.id = idOf(option);
  field.input.setAttribute("aria-describedby", `${idOf(option)}-about ${idOf(option)}-fault`);
  if (option.required) field.input.setAttribute("aria-required", "true");
  const away = option.required ? null : iconButton("close", `Remove ${option.name}`, remove);
  return [el("div", { className: "pill" }, name, field.node ?? field.input, field.counter, away), about];
}

function bare(option, ask, onchange, complain) {
  if (option.type === KIND.attachment) return attachmentField(option, complain);
  if (option.autocomplete) return suggestionField(option, ask, onchange);
  if (option.choices?.length || isListed(option.type)) return choiceField(option, onchange);
  return option.type === KIND.text ? textField(option, onchange) : numberField(option, onchange);
}

function isListed(type) {
  return type >= KIND.boolean && type <= KIND.mentionable;
}

function textField(option, onchange) {
  const input = textBox({});
  const counter = el("span", { className: "count" });
  const count = () => {
    const length = lengthOf(input.value);
    const isShown = option.max_length || option.min_length || length >= COUNTER_FROM;
    counter.textContent = isShown ? `${length} / ${longest(option)}` : "";
    counter.classList.toggle("over", length > longest(option));
  };
  input.addEventListener("input", count);
  input.addEventListener("input", onchange);
  count();
  const isEmpty = () => input.value.trim() === "";
  const read = () => (isEmpty() ? {} : { value: input.value, fault: textFault(option, input.value) });
  return { input, counter, isEmpty, read, fill: fills(input) };
}

function numberField(option, onchange) {
  const inputMode = option.type === KIND.integer ? "numeric" : "decimal";
  const input = el("input", { type: "text", inputMode, autocomplete: "off", oninput: onchange });
  const text = () => input.value.trim();
  const read = () => (text() ? readNumber(option, text()) : {});
  return { input, isEmpty: () => !text(), read, fill: fills(input) };
}

function fills(input) {
  return (value) => {
    input.value = String(value);
    input.dispatchEvent(new Event("input"));
  };
}

function attachmentField(option, complain) {
  const files = fileField({ name: option.name, multiple: false, max: 1, onchange: refuse });
  function refuse() {
    const fault = files.files().map(tooLarge).find(Boolean) ?? null;
    if (fault) files.clear();
    complain(fault);
  }
  return {
    node: files.node,
    input: files.node.querySelector("input"),
    isEmpty: () => files.files().length === 0,
    read: () => (files.files().length ? { file: files.files()[0] } : {}),
    fill: (file) => {
      files.clear();
      files.add([file]);
    },
  };
}
