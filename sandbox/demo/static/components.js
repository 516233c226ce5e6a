// Draws the components of a message, classic ones and Components V2, and does what is chosen in them.

import { chosenAtFirst, offered, placeholderOf } from "./select_options.js";
import { colourOf } from "./colours.js";
import { el, show } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { icon } from "./icons.js";
import { act } from "./connection.js";
import { link } from "./safe_links.js";
import { markdown } from "./markdown.js";
import { fileCard, fromItem, gallery, thumbnail } from "./media.js";
import { select } from "./select.js";
import { covered } from "./spoilers.js";
import { notify } from "./toast.js";
import { endWait, isWaiting, wait } from "./pending.js";

const LINK = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary", 6: "premium" };
const DRAW = {
  1: actionRow,
  2: button,
  3: menu,
  5: menu,
  6: menu,
  7: menu,
  8: menu,
  9: section,
  10: (part, { names }) => markdown(part.content, names),
  11: (part) => thumbnail(fromItem(part)),
  12: (part) => gallery(part.items.map(fromItem)),
  13: (part) => fileCard(fromItem(part)),
  14: separator,
};
const CONTAINER = 17;

/** Draw components; `at` is `{id, names, kept}`: their message, the names in it, what it has drawn. */
export function components(parts, at) {
  return parts.map((part) =>
    part.type === CONTAINER ? container(part, at) : at.kept.draw(part, () => component(part, at)),
  );
}

function component(part, at) {
  return DRAW[part.type]?.(part, at) ?? el("p", { className: "unknown" }, `[component of type ${part.type}]`);
}

/** A container stays when something in it changes: a video beside the change plays on. */
function container({ components: parts = [], ...looks }, at) {
  const box = at.kept.draw(looks, () => containerBox(looks));
  show(box.querySelector(".container-inside"), components(parts, at));
  return box;
}

function containerBox({ accent_color: accent, spoiler }) {
  const box = el("div", { className: "container" }, el("div", { className: "container-inside" }));
  if (Number.isInteger(accent)) box.style.borderLeftColor = colourOf(accent);
  box.classList.toggle("plain", !Number.isInteger(accent));
  return spoiler ? covered(box) : box;
}

function actionRow({ components: parts = [] }, at) {
  return el("div", { className: "action-row" }, ...parts.map((part) => component(part, at)));
}

function section({ components: parts = [], accessory }, at) {
  const words = el("div", { className: "section-words" }, ...parts.map((part) => component(part, at)));
  return el("div", { className: "section" }, words, accessory && component(accessory, at));
}

function separator({ divider = true, spacing = 1 }) {
  return el("hr", { className: `separator ${spacing === 2 ? "large" : "small"}${divider ? "" : " bare"}` });
}

function button(part, at) {
  const inside = [part.emoji && emojiOf(part.emoji), part.label && el("span", {}, part.label)];
  const className = `push-button ${STYLES[part.style] ?? "secondary"}`;
  if (part.style === LINK && !part.disabled)
    return link(part.url, { className }, ...inside, icon("external"));
  const isOff = part.disabled || !part.custom_id;
  const label = part.label ? undefined : part.emoji?.name;
  const made = el(
    "button",
    { type: "button", className, disabled: isOff, "aria-label": label, "data-custom-id": part.custom_id },
    ...inside,
    part.style === LINK && icon("external"),
  );
  made.onclick = () => ask(made, at.id, { do: "click", custom_id: part.custom_id });
  return made;
}

function menu(part, at) {
  const made = select({
    label: placeholderOf(part),
    placeholder: placeholderOf(part),
    options: offered(part),
    chosen: chosenAtFirst(part),
    least: part.min_values ?? 1,
    most: part.max_values ?? 1,
    disabled: Boolean(part.disabled),
    onchange: (chosen) => ask(made.button, at.id, { do: "choose", custom_id: part.custom_id, chosen }),
    ontoofew: (least) => notify(`Choose at least ${least}.`),
  });
  made.button.dataset.customId = part.custom_id;
  return made.node;
}

async function ask(node, message, order) {
  if (isWaiting(node)) return;
  wait(node, message);
  const answer = await act({ ...order, message });
  if (answer.ok) return;
  endWait(node);
  notify(answer.error);
}
