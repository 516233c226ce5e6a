// Makes the controls of the backstage drawer: switches, a slider of steps, and buttons that ask back.

import { el } from "./dom.js";

/** A switch; `send(id, on)` gives whether it was turned. */
export class SwitchRow {
  #label;
  #hint;
  #note = el("span", { className: "note" });
  #knob;

  constructor(id, send) {
    this.#label = el("b", { id: `switch-${id}` });
    this.#hint = el("small", { id: `switch-${id}-hint` });
    const told = { "aria-labelledby": this.#label.id, "aria-describedby": this.#hint.id };
    this.#knob = el("button", { type: "button", role: "switch", ...told });
    this.#knob.onclick = async () => {
      const wanted = this.#knob.getAttribute("aria-checked") !== "true";
      this.#turn(wanted);
      if (!(await send(id, wanted))) this.#turn(!wanted);
    };
    const words = el("div", { className: "words" }, this.#label, this.#note, this.#hint);
    this.node = el("div", { className: "switch" }, words, this.#knob);
  }

  /** Show it as it is now. */
  update({ label, hint = "", note = "", on }) {
    this.#label.textContent = label;
    this.#hint.textContent = hint;
    this.#note.textContent = note;
    this.#turn(on);
  }

  #turn(on) {
    this.#knob.setAttribute("aria-checked", String(on));
  }
}

/** A slider over steps that need not be even; `send(id, step)` is called when it is let go. */
export class Slider {
  #input = el("input", { type: "range", min: "0", step: "1" });
  #name = el("span", {});
  #value = el("output", {});
  #label = el("label", {}, this.#name, this.#value);
  #ticks = el("div", { className: "ticks", "aria-hidden": "true" });
  #slider = null;
  #isMoving = false;

  constructor(send) {
    this.node = el("div", {}, this.#label, this.#input, this.#ticks);
    this.#input.oninput = () => {
      this.#isMoving = true;
      this.#say();
    };
    this.#input.onchange = async () => {
      await send(this.#slider.id, this.#slider.steps[this.#input.value]);
      this.#isMoving = false;
    };
  }

  /** Show it as it is now, unless somebody is just moving it. */
  update({ slider }) {
    this.#slider = slider;
    if (this.#isMoving) return;
    this.#label.htmlFor = this.#input.id = `slider-${slider.id}`;
    this.#name.textContent = slider.label;
    this.#input.max = String(slider.steps.length - 1);
    this.#input.value = String(nearest(slider.steps, slider.value));
    this.#ticks.replaceChildren(...slider.steps.map((step) => el("span", {}, String(step))));
    this.#say();
  }

  #say() {
    this.#value.textContent = `${this.#slider.steps[this.#input.value]}${this.#slider.unit}`;
    this.#input.setAttribute("aria-valuetext", this.#value.textContent);
  }
}

/** A button; a dangerous one asks back in its own place before `send(id, true)` is called. */
export class ButtonRow {
  #press = el("button", { type: "button", onclick: () => this.#pressed() });
  #yes = el("button", { type: "button", onclick: () => this.#confirmed() });
  #no = el("button", { type: "button", onclick: () => this.#ask(false) }, "Cancel");
  #question = el("p", {});
  #answers = [this.#question, this.#yes, this.#no];
  #asked = el("div", { className: "confirm", role: "group", hidden: true }, ...this.#answers);
  #hint = el("small", {});
  #button = null;
  #run;

  constructor(id, send) {
    this.#run = () => send(id, true);
    this.node = el("div", { className: "button" }, this.#press, this.#asked, this.#hint);
    this.#asked.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#ask(false);
    };
  }

  /** Show it as it is now. */
  update(button) {
    this.#button = button;
    this.#press.textContent = this.#yes.textContent = button.label;
    this.#press.className = this.#yes.className = button.danger ? "danger" : "";
    this.#hint.textContent = button.hint ?? "";
    this.#question.textContent = button.confirm ?? "Really?";
    this.#asked.setAttribute("aria-label", this.#question.textContent);
  }

  #pressed() {
    if (this.#button.danger || this.#button.confirm) this.#ask(true);
    else this.#work();
  }

  #confirmed() {
    this.#ask(false);
    this.#work();
  }

  async #work() {
    if (this.#press.hasAttribute("aria-busy")) return;
    this.#press.setAttribute("aria-busy", "true");
    await this.#run();
    this.#press.removeAttribute("aria-busy");
  }

  #ask(open) {
    this.#press.hidden = open;
    this.#asked.hidden = !open;
    (open ? this.#no : this.#press).focus();
  }
}

function nearest(steps, value) {
  const far = steps.map((step) => Math.abs(step - value));
  return far.indexOf(Math.min(...far));
}
