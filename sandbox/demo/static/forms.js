// Makes the fields of a form: each knows its value, and what is wrong with it.

import { SELECTS, chosenAtFirst, offered, placeholderOf } from "./select_options.js";
import { el } from "./dom.js";
import { fileField } from "./files.js";
import { select } from "./select.js";
import { lengthOf } from "./textbox.js";
import { tooLarge } from "./uploads.js";

const TEXT = 4;
const PARAGRAPH = 2;
const LONGEST = 4000;
const MAKE = { [TEXT]: textInput, 19: upload, 21: radioGroup, 22: checkboxGroup, 23: checkbox };
let made = 0;

/**
 * Make the field of a component in a form, or give null for one that is no field. It is
 * `{id, node, label, focus(), read(), files(), fault()}`: `read()` gives undefined for nothing, and
 * `fault()` what is wrong, or null; `show(fault)` shows it.
 */
export function formField(part, { label = part.label, description } = {}) {
  const make = SELECTS.includes(part.type) ? menu : MAKE[part.type];
  if (!make) return null;
  const field = {
    label: label ?? "",
    required: part.required !== false && part.type !== 23,
    key: `field-${made++}`,
    files: () => [],
  };
  Object.assign(field, make(part, field), { id: part.custom_id });
  field.node = framed(field, description);
  return field;
}

function framed(field, description) {
  const [labelId, aboutId, faultId] = ["label", "about", "fault"].map((what) => `${field.key}-${what}`);
  const star = field.required ? el("span", { className: "star", "aria-hidden": "true" }, " *") : null;
  const title = el(
    field.isGroup ? "span" : "label",
    { id: labelId, className: "form-label", htmlFor: field.isGroup ? undefined : field.key },
    field.label,
    star,
  );
  const about = description ? el("p", { id: aboutId, className: "form-about" }, description) : null;
  const fault = el("p", { id: faultId, className: "form-fault" });
  for (const control of field.controls) {
    control.setAttribute("aria-describedby", about ? `${aboutId} ${faultId}` : faultId);
    if (field.required && !field.isGroup) control.setAttribute("aria-required", "true");
  }
  if (field.isGroup) field.inner.setAttribute("aria-labelledby", labelId);
  else field.controls[0].id = field.key;
  field.show = (text) => {
    fault.textContent = text ?? "";
    for (const control of field.controls) control.setAttribute("aria-invalid", String(Boolean(text)));
  };
  field.focus = () => field.controls[0]?.focus();
  const heading = field.isInline ? [] : [title, about];
  return el("div", { className: "form-field" }, ...heading, field.inner, field.isInline && about, fault);
}

function textInput(part, { required }) {
  const {
    style,
    value = "",
    placeholder = "",
    min_length: least = required ? 1 : 0,
    max_length: most = LONGEST,
  } = part;
  const input =
    style === PARAGRAPH
      ? el("textarea", { rows: 4, value, placeholder })
      : el("input", { type: "text", value, placeholder, autocomplete: "off" });
  const count = el("span", { className: "form-count", "aria-hidden": "true" });
  const tell = () => {
    const length = lengthOf(input.value);
    count.textContent = part.max_length ? `${length}/${most}` : length > most ? String(most - length) : "";
    count.classList.toggle("over", length > most);
  };
  input.addEventListener("input", tell);
  tell();
  const fault = () => textFault(lengthOf(input.value), { required, least, most });
  return {
    inner: el("div", { className: "form-text" }, input, count),
    controls: [input],
    read: () => input.value,
    fault,
  };
}

function textFault(length, { required, least, most }) {
  if (!length) return required ? "This field is required." : null;
  if (length < least) return `Must be at least ${least} characters.`;
  return length > most ? `Must be at most ${most} characters.` : null;
}

function menu(part, { label, required }) {
  const least = required ? (part.min_values ?? 1) : 0;
  const all = { placeholder: placeholderOf(part), options: offered(part), chosen: chosenAtFirst(part) };
  const onchange = () => list.node.dispatchEvent(new Event("change", { bubbles: true }));
  const list = select({ label, ...all, least: 0, most: part.max_values ?? 1, onchange });
  return {
    inner: list.node,
    controls: [list.button],
    read: list.values,
    fault: () => countFault(list.values().length, least, "choice"),
  };
}

function upload(part, { required, label }) {
  const most = part.max_values ?? 1;
  const least = required ? (part.min_values ?? 1) : 0;
  const onchange = () => field.node.dispatchEvent(new Event("change", { bubbles: true }));
  const field = fileField({ name: part.custom_id, multiple: most > 1, max: most, onchange });
  const input = field.node.querySelector("input");
  input.setAttribute("aria-label", label);
  const fault = () =>
    field.files().map(tooLarge).find(Boolean) ?? countFault(field.files().length, least, "file");
  return {
    inner: field.node,
    controls: [input],
    read: () => undefined,
    files: field.files,
    add: field.add,
    fault,
  };
}

function countFault(count, least, what) {
  if (count >= least) return null;
  return least === 1 ? "This field is required." : `Needs at least ${least} ${what}s.`;
}

function radioGroup(part, { key, required }) {
  const all = ticks("radio", key, part.options);
  const chosen = () => all.find(({ input }) => input.checked)?.value;
  const fault = () => (required && chosen() === undefined ? "This field is required." : null);
  const clear = required ? null : clearing(all);
  return {
    isGroup: true,
    inner: group("radiogroup", all, clear),
    controls: all.map(({ input }) => input),
    read: chosen,
    fault,
  };
}

/** A choice that is not required can be taken back. */
function clearing(all) {
  const clear = () => {
    for (const { input } of all) input.checked = false;
    all[0].input.focus();
  };
  return el("button", { type: "button", className: "as-link", onclick: clear }, "Clear choice");
}

function checkboxGroup(part, { key, required }) {
  const all = ticks("checkbox", key, part.options);
  const [least, most] = [required ? (part.min_values ?? 1) : 0, part.max_values ?? all.length];
  const chosen = () => all.filter(({ input }) => input.checked).map(({ value }) => value);
  const fault = () =>
    chosen().length > most ? `Choose at most ${most}.` : countFault(chosen().length, least, "choice");
  return {
    isGroup: true,
    inner: group("group", all),
    controls: all.map(({ input }) => input),
    read: chosen,
    fault,
  };
}

function checkbox(part, { key, label }) {
  const input = el("input", { type: "checkbox", checked: Boolean(part.default), id: key });
  const inner = el("label", { className: "tick" }, input, el("span", {}, label));
  return { isInline: true, inner, controls: [input], read: () => input.checked, fault: () => null };
}

function ticks(type, name, options = []) {
  return options.map(({ value, label, description, default: checked = false }) => {
    const input = el("input", { type, name, checked });
    const words = el("span", {}, label, description && el("small", {}, description));
    return { value, input, row: el("label", { className: "tick" }, input, words) };
  });
}

function group(role, all, after) {
  return el("div", { className: "tick-group", role }, ...all.map(({ row }) => row), after);
}
