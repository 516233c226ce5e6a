// Hides what is a spoiler until somebody wants to see it.

import { el } from "./dom.js";

/** Draw hidden words: a click, Enter or Space shows them. */
export function spoiler(children) {
  const inner = el("span", { className: "spoiler-words", inert: true }, ...children);
  const node = el(
    "span",
    {
      className: "spoiler",
      role: "button",
      tabIndex: 0,
      "aria-expanded": "false",
      "aria-label": "Spoiler: show",
    },
    inner,
  );
  const reveal = () => {
    node.classList.add("revealed");
    for (const name of ["role", "tabindex", "aria-expanded", "aria-label"]) node.removeAttribute(name);
    inner.inert = false;
    node.onclick = node.onkeydown = null;
  };
  node.onclick = reveal;
  node.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    reveal();
  };
  return node;
}

/** Cover something that is a spoiler, such as a picture, with a button that uncovers it. */
export function covered(node) {
  const cover = el(
    "button",
    { type: "button", className: "spoiler-cover", "aria-label": "Spoiler: show" },
    el("span", {}, "Spoiler"),
  );
  const inner = el("div", { className: "spoiler-inner", inert: true }, node);
  const box = el("div", { className: "spoiler-box" }, inner, cover);
  cover.onclick = () => {
    box.classList.add("revealed");
    inner.inert = false;
    cover.remove();
    inner.querySelector("button, a, video, audio")?.focus({ preventScroll: true });
  };
  return box;
}
