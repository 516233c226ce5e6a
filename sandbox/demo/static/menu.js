// Knows the menus of messages and of their authors: right click, long press, the menu key, and a button.

import { iconButton } from "./buttons.js";
import { messageCommands, userCommands } from "./commands.js";
import { replyTo } from "./composer.js";
import { act, on, state } from "./connection.js";
import { nameOf, namesIn } from "./entity_names.js";
import { openPopup } from "./popup.js";
import { hush, notify } from "./toast.js";

const LONG_PRESS_MS = 500;
const STILL_PX = 10;
const MORE = "More on this message; arrow keys go to other messages";

/** Give every message its menu. */
export function startMenus() {
  const messages = document.getElementById("messages");
  messages.addEventListener("contextmenu", (event) => {
    if (!isOrdinaryLink(event.target)) openAt(event, event.target);
  });
  messages.addEventListener("keydown", pressMenuKey);
  longPress(messages);
  followWithButton(messages);
}

function openAt(event, target) {
  const entry = entryOf(target);
  if (!entry) return;
  event.preventDefault();
  const user = userOf(target, entry);
  const at = pointOf(event);
  if (user) openUserMenu(user, at);
  else openPopup({ label: "Message", entries: messageEntries(entry, at), at });
}

function openUserMenu({ id, name }, at) {
  const copyId = { label: "Copy user ID", run: () => copy(id) };
  openPopup({ label: name, entries: [{ title: name }, copyId, ...apps(userCommands(), { user: id })], at });
}

function entryOf(target) {
  const found = state.room.entries.get(target.closest("article[data-id]")?.dataset.id);
  return found?.failure ? undefined : found;
}

function userOf(target, entry) {
  const id = target.closest("[data-user]")?.dataset.user;
  if (!id) return null;
  const isAuthor = id === entry.author.id;
  return { id, name: isAuthor ? nameOf(entry.author) : (namesIn(entry).user(id) ?? nameOf(null)) };
}

/** Discord offers no apps on a message that only one member sees. */
function messageEntries(entry, at) {
  const text = textOf(entry);
  const author = { id: entry.author.id, name: nameOf(entry.author) };
  return [
    !entry.private && state.room.may.write && { label: "Reply", run: () => replyTo(entry, author.name) },
    text && { label: "Copy text", run: () => copy(text) },
    { label: "Copy message ID", run: () => copy(entry.id) },
    { label: `More on ${author.name} …`, run: () => openUserMenu(author, at) },
    ...(entry.private ? [] : apps(messageCommands(), { message: entry.id })),
  ].filter(Boolean);
}

function apps(commands, target) {
  if (!commands.length || !state.room.may.command) return [];
  const run = (command) => async () => {
    hush();
    const answer = await act({ do: "menu", command: command.name, ...target });
    if (!answer.ok) notify(answer.error);
  };
  const hint = nameOf(state.world.bot);
  const entries = commands.map((command) => ({ label: command.name, hint, run: run(command) }));
  return [{ title: "Apps" }, ...entries];
}

/** A message of components has its text in them. */
function textOf({ content, components = [] }) {
  const inside = (part) => [part.content, ...(part.components ?? []).map(inside)];
  return [content, ...components.map(inside)].flat(Infinity).filter(Boolean).join("\n");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    notify("The browser did not let the page copy this.");
  }
}

function pressMenuKey(event) {
  const isMenuKey = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
  if (isMenuKey) openAt(event, event.target);
}

/** An event of the keyboard has no point of its own: the menu opens at what it came from. */
function pointOf(event) {
  if (event.clientX || event.clientY) return { x: event.clientX, y: event.clientY };
  const box = event.target.getBoundingClientRect();
  return { x: box.left, y: Math.min(box.bottom, innerHeight) };
}

/** Links keep the browser's own menu, unless they hold a picture. */
function isOrdinaryLink(target) {
  return target.closest("a[href]") !== null && !target.matches("img, video");
}

function longPress(messages) {
  let waiting = null;
  let start = null;
  const stop = () => clearTimeout(waiting);
  messages.addEventListener("pointerdown", (event) => {
    stop();
    if (event.pointerType !== "touch") return;
    start = event;
    waiting = setTimeout(() => openAt(event, event.target), LONG_PRESS_MS);
  });
  messages.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > STILL_PX) stop();
  });
  for (const end of ["pointerup", "pointercancel"]) messages.addEventListener(end, stop);
}

/**
 * One button goes to the message that the pointer or the focus is in, else it is at the newest one.
 * For the keyboard it is one stop for all messages: the arrows take it up and down.
 */
function followWithButton(messages) {
  const open = (event) => openAt(event, button.parentElement);
  const button = iconButton("more", MORE, open, { className: "more", "aria-haspopup": "menu" });
  const articles = () => [...messages.querySelectorAll("article[data-id]")].filter(entryOf);
  const moveTo = (article) => {
    if (article && article !== button.parentElement && entryOf(article)) article.append(button);
  };
  const follow = ({ target }) => moveTo(target.closest("article[data-id]"));
  button.onkeydown = (event) => stepWith(event, button, articles(), moveTo);
  messages.addEventListener("focusin", follow);
  messages.addEventListener("mouseover", (event) => {
    if (!button.matches(":focus-visible")) follow(event);
  });
  on("room", () => {
    if (!button.isConnected) moveTo(articles().at(-1));
  });
}

function stepWith(event, button, articles, moveTo) {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  moveTo(articles[articles.indexOf(button.parentElement) + by]);
  button.focus();
  button.scrollIntoView({ block: "nearest" });
}
