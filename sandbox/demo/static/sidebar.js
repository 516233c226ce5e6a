// Shows where one can go: servers with their channels and threads, direct messages, and who one is.

import { initials } from "./avatar.js";
import { iconButton } from "./buttons.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { go, guildHere, on, state } from "./connection.js";
import { recallHere, rememberHere } from "./memory.js";
import { nameOf } from "./entity_names.js";
import { sizeText } from "./uploads.js";
import { ordinary, whoAmI } from "./member_switch.js";
import { notify } from "./toast.js";
import { isUnread, see } from "./unread.js";

const list = el("div", { className: "list" });
const connection = el("p", { className: "connection" });
const self = el("div", {});
let drawnAs = "";
let closeMenu = () => {};

/** Draw the places, go where the visitor was the last time, and follow the news. */
export function startPlaces() {
  const places = document.getElementById("places");
  places.append(list, el("div", { className: "foot" }, connection, self));
  slideIn(places);
  on("world", settle);
  for (const what of ["world", "place", "connection"]) on(what, draw);
  on("place", keepPlace);
  addEventListener("popstate", goBack);
  document.addEventListener("visibilitychange", draw);
  draw();
}

/** Remember where one is, and who one is on each server. */
function keepPlace() {
  const { member, channel } = state;
  rememberHere("place", { member, channel });
  const guild = guildOf(channel);
  if (guild) rememberHere("members", { ...recallHere("members", {}), [guild.id]: member });
}

function goBack({ state: place }) {
  if (place && state.world && isKnown(place.channel)) go({ ...place, isStep: false });
}

function isKnown(channel) {
  return places().some((one) => one.channel === channel);
}

/** List every channel and direct channel: `{channel, pings}`. */
function places() {
  const { guilds, directs } = state.world;
  const channels = guilds.flatMap((guild) => guild.channels);
  return [...channels.map(({ id, pings }) => ({ channel: id, pings })), ...directs];
}

/** Stay where one is if that still exists, else go where one was, else to the first channel. */
function settle() {
  const last = recallHere("place", {});
  const wanted = [state.channel, last.channel, ...places().map((one) => one.channel)];
  const channel = wanted.find(isKnown);
  if (channel === undefined) return;
  go({ channel, member: memberFor(channel, [state.member, last.member]) });
}

function memberFor(channel, wanted) {
  const direct = state.world.directs.find((one) => one.channel === channel);
  if (direct) return direct.member;
  const guild = guildOf(channel);
  return wanted.find((id) => guild.members.some((one) => one.id === id)) ?? ordinary(guild)?.id;
}

function guildOf(channel) {
  return state.world.guilds.find((guild) => guild.channels.some((one) => one.id === channel));
}

/** Draw anew when something has changed; whoever is here with the keyboard stays where they were. */
function draw() {
  const { world, member, channel, online } = state;
  if (world) see(places());
  const unread = world ? places().filter(isUnread).map((one) => one.channel) : [];
  const now = JSON.stringify([world, member, channel, online, unread]);
  if (now === drawnAs) return;
  drawnAs = now;
  const focused = document.activeElement?.dataset?.place;
  list.replaceChildren(...(world?.guilds ?? []).map(server), ...directs());
  self.replaceChildren(...[whoAmI()].filter(Boolean));
  connection.textContent = trouble();
  document.querySelector(".menu-button")?.toggleAttribute("data-unread", unread.length > 0);
  if (focused) document.querySelector(`#places [data-place="${focused}"]`)?.focus();
}

function server(guild) {
  const tier = guild.tier ? `Boost level ${guild.tier}` : "No boosts";
  return el(
    "section",
    { "aria-label": guild.name },
    el("h2", {}, initials(guild.id, guild.name, "square"), el("span", {}, guild.name)),
    el("p", { className: "tier" }, `${tier} · files up to ${sizeText(guild.upload_bytes)}`),
    el("ul", {}, ...guild.channels.map(channelRow)),
  );
}

function channelRow({ id, name, thread, nsfw, pings }) {
  const label = `${thread ? "Thread" : "Channel"} ${name}${nsfw ? ", age-restricted" : ""}`;
  const sign = el("span", { className: "sign" }, icon(thread ? "thread" : "hash"));
  const gate = nsfw && el("span", { className: "gate", title: "Age-restricted" }, icon("age"));
  const className = thread ? "thread" : "";
  return placeRow({ id, label, className, pings }, sign, nameSpan(name), gate);
}

/** A member sees the own direct messages only. */
function directs() {
  const { directs: all = [], bot } = state.world ?? {};
  const own = all.filter((one) => one.member === state.member);
  if (!own.length) return [];
  const label = `Direct messages with ${nameOf(bot)}`;
  const inside = () => [initials(bot.id, nameOf(bot)), nameSpan(nameOf(bot))];
  const rows = own.map(({ channel, pings }) => placeRow({ id: channel, label, pings }, ...inside()));
  const title = "Direct messages";
  return [el("section", { "aria-label": title }, el("h3", {}, title), el("ul", {}, ...rows))];
}

function nameSpan(name) {
  return el("span", { className: "name" }, name);
}

function placeRow({ id, label, className, pings }, ...inside) {
  const unread = isUnread({ channel: id, pings });
  const told = {
    "data-place": id,
    "data-unread": unread ? "" : undefined,
    "aria-label": unread ? `${label}, unread` : label,
    "aria-current": id === state.channel ? "page" : undefined,
  };
  const button = el("button", { type: "button", onclick: () => visit(id), ...told }, ...inside);
  return el("li", { className }, button);
}

/** Go to a channel; on another server one is who one was there before, if anybody. */
function visit(channel) {
  const [before, guild] = [state.member, guildOf(channel)];
  const there = recallHere("members", {})[guild?.id];
  const isAnotherServer = guildHere() && guild !== guildHere();
  const member = memberFor(channel, isAnotherServer ? [there, before] : [before, there]);
  closeMenu();
  go({ channel, member });
  if (guild && member !== before) notify(becomeText(before, member, guild));
}

function becomeText(before, member, guild) {
  const everybody = state.world.guilds.flatMap((one) => one.members);
  const [was, is] = [before, member].map((id) => everybody.find((one) => one.id === id)?.name);
  const isAbsent = !guild.members.some((one) => one.id === before);
  return `${isAbsent ? `${was} is not on ${guild.name}. ` : ""}You are ${is} here.`;
}

function trouble() {
  if (!state.online) return state.world ? "Reconnecting …" : "Connecting …";
  return state.world && !state.world.connected ? "No bot is connected" : "";
}

/** On a phone the places slide in; a button at the top left calls them. */
function slideIn(places) {
  const isOpen = () => places.hasAttribute("data-open");
  const told = { className: "quiet menu-button", "aria-controls": "places", "aria-expanded": "false" };
  const button = iconButton("menu", "Servers and channels", () => turn(!isOpen()), told);
  const veil = el("div", { className: "veil", onclick: () => turn(false) });
  const turn = (open) => {
    places.toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
    const first = places.querySelector("[aria-current]") ?? places.querySelector("button");
    (open ? first : button)?.focus();
  };
  const leave = () => isOpen() && turn(false);
  closeMenu = leave;
  places.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  on("place", leave);
  places.after(veil);
  document.getElementById("top-left").append(button);
}
