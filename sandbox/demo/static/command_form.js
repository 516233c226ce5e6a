// Knows one command that is being filled in: its options as fields, and how it is sent.

import { iconButton } from "./buttons.js";
import { KIND } from "./checks.js";
import { el, show } from "./dom.js";
import { icon } from "./icons.js";
import { act } from "./connection.js";
import { helpOf, optionField } from "./options.js";
import { hush, notify } from "./toast.js";

/** The fields of one command; `leave()` is called when it is given up, `sent()` when it is sent. */
export class CommandForm {
  #command;
  #leave;
  #sent;
  #fields = new Map();
  #busy = false;
  #rows = el("div", { className: "options" });
  #chips = el("div", { className: "chips", role: "group", "aria-label": "More options" });
  #help = el("p", { className: "help", "aria-hidden": "true" });
  #send = el("button", { type: "submit", className: "send" }, icon("send"), "Send");

  constructor(command, { leave, sent }) {
    this.#command = command;
    this.#leave = leave;
    this.#sent = sent;
    this.node = this.#drawn();
    for (const option of command.options) if (option.required) this.#add(option);
    this.#arrange();
  }

  /** The command's name, with its subcommands. */
  get path() {
    return this.#command.path;
  }

  /** Go to the first field that is empty, or to the button that sends. */
  focus() {
    const first = this.#shown().find((field) => field.isEmpty());
    (first?.input ?? this.#send).focus();
  }

  /** Fill in values and files by the names of their options. */
  fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const option = this.#command.options.find((one) => one.name === name);
      if (option) this.#add(option).fill(value);
    }
    this.#arrange();
  }

  /** Put files into the attachment options that are still empty. */
  attach(files) {
    const free = this.#command.options.filter((one) => one.type === KIND.attachment && this.#isFree(one));
    files.slice(0, free.length).forEach((file, index) => this.#add(free[index]).fill(file));
    this.#arrange();
    if (files.length > free.length) notify(`/${this.path} takes no ${free.length ? "more " : ""}files here.`);
  }

  #drawn() {
    const { path, description } = this.#command;
    const leave = iconButton("close", `Leave /${path}`, this.#leave);
    const form = el(
      "form",
      { className: "box command", noValidate: true, "aria-label": `/${path}` },
      el("header", {}, el("b", {}, `/${path}`), el("span", { className: "about" }, description), leave),
      this.#rows,
      this.#chips,
      el("footer", {}, this.#help, this.#send),
    );
    form.onsubmit = (event) => this.#submit(event);
    form.onkeydown = (event) => this.#press(event);
    form.onpaste = (event) => this.#paste(event);
    for (const kind of ["focusin", "mouseover"])
      form.addEventListener(kind, ({ target }) => this.#explain(target));
    return form;
  }

  #add(option) {
    const known = this.#fields.get(option.name);
    if (known) return known;
    const ask = (text) => act({ do: "suggest", option: option.name, text, ...this.#order(option.name) });
    const field = optionField(option, { ask, remove: () => this.#remove(option.name) });
    this.#fields.set(option.name, field);
    return field;
  }

  #remove(name) {
    const at = this.#shown().findIndex((field) => field.option.name === name);
    this.#fields.delete(name);
    this.#arrange();
    const next = this.#shown()[Math.max(at - 1, 0)];
    (next?.input ?? this.#send).focus();
  }

  #arrange() {
    show(this.#rows, this.#shown().map((field) => field.node));
    const hidden = this.#command.options.filter((option) => !this.#fields.has(option.name));
    this.#chips.replaceChildren(...hidden.map((option) => this.#chip(option)));
    this.#chips.hidden = hidden.length === 0;
  }

  #chip(option) {
    const press = () => {
      this.#add(option);
      this.#arrange();
      this.#fields.get(option.name).input.focus();
    };
    const told = { title: helpOf(option), "data-option": option.name };
    return el("button", { type: "button", className: "chip", onclick: press, ...told }, `+ ${option.name}`);
  }

  #shown() {
    return this.#command.options.map((option) => this.#fields.get(option.name)).filter(Boolean);
  }

  #isFree(option) {
    return this.#fields.get(option.name)?.isEmpty() ?? true;
  }

  #order(but = null) {
    const given = (kind) => Object.fromEntries(this.#given(kind).filter(([name]) => name !== but));
    return { command: this.path, values: given("value"), things: given("thing") };
  }

  /** What is faulty is left out: the bot is asked for suggestions before all is right. */
  #given(kind) {
    const read = this.#shown().map((field) => [field.option.name, field.read()]);
    const fine = read.filter(([, found]) => !found.fault && found[kind] !== undefined);
    return fine.map(([name, found]) => [name, found[kind]]);
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const bad = this.#shown().filter((field) => !field.check());
    if (bad.length) return bad[0].input.focus();
    this.#mark(true);
    hush();
    const answer = await act({ do: "type", ...this.#order() }, this.#given("file"));
    this.#mark(false);
    if (answer.ok) this.#sent();
    else notify(answer.error);
  }

  #mark(busy) {
    this.#busy = busy;
    this.#send.setAttribute("aria-disabled", String(busy));
    this.node.setAttribute("aria-busy", String(busy));
  }

  #press(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const isTyped = event.target.matches("input:not([type=file]), textarea");
    if (event.key === "Escape") this.#leave();
    else if (event.key === "Enter" && !event.shiftKey && isTyped) this.node.requestSubmit();
    else if (event.key !== "Backspace" || !this.#goesBack(event.target)) return;
    event.preventDefault();
  }

  /** Backspace in an empty field takes the option away; in the first one it leaves the command. */
  #goesBack(target) {
    const shown = this.#shown();
    const field = shown.find((one) => one.input === target);
    if (field ? !field.isEmpty() : shown.length || target !== this.#send) return false;
    if (!field || field === shown[0]) this.#leave();
    else if (field.option.required) return false;
    else this.#remove(field.option.name);
    return true;
  }

  #paste(event) {
    const files = [...event.clipboardData.files];
    if (event.defaultPrevented || !files.length) return;
    event.preventDefault();
    this.attach(files);
  }

  #explain(target) {
    const chip = target.closest("[data-option]");
    const field = this.#shown().find((one) => one.node.contains(target));
    const option = field?.option ?? this.#command.options.find((one) => one.name === chip?.dataset.option);
    if (option) this.#help.textContent = `${option.name}: ${helpOf(option)}`;
  }
}
