// Shows a picture as large as the window allows, and the other pictures of its message.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { link } from "./safe_links.js";

/** Enlarge the picture inside a button; the arrow keys go to its message's others. */
export function openLightbox(button) {
  const all = [...(button.closest("article") ?? button.parentElement).querySelectorAll("button.picture")];
  const place = el("div", { className: "lightbox-place" });
  const box = el("dialog", { className: "lightbox", "aria-label": "Picture" }, place);
  let at = Math.max(all.indexOf(button), 0);
  const turn = (by) => {
    at = (at + by + all.length) % all.length;
    place.replaceChildren(...enlarged(all[at].querySelector("img")));
  };
  box.append(turner("close", "Close", () => box.close()));
  if (all.length > 1) offerOthers(box, turn);
  box.onclick = (event) => [box, place].includes(event.target) && box.close();
  box.onclose = () => {
    box.remove();
    all[at].focus({ preventScroll: true });
  };
  turn(0);
  document.getElementById("overlays").append(box);
  box.showModal();
}

function enlarged(image) {
  const words = image.alt ? [el("p", {}, image.alt)] : [];
  return [el("img", { src: image.src, alt: image.alt }), ...words, link(image.src, {}, "Open in browser")];
}

function offerOthers(box, turn) {
  box.append(
    turner("before", "Previous picture", () => turn(-1)),
    turner("after", "Next picture", () => turn(1)),
  );
  box.onkeydown = ({ key }) => {
    if (key === "ArrowLeft") turn(-1);
    if (key === "ArrowRight") turn(1);
  };
}

function turner(where, label, onclick) {
  const props = { type: "button", className: `quiet lightbox-${where}`, "aria-label": label, onclick };
  return el("button", props, icon(where === "close" ? "close" : "chevron"));
}
