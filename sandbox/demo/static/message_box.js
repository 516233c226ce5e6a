// Knows a message that is being written: its text, its files, and what it replies to.

import { iconButton } from "./buttons.js";
import { el } from "./dom.js";
import { fileField } from "./files.js";
import { act, state } from "./connection.js";
import { closeList, givesLists, pressInList } from "./listbox.js";
import { pickCommand } from "./picker.js";
import { lengthOf, textBox } from "./textbox.js";
import { hush, notify } from "./toast.js";
import { tooLarge } from "./uploads.js";

const MOST_CHARACTERS = 2000;
const COUNTED_FROM = 1800;
const MOST_FILES = 10;

/** The box in which a message to one channel is written; `choose(command)` is called after "/". */
export class MessageBox {
  #text = textBox({ className: "message-text" });
  #count = el("span", { className: "count" });
  #files = fileField({ name: "files", multiple: true, max: MOST_FILES, onchange: () => this.#refuseLarge() });
  #reply = el("div", { className: "replying", hidden: true });
  #repliesTo = null;
  #busy = false;
  #typedEarly = false;
  #choose;

  constructor(choose) {
    this.#choose = choose;
    this.node = this.#drawn();
    givesLists(this.#text);
  }

  /** Put the cursor into the text. */
  focus() {
    this.#text.focus();
  }

  /** Add files to the message. */
  attach(files) {
    if (state.room.may.attach) this.#files.add(files);
    else notify("You may not attach files in this channel.");
  }

  /** Make the message a reply. */
  replyTo(entry, name) {
    this.#repliesTo = entry.id;
    const away = iconButton("close", "Do not reply", () => this.#unreply());
    this.#reply.replaceChildren(el("span", {}, "Replying to ", el("b", {}, name)), away);
    this.#reply.hidden = false;
    this.focus();
  }

  /** Say what the box is for, and let files into it only where they may be sent. */
  follow(placeholder) {
    this.#text.placeholder = placeholder;
    this.#text.setAttribute("aria-label", placeholder);
    this.node.classList.toggle("no-files", !state.room.may.attach);
    if (this.#typedEarly && state.room.ready) this.#typed();
  }

  #drawn() {
    const send = iconButton("send", "Send message", null, { type: "submit", className: "send round" });
    const row = el("div", { className: "row" }, this.#text, this.#count, send);
    const form = el("form", { className: "box message" }, this.#reply, this.#files.node, row);
    form.onsubmit = (event) => this.#submit(event);
    form.onpaste = (event) => this.#paste(event);
    this.#text.onkeydown = (event) => {
      if (!pressInList(this.#text, event)) this.#press(event);
    };
    this.#text.addEventListener("input", () => this.#typed());
    return form;
  }

  #typed() {
    // What the member may do here is not known yet: the list comes with it.
    this.#typedEarly = !state.room.ready;
    const length = lengthOf(this.#text.value);
    this.#count.textContent = length >= COUNTED_FROM ? String(MOST_CHARACTERS - length) : "";
    this.#count.classList.toggle("over", length > MOST_CHARACTERS);
    pickCommand(this.#text, (command) => this.#chosen(command));
  }

  #chosen(command) {
    this.#clearText();
    this.#choose(command);
  }

  #press(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#unreply();
    else if (event.key === "Enter" && !event.shiftKey) this.node.requestSubmit();
    else return;
    event.preventDefault();
  }

  #paste(event) {
    const files = [...event.clipboardData.files];
    if (event.defaultPrevented || !files.length) return;
    event.preventDefault();
    this.attach(files);
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    const files = this.#files.files();
    if (this.#busy || !state.room.ready || (!text && !files.length)) return;
    const fault = faultOf(text);
    if (fault) return notify(fault);
    this.#mark(true);
    hush();
    const order = this.#repliesTo ? { do: "reply", message: this.#repliesTo, text } : { do: "say", text };
    const answer = await act(order, files.map((file, index) => [`file${index}`, file]));
    this.#mark(false);
    if (answer.ok) this.#clear();
    else notify(answer.error);
  }

  #mark(busy) {
    this.#busy = busy;
    this.node.setAttribute("aria-busy", String(busy));
  }

  #clear() {
    this.#clearText();
    this.#files.clear();
    this.#unreply();
  }

  #clearText() {
    this.#text.value = "";
    this.#text.dispatchEvent(new Event("input"));
    closeList(this.#text);
  }

  #unreply() {
    this.#repliesTo = null;
    this.#reply.hidden = true;
  }

  #refuseLarge() {
    const all = this.#files.files();
    const faults = all.map(tooLarge).filter(Boolean);
    if (!faults.length) return;
    notify(faults.join(" "));
    this.#files.clear();
    this.#files.add(all.filter((file) => !tooLarge(file)));
  }
}

function faultOf(text) {
  if (!state.room.may.write) return "You may not write messages in this channel.";
  const length = lengthOf(text);
  if (length <= MOST_CHARACTERS) return null;
  const [now, most] = [length, MOST_CHARACTERS].map((number) => number.toLocaleString("en"));
  return `Your message has ${now} characters; at most ${most} can be sent.`;
}
