// Draws one message as an article, and only those parts of it anew that have changed.

import { initials } from "./avatar.js";
import { components } from "./components.js";
import { el, show } from "./dom.js";
import { embed } from "./embeds.js";
import { icon } from "./icons.js";
import { Kept } from "./draw_cache.js";
import { act, state } from "./connection.js";
import { markdown } from "./markdown.js";
import { attachments } from "./media.js";
import { clockOf, timeOf } from "./timestamps.js";
import { nameOf, namesIn } from "./entity_names.js";
import { referenceLine, usedLine } from "./references.js";
import { notify } from "./toast.js";

const LOADING = 1 << 7;
const EPHEMERAL = 1 << 6;

/** One message on the page: `node` is its article. */
export class MessageView {
  #kept = new Kept();
  #inside = el("div", { className: "post-inside" });
  #id;

  constructor(entry) {
    this.#id = entry.id;
    this.node = el("article", { className: "post", "data-id": entry.id }, this.#inside);
  }

  /** Draw what has changed; `failure` is the entry that says that using the message failed. */
  update(entry, failure = null) {
    const focused = this.node.contains(document.activeElement)
      ? document.activeElement.dataset.customId
      : null;
    this.entry = entry;
    this.failure = failure;
    this.node.dataset.key = entry.key;
    this.node.classList.toggle("pinged", Boolean(entry.pings_me));
    this.node.classList.toggle("private", isPrivate(entry));
    this.node.setAttribute("aria-label", `Message from ${nameOf(authorOf(entry))}`);
    show(this.#inside, this.#parts(entry, failure));
    this.#kept.settle();
    if (focused && !this.node.contains(document.activeElement)) this.#focus(focused);
  }

  #parts(entry, failure) {
    const draw = (data, make) => this.#kept.draw(data, make);
    const { used, timestamp, referenced_message: reference } = entry;
    const author = authorOf(entry);
    return [
      reference !== undefined && draw(["reference", brief(reference)], () => referenceLine(reference)),
      used && draw(["used", used], () => usedLine(used)),
      draw(["author", author, entry.member?.colour, timestamp], () => head(author, entry)),
      draw("body", () => el("div", { className: "body" })),
      entry.failure && draw(["failed", entry.failure], () => failed(entry.failure)),
      failure && draw(["failed", failure.failure], () => failed(failure.failure)),
      isPrivate(entry) && draw("private", () => privacy(this.#id)),
    ]
      .filter(Boolean)
      .map((part) => this.#filled(part, entry));
  }

  #filled(part, entry) {
    if (part.className === "body") show(part, this.#body(entry));
    return part;
  }

  #body(entry) {
    const names = namesIn(entry);
    const draw = (data, make) => this.#kept.draw(data, make);
    const { content = "", edited_timestamp: edited, flags = 0, embeds = [], attachments: files = [] } = entry;
    if (flags & LOADING) return [draw("thinking", () => thinking(authorOf(entry)))];
    return [
      content && draw(["content", content, edited], () => text(content, edited, names)),
      files.length && draw(["files", files], () => el("div", { className: "files" }, ...attachments(files))),
      ...embeds.map((data) => draw(["embed", data], () => embed(data, names))),
      ...components(entry.components ?? [], { id: this.#id, names, kept: this.#kept }),
      !content && edited && draw(["edited", edited], () => el("p", {}, editedMark(edited))),
    ].filter(Boolean);
  }

  #focus(customId) {
    this.node.querySelector(`[data-custom-id="${CSS.escape(customId)}"]`)?.focus({ preventScroll: true });
  }
}

/** Give who wrote a message; what only says that something failed comes from the bot. */
export function authorOf(entry) {
  return entry.author ?? state.world?.bot ?? { id: "0", username: "Discord" };
}

function isPrivate(entry) {
  return Boolean(entry.private || entry.flags & EPHEMERAL);
}

function brief(reference) {
  return reference && [reference.id, reference.author, reference.content];
}

function head(author, entry) {
  const name = el("b", { className: "author", "data-user": author.id }, nameOf(author));
  if (entry.member?.colour) name.style.color = entry.member.colour;
  const tag = author.bot ? el("span", { className: "tag" }, "App") : null;
  const avatar = initials(author.id, nameOf(author), "avatar");
  avatar.dataset.user = author.id;
  const clock = el("span", { className: "clock", "aria-hidden": "true" }, clockOf(entry.timestamp));
  return el(
    "div",
    { className: "head" },
    avatar,
    el("div", { className: "byline" }, name, tag, timeOf(entry.timestamp)),
    clock,
  );
}

function text(content, edited, names) {
  const drawn = markdown(content, names);
  if (edited) drawn.append(" ", editedMark(edited));
  return drawn;
}

function editedMark(edited) {
  return el("small", { className: "edited", title: new Date(edited).toLocaleString("en-US") }, "(edited)");
}

function thinking(author) {
  const dots = el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  return el("p", { className: "thinking" }, dots, `${nameOf(author)} is thinking…`);
}

function failed(words) {
  return el("p", { className: "failed" }, icon("alert"), words);
}

function privacy(id) {
  const dismiss = el("button", { type: "button", className: "as-link" }, "Dismiss message");
  dismiss.onclick = async () => {
    const answer = await act({ do: "dismiss", message: id });
    if (!answer.ok) notify(answer.error);
  };
  return el("p", { className: "privacy" }, icon("eye"), "Only you can see this • ", dismiss);
}
