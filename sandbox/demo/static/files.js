// Lets somebody choose files: with the dialog, by dropping them or by pasting; shows what was chosen.

import { el, show } from "./dom.js";
import { icon } from "./icons.js";
import { sizeText } from "./uploads.js";

/**
 * Make a field for files: `{node, files(), clear(), add(files)}`. No more than `max` are kept, the
 * newest ones; `accept` is as in HTML, and `onchange` is called after every change.
 */
export function fileField({ name, multiple = false, max = 1, accept = "", onchange = () => {} }) {
  const most = multiple ? max : 1;
  const input = el("input", { type: "file", name, multiple, accept, className: "unseen" });
  const list = el("ul", { className: "file-list", "aria-label": "Chosen files" });
  const node = el("div", { className: "file-field", "data-count": 0 }, list, prompt(input, most));
  let chosen = [];
  const keep = (wanted) => {
    for (const { url } of chosen.filter((one) => !wanted.includes(one))) URL.revokeObjectURL(url);
    chosen = wanted;
    node.dataset.count = chosen.length;
    node.toggleAttribute("data-full", chosen.length >= most);
    show(
      list,
      chosen.map((one) => one.row),
    );
    onchange(chosen.map((one) => one.file));
  };
  const drop = (one) => {
    keep(chosen.filter((other) => other !== one));
    input.focus();
  };
  const add = (files) => keep([...chosen, ...[...files].map((file) => picked(file, drop))].slice(-most));
  takeFrom(node, input, add);
  return { node, add, files: () => chosen.map((one) => one.file), clear: () => keep([]) };
}

function prompt(input, most) {
  const text = most > 1 ? `Choose up to ${most} files` : "Choose a file";
  return el(
    "label",
    { className: "file-prompt" },
    input,
    icon("upload"),
    el("b", {}, text),
    el("span", {}, "or drop or paste here"),
  );
}

function takeFrom(node, input, add) {
  input.onchange = () => {
    add(input.files);
    // The same file may be chosen again after it was taken away.
    input.value = "";
  };
  node.ondragover = (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    node.classList.add("over");
  };
  node.ondragleave = (event) => node.contains(event.relatedTarget) || node.classList.remove("over");
  node.ondrop = (event) => {
    event.preventDefault();
    node.classList.remove("over");
    add(event.dataTransfer.files);
  };
  node.onpaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    add(event.clipboardData.files);
  };
}

function picked(file, drop) {
  const url = URL.createObjectURL(file);
  const one = { file, url };
  const away = el(
    "button",
    { type: "button", className: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => drop(one) },
    icon("trash"),
  );
  const words = el(
    "span",
    { className: "file-words" },
    el("b", {}, file.name),
    el("small", {}, sizeText(file.size)),
  );
  one.row = el("li", {}, preview(file, url), words, away);
  return one;
}

function preview(file, url) {
  const [kind] = file.type.split("/");
  if (kind === "image") return el("img", { src: url, alt: "" });
  if (kind === "video")
    return el("video", { src: url, muted: true, preload: "metadata", tabIndex: -1, "aria-hidden": "true" });
  return el("span", { className: "file-sign" }, icon(kind === "audio" ? "audio" : "file"));
}
