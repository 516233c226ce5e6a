// Shows who the visitor is, and lets them become another member.

import { initials } from "./avatar.js";
import { el } from "./dom.js";
import { go, guildHere, state } from "./connection.js";
import { openPopup } from "./popup.js";

/** Draw the panel of the member that the visitor is. */
export function whoAmI() {
  const member = members().find((one) => one.id === state.member);
  if (!member) return null;
  const told = {
    "aria-haspopup": "menu",
    "aria-label": `You are ${member.name}. Become another member`,
    "data-place": "self",
  };
  return el(
    "button",
    { type: "button", className: "whoami", onclick: choose, ...told },
    initials(member.id, member.name),
    el("span", { className: "who" }, el("b", {}, member.name), el("small", {}, noteOf(member))),
    el("span", { className: "swap", "aria-hidden": "true" }, "Switch"),
  );
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
