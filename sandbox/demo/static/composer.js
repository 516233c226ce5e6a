// Knows what stands below the messages: a message being written, a command being filled in, or why not.

import { CommandForm } from "./command_form.js";
import { slashCommands } from "./commands.js";
import { el, show } from "./dom.js";
import { startDropzone } from "./dropzone.js";
import { on, state } from "./connection.js";
import { listPanel, listStatus } from "./listbox.js";
import { MessageBox } from "./message_box.js";
import { hush, notify, toastLine } from "./toast.js";
import { channelHere } from "./header.js";

/** Where other parts may put something above the composer, and beside it. */
export const aboveComposer = el("div", { className: "above" });
export const besideComposer = el("div", { className: "beside" });

const place = el("div", { className: "place" });
// What is typed stays in its channel while one looks into another.
const desks = new Map();

/** Draw the composer and keep it up with the channel. */
export function startComposer() {
  const bar = el("div", { className: "bar" }, listPanel, place, besideComposer);
  document.getElementById("composer").append(aboveComposer, toastLine, listStatus, bar);
  startDropzone((files) => shown()?.attach(files));
  document.addEventListener("keydown", typeAnywhere);
  on("place", hush);
  on("room", draw);
  on("world", draw);
  draw();
}

/** Fill the composer with a command: `options` and `files` by the names of its options. */
export function fill({ command, options = {}, files = {} }) {
  const found = slashCommands().find((one) => one.path === command);
  if (!found) return notify(`/${command} is not offered to you here.`);
  hush();
  const form = begin(found);
  form.fill({ ...options, ...files });
  form.focus();
}

/** Begin a reply to a message of somebody. */
export function replyTo(entry, name) {
  desk().form = null;
  draw();
  desk().box.replyTo(entry, name);
}

function desk() {
  if (!desks.has(state.channel)) desks.set(state.channel, { box: new MessageBox(begin), form: null });
  return desks.get(state.channel);
}

/** A form stays at hand while its command is not offered, to another member for example. */
function shown() {
  const { write, command } = state.room.may;
  const { box, form } = desk();
  if (form && command && slashCommands().some(({ path }) => path === form.path)) return form;
  return write || command ? box : null;
}

function begin(command) {
  const here = desk();
  const leave = () => {
    if (here.form === form) here.form = null;
    if (here !== desk()) return;
    draw();
    here.box.focus();
  };
  const form = new CommandForm(command, { leave, sent: leave });
  here.form = form;
  draw();
  form.focus();
  return form;
}

function draw() {
  if (!state.room.ready || !channelHere()) return;
  desk().box.follow(placeholder());
  show(place, [shown()?.node ?? refusal()]);
}

function refusal() {
  const text = state.room.hidden ? "You do not see this channel." : "You may not write in this channel.";
  return el("p", { className: "box refusal" }, text);
}

function placeholder() {
  const { name, thread, direct } = channelHere();
  if (!state.room.may.write) return "Type / for commands";
  return `Message ${direct ? "@" : thread ? "" : "#"}${name}`;
}

/** Whoever types while nothing has the focus means the message. */
function typeAnywhere(event) {
  const isFree = [document.body, document.getElementById("messages")].includes(document.activeElement);
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
  const isText = event.key.length === 1 && event.key !== " " && !isShortcut;
  if (isFree && isText) shown()?.focus();
}
