// Takes files that are dropped anywhere on the page.

import { el } from "./dom.js";

const GONE_MS = 300;

/** Show while files are dragged that they may be dropped, and hand them to `take`. */
export function startDropzone(take) {
  const veil = el("div", { className: "dropveil", hidden: true }, el("p", {}, "Drop to attach"));
  document.getElementById("composer").append(veil);
  let leaving = null;
  const reveal = (wanted) => {
    clearTimeout(leaving);
    veil.hidden = !wanted;
  };
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    reveal(!isAsked());
    // While something is dragged the browser repeats this event: no news means that it has left.
    leaving = setTimeout(() => reveal(false), GONE_MS);
  });
  addEventListener("drop", (event) => {
    reveal(false);
    if (event.defaultPrevented || !carriesFiles(event)) return;
    // Else the browser would leave the page and open the file.
    event.preventDefault();
    if (!isAsked()) take([...event.dataTransfer.files]);
  });
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** An open form of the bot takes its files itself. */
function isAsked() {
  return document.querySelector("dialog[open]") !== null;
}
