// Keeps the newest message in view until somebody scrolls up, and offers the way back down.

import { el } from "./dom.js";
import { icon } from "./icons.js";

const NEAR_PX = 80;

/** Where one looks in a long list: at its end, or somewhere above it. */
export class Scroller {
  #main;
  #atEnd = true;
  #top = 0;
  #unseen = 0;
  #words = el("span", {});
  #button = el(
    "button",
    { type: "button", className: "jump", hidden: true, onclick: () => this.toEnd() },
    this.#words,
    icon("down"),
  );

  /** Follow `content`, which stands in the scrolling element `main`. */
  constructor(main, content) {
    this.#main = main;
    main.append(el("div", { className: "jump-place" }, this.#button));
    main.addEventListener("scroll", () => this.#look(), { passive: true });
    const watching = new ResizeObserver(() => this.#settle());
    watching.observe(content);
    watching.observe(main);
  }

  /** Go to the newest message. */
  toEnd() {
    this.#atEnd = true;
    this.#settle();
  }

  /** Count new messages, unless they are in view. */
  arrived(count) {
    if (this.#atEnd) return;
    this.#unseen += count;
    this.#tell(false);
  }

  /** Whatever has grown, the end stays in view if it was. */
  #settle() {
    if (!this.#atEnd) return;
    this.#main.scrollTop = this.#main.scrollHeight;
    this.#look();
  }

  /** Only who scrolls up leaves the end: content that has grown moves it away just as well. */
  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#main;
    const left = scrollHeight - scrollTop - clientHeight;
    if (left < NEAR_PX) this.#atEnd = true;
    else if (scrollTop < this.#top) this.#atEnd = false;
    this.#top = scrollTop;
    if (this.#atEnd) this.#unseen = 0;
    this.#tell(left < clientHeight);
  }

  /** Writing what is written already would have the browser lay everything out again. */
  #tell(isNear) {
    const words = this.#unseen
      ? `${this.#unseen} new ${this.#unseen === 1 ? "message" : "messages"}`
      : "Jump to present";
    const isHidden = this.#atEnd || (isNear && !this.#unseen);
    if (this.#words.textContent !== words) this.#words.textContent = words;
    if (this.#button.hidden !== isHidden) this.#button.hidden = isHidden;
  }
}
