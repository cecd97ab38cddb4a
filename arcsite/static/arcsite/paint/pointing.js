// Fingers, pen, mouse and keys on the photo. One finger draws; two move and zoom the view. With the keyboard,
// arrows move a cross, the space bar sets the tool down and lifts it.

const REACH = 22; // pixels of the screen around what one wants to touch
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function directionOf(event) {
  return event.ctrlKey || event.altKey || event.metaKey ? undefined : ARROWS[event.key];
}

export class Pointing {
  // stepSize(): how far an arrow key moves, in pixels of the photo.
  constructor(canvas, editor, stepSize) {
    Object.assign(this, { canvas, editor, stepSize, view: editor.view });
    this.fingers = new Map();
    this.busy = null; // "draw", "pan" or "keys" while something is being dragged
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(type, (event) => this.up(event, type === "pointercancel"));
    }
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.focused());
    canvas.addEventListener("blur", () => this.blurred());
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0 || !this.view.picture) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.view.cursor = null;
    this.fingers.set(event.pointerId, this.at(event));
    if (this.fingers.size > 1) {
      if (this.busy === "draw") this.editor.cancel();
      this.busy = "pan";
      return;
    }
    const begun = this.editor.begin(this.view.toPhoto(this.at(event)), REACH / this.view.scale);
    this.busy = begun ? "draw" : "pan";
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const spread = this.spread();
    this.fingers.set(event.pointerId, this.at(event));
    if (this.busy === "draw") {
      // A quick hand moves further than one event tells.
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length ? all : [event]) this.editor.drag(this.view.toPhoto(this.at(each)));
      return;
    }
    const [x, y] = this.at(event);
    const share = 1 / this.fingers.size;
    this.view.pan((x - before[0]) * share, (y - before[1]) * share);
    if (spread) this.view.zoom(this.spread() / spread, this.between());
  }

  up(event, lost) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (this.busy === "draw") this.editor[lost ? "cancel" : "end"]();
    if (!this.fingers.size) this.busy = null;
  }

  spread() {
    if (this.fingers.size < 2) return 0;
    const [[x0, y0], [x1, y1]] = [...this.fingers.values()];
    return Math.hypot(x1 - x0, y1 - y0);
  }

  between() {
    const [one, other] = [...this.fingers.values()];
    return [0, 1].map((axis) => (one[axis] + other[axis]) / 2);
  }

  // Only the pinch of a touchpad, which comes with this key; the plain wheel scrolls the page.
  wheel(event) {
    if (!event.ctrlKey || !this.view.picture) return;
    event.preventDefault();
    this.view.zoom(Math.exp(-event.deltaY / 200), this.at(event));
  }

  // ---- keys ----

  focused() {
    if (!this.view.picture || !this.canvas.matches(":focus-visible")) return;
    this.view.draw({ cursor: this.view.cursor ?? this.view.middle });
  }

  blurred() {
    if (this.busy === "keys") this.editor.cancel();
    this.busy = this.busy === "keys" ? null : this.busy;
    this.view.draw({ cursor: null });
  }

  key(event) {
    const direction = directionOf(event);
    if (direction) this.moveCursor(direction);
    else if (event.key === " " || event.key === "Enter") this.press();
    else if (event.key === "Escape" && this.busy === "keys") this.letGo();
    else if (event.key === "+") this.view.zoom(1.25);
    else if (event.key === "-") this.view.zoom(0.8);
    else return;
    event.preventDefault();
  }

  moveCursor(direction) {
    const { picture, cursor, middle } = this.view;
    const by = this.view.turned(direction.map((way) => way * this.stepSize()), -1);
    const [x, y] = [0, 1].map((axis) => (cursor ?? middle)[axis] + by[axis]);
    this.view.cursor = [Math.min(Math.max(x, 0), picture.width), Math.min(Math.max(y, 0), picture.height)];
    this.follow();
    if (this.busy === "keys") this.editor.drag(this.view.cursor);
    else this.view.draw();
  }

  // What the cross would leave comes into view.
  follow() {
    const [x, y] = this.view.toScreen(this.view.cursor);
    const { clientWidth, clientHeight } = this.canvas;
    if (x < 0 || y < 0 || x > clientWidth || y > clientHeight) this.view.centre(this.view.cursor);
  }

  press() {
    this.view.cursor ??= this.view.middle;
    if (this.busy === "keys") {
      this.busy = null;
      this.editor.end();
    } else if (this.editor.begin(this.view.cursor, REACH / this.view.scale)) {
      this.busy = "keys";
    }
  }

  letGo() {
    this.busy = null;
    this.editor.cancel();
  }
}
