// Shows the forms that the bot opens, until they are sent off and taken, or given up.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { formField } from "./forms.js";
import { icon } from "./icons.js";
import { act, on, state } from "./connection.js";
import { markdown } from "./markdown.js";
import { nameOf } from "./entity_names.js";

const ACTION_ROW = 1;
const TEXT_DISPLAY = 10;
const LABEL = 18;
const given = new Set();
let open = null;

/** Open the newest form there is, and follow what becomes of it. */
export function startForms() {
  on("room", follow);
}

function follow({ room }) {
  if (!room.ready) return;
  const known = open && room.forms.find((form) => form.id === open.id);
  if (open && !known) open.gone();
  if (known?.error && open.isSent) open.refused(known.error);
  const next = room.forms.findLast((form) => !given.has(form.id));
  if (!open && next) {
    open = new Modal(next);
    open.show();
  }
}

class Modal {
  isSent = false;
  #isChecked = false;
  #fields = [];
  #fault = el("p", { className: "form-error", role: "alert" });
  #send = el("button", { type: "submit", className: "push-button primary" }, el("span", {}, "Submit"));
  #dialog;

  constructor({ id, form }) {
    this.id = id;
    this.#dialog = this.#drawn(form);
  }

  /** Show the form. */
  show() {
    document.getElementById("overlays").append(this.#dialog);
    this.#dialog.showModal();
    this.#fields[0]?.focus();
  }

  /** Close: the bot has taken what was sent, or the form is no longer open. */
  gone() {
    given.add(this.id);
    open = null;
    this.#dialog.close();
    this.#dialog.remove();
  }

  /** Say why what was sent was not taken; nothing that was typed is lost. */
  refused(error) {
    this.#mark(false);
    this.#fault.textContent = error;
  }

  #drawn({ title, components }) {
    const inside = el(
      "div",
      { className: "form-inside" },
      this.#warning(),
      ...components.map((part) => this.#part(part)),
    );
    const form = el("form", { noValidate: true }, this.#head(title), inside, this.#fault, this.#foot());
    form.onsubmit = (event) => this.#submit(event);
    form.oninput = form.onchange = () => this.#isChecked && this.#check();
    const dialog = el("dialog", { className: "modal", "aria-labelledby": `title-${this.id}` }, form);
    dialog.onpaste = (event) => this.#paste(event);
    dialog.oncancel = (event) => {
      if (event.target !== dialog) return;
      event.preventDefault();
      this.#giveUp();
    };
    return dialog;
  }

  #head(title) {
    const { bot } = state.world;
    const props = {
      type: "button",
      className: "quiet",
      "aria-label": "Close",
      onclick: () => this.#giveUp(),
    };
    const close = el("button", props, icon("close"));
    return el(
      "header",
      {},
      initials(bot.id, nameOf(bot)),
      el("h2", { id: `title-${this.id}` }, title),
      close,
    );
  }

  #warning() {
    const words = `This form goes to ${nameOf(state.world.bot)}. Do not share passwords or other sensitive information.`;
    return el("p", { className: "form-warning" }, icon("alert"), words);
  }

  #foot() {
    const props = { type: "button", className: "push-button secondary", onclick: () => this.#giveUp() };
    return el("footer", {}, el("button", props, el("span", {}, "Cancel")), this.#send);
  }

  #part(part) {
    if (part.type === TEXT_DISPLAY) return markdown(part.content);
    const inner = part.type === LABEL ? part.component : part.type === ACTION_ROW ? part.components[0] : part;
    const field = formField(inner, part.type === LABEL ? part : {});
    if (!field) return el("p", { className: "unknown" }, `[component of type ${inner.type}]`);
    this.#fields.push(field);
    return field.node;
  }

  #paste(event) {
    const files = event.clipboardData.files;
    const target = this.#fields.find((field) => field.add);
    if (event.defaultPrevented || !files.length || !target) return;
    event.preventDefault();
    target.add(files);
  }

  async #submit(event) {
    event.preventDefault();
    if (this.isSent || !this.#isComplete()) return;
    this.#mark(true);
    const pairs = this.#fields.map((field) => [field.id, field.read()]);
    const files = this.#fields.flatMap((field) => field.files().map((file) => [field.id, file]));
    const values = Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
    const answer = await act({ do: "submit", interaction: this.id, values }, files);
    if (!answer.ok) this.refused(answer.error);
  }

  #isComplete() {
    this.#isChecked = true;
    const wrong = this.#check();
    wrong[0]?.[0].focus();
    return !wrong.length;
  }

  /** Say at each field what is wrong with it, and at the end everything that is; give it as pairs. */
  #check() {
    const faults = this.#fields.map((field) => [field, field.fault()]);
    for (const [field, fault] of faults) field.show(fault);
    const wrong = faults.filter(([, fault]) => fault);
    this.#fault.textContent = wrong.map(([field, fault]) => `${field.label}: ${fault}`).join(" ");
    return wrong;
  }

  #mark(isSent) {
    this.isSent = isSent;
    if (isSent) this.#fault.textContent = "";
    this.#send.setAttribute("aria-busy", String(isSent));
  }

  #giveUp() {
    act({ do: "close", interaction: this.id });
    this.gone();
  }
}
