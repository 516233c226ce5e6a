// Shows who the visitor is, and lets them become another member.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { act, go, guildHere, state } from "./connection.js";
import { openPopup } from "./popup.js";
import { notify } from "./toast.js";

/** The languages that the bot speaks, by Discord's locales. */
const LANGUAGES = {
  "en-US": "English",
  de: "Deutsch",
  "es-ES": "Español",
  fr: "Français",
  it: "Italiano",
  ja: "日本語",
  ko: "한국어",
  "pt-BR": "Português do Brasil",
  "zh-CN": "简体中文",
};

/** Draw the panel of the member that the visitor is. */
export function whoAmI() {
  const member = members().find((one) => one.id === state.member);
  if (!member) return null;
  const told = {
    "aria-haspopup": "menu",
    "aria-label": `You are ${member.name}. Become another member`,
    "data-place": "self",
  };
  const panel = el(
    "button",
    { type: "button", className: "whoami", onclick: choose, ...told },
    initials(member.id, member.name),
    el("span", { className: "who" }, el("b", {}, member.name), el("small", {}, noteOf(member))),
    el("span", { className: "swap", "aria-hidden": "true" }, "Switch"),
  );
  return el("div", { className: "self" }, panel, languageSwitch(member));
}

/** Draw the language of the member's Discord, in which the bot answers them. */
function languageSwitch(member) {
  const locale = state.world.locales[member.id];
  const name = LANGUAGES[locale] ?? locale;
  const told = {
    "aria-haspopup": "menu",
    "aria-label": `${member.name}'s Discord is in ${name}. Change the language`,
    title: `${member.name}'s Discord is in ${name}`,
    "data-place": "language",
  };
  const short = locale.split("-")[0].toUpperCase();
  return el("button", { type: "button", className: "language quiet", onclick: chooseLanguage, ...told }, short);
}

function chooseLanguage(event) {
  const entries = Object.entries(LANGUAGES).map(([locale, label]) => ({
    label,
    checked: locale === state.world.locales[state.member],
    run: () => speak(locale),
  }));
  const title = "Language of this member's Discord";
  openPopup({ label: title, entries: [{ title }, ...entries], above: event.currentTarget });
}

async function speak(locale) {
  const answer = await act({ do: "speak", locale });
  if (!answer.ok) notify(answer.error);
}

/** Find the member to be at a first visit: one of whom nothing special is said. */
export function ordinary(guild) {
  return guild.members.find((one) => !one.owner && !one.roles.length && !one.note) ?? guild.members[0];
}

/** List those whom the visitor may be here: the server's members, in direct messages everybody. */
function members() {
  const here = guildHere();
  if (here) return here.members;
  const all = (state.world?.guilds ?? []).flatMap((guild) => guild.members);
  return [...new Map(all.map((member) => [member.id, member])).values()];
}

function choose(event) {
  const entries = members().map((member) => ({
    label: member.name,
    hint: noteOf(member),
    before: initials(member.id, member.name),
    checked: member.id === state.member,
    run: () => become(member),
  }));
  openPopup({ label: "Who am I", entries: [{ title: "Who am I" }, ...entries], above: event.currentTarget });
}

function become(member) {
  if (guildHere()) return go({ member: member.id });
  const direct = state.world.directs.find((one) => one.member === member.id);
  return go({ member: member.id, channel: direct.channel });
}

function noteOf(member) {
  return member.note || member.roles.join(", ") || (member.owner ? "Owner" : "Member");
}
