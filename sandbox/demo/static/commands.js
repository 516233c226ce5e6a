// Knows which of the bot's commands the member is offered here, and which of them match a text.

import { guildHere, state } from "./connection.js";

const SLASH = 1;
const USER_MENU = 2;
const MESSAGE_MENU = 3;
const SUBCOMMANDS = [1, 2];
const ADMINISTRATOR = 8n;
const IN_SERVERS = 0;
const IN_DIRECT = 1;
const NO_MATCH = 3;

/** List the slash commands and subcommands offered here: `{path, description, options}`. */
export function slashCommands() {
  return offered(SLASH).flatMap((command) => leaves(command, command.name));
}

/** List the commands in the menu of a message. */
export function messageCommands() {
  return offered(MESSAGE_MENU);
}

/** List the commands in the menu of a user. */
export function userCommands() {
  return offered(USER_MENU);
}

/** Keep what a text may mean: names that start with it, then words that do, then the rest. */
export function matching(commands, text) {
  const wanted = text.trim().toLowerCase();
  const ranks = commands.map((command) => [rank(command.path, wanted), command]);
  return ranks.filter(([one]) => one < NO_MATCH).sort(([a], [b]) => a - b).map(([, command]) => command);
}

function rank(path, wanted) {
  if (path.startsWith(wanted)) return 0;
  if (path.split(" ").some((word) => word.startsWith(wanted))) return 1;
  return path.includes(wanted) ? 2 : NO_MATCH;
}

function offered(type) {
  const guild = guildHere();
  const known = guild?.commands ?? state.world?.direct_commands ?? [];
  return known.filter((command) => command.type === type && isOffered(command, guild));
}

function isOffered(command, guild) {
  const contexts = command.contexts ?? [IN_SERVERS, IN_DIRECT];
  if (!contexts.includes(guild ? IN_SERVERS : IN_DIRECT)) return false;
  if (command.nsfw && !isAgeGated(guild)) return false;
  return !guild || command.default_member_permissions == null || isGranted(command, guild);
}

function isAgeGated(guild) {
  const channel = guild?.channels.find((one) => one.id === state.channel);
  const parent = guild?.channels.find((one) => one.id === channel?.parent);
  return Boolean(channel?.nsfw || parent?.nsfw);
}

/** A need of "0" is met by administrators alone. */
function isGranted(command, guild) {
  const member = guild.members.find((one) => one.id === state.member);
  if (!member || member.owner) return true;
  const granted = BigInt(member.permissions ?? 0);
  const needed = BigInt(command.default_member_permissions);
  return (granted & ADMINISTRATOR) !== 0n || (needed !== 0n && (granted & needed) === needed);
}

function leaves({ description, options = [] }, path) {
  const below = options.filter((option) => SUBCOMMANDS.includes(option.type));
  if (!below.length) return [{ path, description, options }];
  return below.flatMap((option) => leaves(option, `${path} ${option.name}`));
}
