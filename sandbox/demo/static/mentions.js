// Draws mentions of members, roles and channels.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { go } from "./connection.js";

/** Draw a mention by its signs (`@`, `@!`, `@&` or `#`) and its id. */
export function mention(kind, id, names) {
  if (kind === "#") return channelMention(id, names);
  const name = kind === "@&" ? (names.role(id) ?? "deleted-role") : (names.user(id) ?? "unknown-user");
  const user = kind === "@&" ? undefined : id;
  return el("span", { className: "mention", "data-user": user }, `@${name.replace(/^@/, "")}`);
}

function channelMention(id, names) {
  const channel = names.channel(id);
  if (!channel) return el("span", { className: "mention" }, "# unknown");
  const sign = icon(channel.thread ? "thread" : "hash");
  return el(
    "button",
    { type: "button", className: "mention", onclick: () => go({ channel: id }) },
    sign,
    channel.name,
  );
}
