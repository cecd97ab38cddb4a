// Everything beside the photo: tools, the list of shapes, the buttons for the chosen one, and the meters.

import { measure } from "./measures.js";
import { element, nameOf, say, text } from "./page.js";
import { TIPS } from "./editor.js";
import { directionOf } from "./pointing.js";
import { CEILING, DETAIL_NEEDED, FLOOR } from "./rules.js";

const PAUSE_MS = 120;

function onClick(id, act) {
  element(id).addEventListener("click", act);
}

export function stepSize(editor) {
  return Math.max(1, Number(element("step").value) * editor.longest);
}

export class Panel {
  constructor(editor) {
    this.editor = editor;
    for (const radio of document.querySelectorAll("input[name=paint-tool]")) {
      radio.checked = radio.value === editor.tool;
      radio.addEventListener("change", () => {
        editor.tool = radio.value;
        element("tip").hidden = !TIPS.has(radio.value);
      });
    }
    element("thickness").addEventListener("input", (event) => {
      editor.thickness = event.target.valueAsNumber / 100;
    });
    editor.thickness = element("thickness").valueAsNumber / 100;
    onClick("undo", () => editor.step(-1));
    onClick("redo", () => editor.step(1));
    onClick("closer", () => editor.view.zoom(1.5));
    onClick("farther", () => editor.view.zoom(1 / 1.5));
    onClick("whole", () => editor.view.fit());
    onClick("turn", () => this.turn());
    onClick("add-ellipse", () => editor.addInTheMiddle("ellipse"));
    onClick("add-rectangle", () => editor.addInTheMiddle("rectangle"));
    onClick("remove", () => this.remove());
    for (const button of document.querySelectorAll("[data-paint-nudge], [data-paint-grow]")) {
      const { paintNudge, paintGrow } = button.dataset;
      const way = (paintNudge ?? paintGrow).split(" ").map(Number);
      button.addEventListener("click", () => {
        editor[paintNudge ? "nudge" : "grow"](...way, stepSize(editor));
      });
    }
    Object.assign(element("coverage"), { low: FLOOR, high: CEILING, optimum: (FLOOR + CEILING) / 2 });
    Object.assign(element("detail"), { low: DETAIL_NEEDED, optimum: 480 });
    element("work").addEventListener("keydown", (event) => this.key(event));
  }

  turn() {
    this.editor.view.turn();
    say("turned", { degrees: this.editor.view.turns * 90 });
  }

  key(event) {
    const wanted = (event.ctrlKey || event.metaKey) && !event.altKey ? event.key.toLowerCase() : "";
    if (wanted !== "z" && wanted !== "y") return;
    event.preventDefault();
    this.editor.step(wanted === "y" || event.shiftKey ? 1 : -1);
  }

  // ---- the list ----

  list() {
    const { editor } = this;
    const place = element("shapes");
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren(...editor.picture.shapes.map((shape) => this.entry(shape)));
    element("no-shapes").hidden = editor.picture.shapes.length > 0;
    element("chosen").hidden = !editor.shape;
    if (editor.shape) element("chosen-name").textContent = nameOf(editor.shape);
    if (hadFocus) place.querySelector("[aria-pressed=true]")?.focus();
    for (const [id, by] of [["undo", -1], ["redo", 1]]) {
      element(id).setAttribute("aria-disabled", String(!editor.picture.states[editor.picture.at + by]));
    }
  }

  entry(shape) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button paint-shape";
    button.setAttribute("aria-pressed", String(shape.number === this.editor.chosen));
    const where = document.createElement("span");
    where.textContent = text("place", this.editor.place(shape));
    button.append(nameOf(shape), where);
    button.addEventListener("click", () => this.editor.choose(shape.number));
    button.addEventListener("keydown", (event) => this.shapeKey(event, shape));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  shapeKey(event, shape) {
    const direction = directionOf(event);
    const growth = { "+": 1, "-": -1 }[event.key];
    if (!direction && !growth && event.key !== "Delete") return;
    event.preventDefault();
    if (shape.number !== this.editor.chosen) this.editor.choose(shape.number);
    if (direction) this.editor.nudge(...direction, stepSize(this.editor));
    else if (growth) this.editor.grow(growth, growth, stepSize(this.editor));
    else this.remove();
  }

  // The focus goes on to another shape, or to where shapes are made: never back to the top of the page.
  remove() {
    this.editor.remove();
    (element("shapes").querySelector("button:last-of-type") ?? element("add-ellipse")).focus();
  }

  // ---- the meters ----

  // Soon, not at once: while a shape is nudged there is no need to measure every step.
  measureSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.measure(), PAUSE_MS);
  }

  measure() {
    clearTimeout(this.timer);
    const { picture } = this.editor;
    if (!picture?.cover) return;
    picture.measured = measure(picture);
    const { coverage, detail, fault } = picture.measured;
    element("coverage").value = coverage;
    element("detail").value = detail;
    element("coverage-text").textContent = text("coverage", {
      percent: 100 * coverage, least: 100 * FLOOR, most: 100 * CEILING,
    });
    element("detail-text").textContent = text("detail", { detail, least: DETAIL_NEEDED });
    element("ready").hidden = Boolean(fault);
    const verdict = element("verdict");
    const words = text(fault ?? "enough");
    verdict.className = `notice ${fault ? "warn" : "good"}`;
    if (verdict.textContent !== words) verdict.textContent = words;
  }
}
