// Makes the fields of options that take one of a list: choices, True and False, members, roles, channels.

import { KIND } from "./checks.js";
import { el } from "./dom.js";
import { guildHere, state } from "./connection.js";
import { givesLists, hasList, openList, pressInList } from "./listbox.js";
import { nameOf } from "./entity_names.js";

const THREADS = [10, 11, 12];
const TRUE_FALSE = [
  { name: "True", value: true },
  { name: "False", value: false },
];

/** Make the field of an option that takes one of a list: `{input, read, fill, isEmpty}`. */
export function choiceField(option, onchange) {
  const input = el("input", { type: "text", placeholder: "Choose …" });
  let chosen = null;
  const take = (item) => {
    chosen = item;
    input.value = item?.name ?? "";
    onchange();
  };
  const find = (fits) => itemsOf(option).find(fits) ?? null;
  const open = (text) => {
    openList(input, { ...LIST, label: option.name, items: named(itemsOf(option), text), choose: take });
  };
  input.oninput = () => {
    const typed = input.value.trim().toLowerCase();
    chosen = find((item) => item.name.toLowerCase() === typed);
    open(input.value);
    onchange();
  };
  input.onfocus = () => {
    if (!chosen) open(input.value);
  };
  input.onclick = () => {
    if (!hasList(input)) open("");
  };
  input.onkeydown = (event) => {
    if (!pressInList(input, event) && event.key === "ArrowDown") open("");
  };
  givesLists(input);
  return {
    input,
    read: () => readChoice(option, input.value.trim(), chosen),
    fill: (value) => take(find((item) => item.value === value || item.name === value)),
    isEmpty: () => input.value.trim() === "",
  };
}

const LIST = {
  row: ({ name, hint = "" }) => [
    el("span", { className: "name" }, name),
    el("span", { className: "side" }, hint),
  ],
  empty: "Nothing in the list matches.",
};

function readChoice(option, text, chosen) {
  if (text === "") return {};
  if (chosen === null) return { fault: "Choose one from the list." };
  const isThing = option.type >= KIND.user && option.type <= KIND.mentionable;
  return isThing ? { thing: chosen.value } : { value: chosen.value };
}

function named(items, text) {
  const wanted = text.trim().toLowerCase();
  const starts = (item) => item.name.toLowerCase().startsWith(wanted);
  const contains = (item) => item.name.toLowerCase().includes(wanted);
  return [...items.filter(starts), ...items.filter((item) => !starts(item) && contains(item))];
}

function itemsOf(option) {
  if (option.choices?.length) return option.choices;
  switch (option.type) {
    case KIND.boolean:
      return TRUE_FALSE;
    case KIND.user:
      return users();
    case KIND.channel:
      return channels(option.channel_types ?? []);
    case KIND.role:
      return roles();
    default:
      return [...users(), ...roles()];
  }
}

function users() {
  const { bot, guilds } = state.world;
  const oneself = () => guilds.flatMap((guild) => guild.members).find((one) => one.id === state.member);
  const members = guildHere()?.members ?? [oneself()];
  const app = { name: nameOf(bot), value: bot.id, hint: "App" };
  return [...members.map((one) => ({ name: one.name, value: one.id, hint: one.note })), app];
}

function roles() {
  return (guildHere()?.roles ?? []).map((role) => ({ name: role.name, value: role.id, hint: "Role" }));
}

function channels(types) {
  const fits = (channel) => !types.length || types.some((type) => THREADS.includes(type) === channel.thread);
  const found = (guildHere()?.channels ?? []).filter(fits);
  return found.map(({ id, name, thread }) => ({ name, value: id, hint: thread ? "Thread" : "Channel" }));
}
