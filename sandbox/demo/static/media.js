// Draws pictures, videos, sounds and other files: in the place that they will take up, before they are there.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { openLightbox } from "./lightbox.js";
import { fileAddress, link } from "./safe_links.js";
import { covered } from "./spoilers.js";
import { sizeText } from "./uploads.js";

const WIDEST = 550;
const HIGHEST = 350;
const SPOILER_FLAG = 1 << 3;
const KINDS = {
  image: /\.(?:png|jpe?g|gif|webp|avif|svg)$/i,
  video: /\.(?:mp4|webm|mov|m4v)$/i,
  audio: /\.(?:mp3|ogg|wav|m4a|flac|opus)$/i,
};

/** Read an item of a component as something that can be drawn here. */
export function fromItem({ media, file = media, description: alt, spoiler, name, size }) {
  const { url = "", content_type: type, width, height } = file ?? {};
  return { url, name: name ?? nameIn(url), size, type, width, height, alt, spoiler };
}

/** Draw the files of a message: what can be seen together as a gallery, the rest below it. */
export function attachments(files) {
  const items = files.map(fromAttachment);
  const isSeen = (item) => ["image", "video"].includes(kindOf(item));
  const [seen, rest] = [items.filter(isSeen), items.filter((item) => !isSeen(item))];
  return [seen.length ? gallery(seen) : null, ...rest.map(fileCard)].filter(Boolean);
}

/** Draw one to ten pictures and videos as Discord lays them out. */
export function gallery(items) {
  if (items.length === 1)
    return el("div", { className: "gallery single" }, spoiled(items[0], framed(items[0])));
  return el(
    "div",
    { className: `gallery count-${items.length}` },
    ...items.map((item) => spoiled(item, seen(item))),
  );
}

/** Draw a small picture that stands beside something. */
export function thumbnail(item) {
  return el("div", { className: "thumbnail" }, spoiled(item, seen(item)));
}

/** Draw one file with its name and size; a sound with its player. */
export function fileCard(item) {
  return spoiled(item, kindOf(item) === "audio" ? soundCard(item) : card(item, [download(item)]));
}

function fromAttachment(file) {
  const { url, filename: name, size, content_type: type, width, height, description: alt } = file;
  const spoiler = name.startsWith("SPOILER_") || Boolean(file.flags & SPOILER_FLAG);
  return { url, name, size, type, width, height, alt, spoiler };
}

function soundCard(item) {
  const player = el("audio", {
    controls: true,
    preload: "metadata",
    src: fileAddress(item.url) ?? "",
    "aria-label": item.name,
  });
  return el("div", { className: "sound" }, card(item, [download(item)]), player);
}

function card(item, after) {
  const size = item.size === undefined ? null : el("small", {}, sizeText(item.size));
  const words = el("span", { className: "file-words" }, link(fileAddress(item.url), {}, item.name), size);
  return el(
    "div",
    { className: "file-card" },
    el("span", { className: "file-sign" }, icon(kindOf(item) === "audio" ? "audio" : "file")),
    words,
    ...after,
  );
}

function download(item) {
  return link(
    fileAddress(item.url),
    { className: "quiet", download: item.name },
    icon("download", `Download ${item.name}`),
  );
}

function spoiled(item, node) {
  return item.spoiler ? covered(node) : node;
}

/** Draw a picture or video in a frame of its own shape, no larger than it is. */
function framed(item) {
  const frame = el("div", { className: "frame" }, seen(item));
  if (item.width && item.height) {
    const scale = Math.min(1, WIDEST / item.width, HIGHEST / item.height);
    frame.style.width = `${Math.round(item.width * scale)}px`;
    frame.style.aspectRatio = `${item.width} / ${item.height}`;
  }
  return frame;
}

function seen(item) {
  const src = fileAddress(item.url);
  if (!src) return broken(item);
  return kindOf(item) === "video" ? video(item, src) : picture(item, src);
}

function video(item, src) {
  return el("video", {
    src,
    controls: true,
    playsInline: true,
    preload: "metadata",
    "aria-label": item.alt ?? item.name,
  });
}

function picture(item, src) {
  const image = el("img", { src, alt: item.alt ?? "", loading: "lazy", decoding: "async", draggable: false });
  const button = el(
    "button",
    { type: "button", className: "picture", "aria-label": `Enlarge ${item.alt ?? item.name}` },
    image,
  );
  button.onclick = () => openLightbox(button);
  image.onerror = () => button.replaceWith(broken(item));
  return button;
}

function broken(item) {
  return el(
    "p",
    { className: "broken" },
    icon("image"),
    link(fileAddress(item.url), {}, item.name || "picture"),
    " could not be loaded.",
  );
}

function kindOf({ type, name, url }) {
  const [kind] = (type ?? "").split("/");
  if (kind in KINDS) return kind;
  if (type) return "other";
  const known = Object.entries(KINDS).find(([, look]) => look.test(name || nameIn(url)));
  return known?.[0] ?? (name ? "other" : "image");
}

function nameIn(url) {
  const href = fileAddress(url);
  const last = href ? new URL(href).pathname.split("/").at(-1) : String(url);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
