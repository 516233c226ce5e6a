// Knows what a menu of a bot offers: its own options, or the members, roles and channels here.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { icon } from "./icons.js";
import { guildHere, state } from "./connection.js";

export const SELECTS = [3, 5, 6, 7, 8];
const TEXT_TYPE = 0;
const THREAD_TYPES = [10, 11, 12];
const PLACEHOLDERS = {
  3: "Make a selection",
  5: "Select a user",
  6: "Select a role",
  7: "Select a user or role",
  8: "Select a channel",
};

/** Say what is shown in a menu of which nothing is chosen. */
export function placeholderOf(part) {
  return part.placeholder || PLACEHOLDERS[part.type];
}

/** List what a menu offers: `{value, label, description?, before?}`. */
export function offered(part) {
  const lists = { 3: ownOptions, 5: users, 6: roles, 7: () => [...users(), ...roles()], 8: channels };
  return lists[part.type](part);
}

/** List the values that are chosen at first. */
export function chosenAtFirst(part) {
  const own = (part.options ?? []).filter((option) => option.default).map((option) => option.value);
  return [...own, ...(part.default_values ?? []).map((one) => String(one.id))];
}

function ownOptions({ options = [] }) {
  return options.map(({ value, label, description, emoji }) => ({
    value,
    label,
    description,
    before: emoji && emojiOf(emoji),
  }));
}

function users() {
  const bot = state.world?.bot;
  const all =
    guildHere()?.members ??
    state.world?.directs.filter((one) => one.channel === state.channel).map(memberOf) ??
    [];
  const rows = all.map(({ id, name }) => ({ value: id, label: name, before: initials(id, name) }));
  const isListed = !bot || all.some((one) => one.id === bot.id);
  return isListed
    ? rows
    : [
        ...rows,
        { value: bot.id, label: bot.username, description: "App", before: initials(bot.id, bot.username) },
      ];
}

function memberOf({ member }) {
  return (
    state.world.guilds.flatMap((guild) => guild.members).find((one) => one.id === member) ?? {
      id: member,
      name: "You",
    }
  );
}

function roles() {
  const all = guildHere()?.roles ?? [];
  return all.map(({ id, name }) => ({ value: id, label: name, description: "Role", before: sign("at") }));
}

function channels({ channel_types: types = [] }) {
  const fits = ({ thread }) =>
    !types.length || types.some((type) => (thread ? THREAD_TYPES.includes(type) : type === TEXT_TYPE));
  const all = (guildHere()?.channels ?? []).filter(fits);
  return all.map(({ id, name, thread }) => ({
    value: id,
    label: name,
    before: sign(thread ? "thread" : "hash"),
  }));
}

function sign(name) {
  return el("span", { className: "select-sign" }, icon(name));
}
