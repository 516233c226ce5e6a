// Shows which channel one is in, and whether the bot can be reached.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { guildHere, on, state } from "./connection.js";
import { nameOf } from "./entity_names.js";

const title = el("h1", {});
const bot = el("p", { className: "bot-state", role: "status" });

/** Draw the line above the messages and keep it true. */
export function startTop() {
  document.getElementById("top-title").append(title, bot);
  for (const what of ["world", "place", "connection"]) on(what, draw);
  draw();
}

/** Give the channel that one is in: `{name, thread, nsfw, direct}`, or null while there is none. */
export function channelHere() {
  const channel = guildHere()?.channels.find((one) => one.id === state.channel);
  if (channel) return { ...channel, direct: false };
  const isDirect = state.world?.directs.some((one) => one.channel === state.channel);
  return isDirect ? { name: nameOf(state.world.bot), direct: true } : null;
}

function draw() {
  const channel = channelHere();
  title.replaceChildren(...(channel ? [sign(channel), el("span", {}, channel.name)] : []));
  document.title = channel
    ? `${channel.direct ? "@" : "#"}${channel.name} | Discord, on this machine`
    : "Discord, on this machine";
  const [tone, words] = botState();
  bot.className = `bot-state ${tone}`;
  if (bot.textContent !== words) bot.textContent = words;
}

function sign({ direct, thread, name }) {
  return direct ? initials(state.world.bot.id, name, "tiny") : icon(thread ? "thread" : "hash");
}

function botState() {
  if (!state.online) return ["lost", state.world ? "Reconnecting…" : "Connecting…"];
  const { connected, bot: user } = state.world ?? {};
  if (!user) return ["lost", "Connecting…"];
  return connected ? ["on", `${nameOf(user)} is online`] : ["off", `${nameOf(user)} is offline`];
}
