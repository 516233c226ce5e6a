// Knows how the people, roles and channels are called that a message speaks of.

import { guildHere, state } from "./connection.js";

/** Give the name under which a user is shown. */
export function nameOf(user) {
  return user?.global_name ?? user?.username ?? "Unknown User";
}

/** Look up names: `{user(id), role(id), channel(id)}` give null for what nobody knows. */
export function namesIn(entry = {}) {
  return {
    user: (id) => member(id) ?? known(entry.mentions?.find((one) => one.id === id)) ?? known(bot(id)),
    role: (id) => everywhere("roles").find((one) => one.id === id)?.name ?? null,
    channel: (id) => everywhere("channels").find((one) => one.id === id) ?? null,
  };
}

function member(id) {
  return everywhere("members").find((one) => one.id === id)?.name ?? null;
}

function known(user) {
  return user ? nameOf(user) : null;
}

function bot(id) {
  return state.world?.bot?.id === id ? state.world.bot : null;
}

/** List what the server here has, or in a direct channel what all of them have. */
function everywhere(kind) {
  const here = guildHere();
  return (here ? [here] : (state.world?.guilds ?? [])).flatMap((guild) => guild[kind] ?? []);
}
