// What can be done to the covers of the photo on screen. Pointer, keyboard and buttons all end here.

import { nameOf, say } from "./page.js";
import { boundsOf, cornersOf, fitted, isAt, isTooSmall, joined, moved } from "./shapes.js";

// Tools with a thickness of their own.
export const TIPS = new Set(["brush", "eraser"]);

export class Editor {
  // changed(edited): after every change of the shapes (true) or of what is chosen or on screen (false).
  constructor(view, changed) {
    this.view = view;
    this.changed = changed;
    this.tool = "ellipse";
    this.thickness = 0.06; // of the longest side
    this.chosen = null; // the number of a shape
  }

  open(picture) {
    this.picture?.rest();
    this.picture = picture;
    this.chosen = this.draft = null;
    picture.wake();
    this.view.chosen = this.view.cursor = null;
    this.view.show(picture);
    this.changed(false);
  }

  get shape() {
    return this.picture.shapes.find(({ number }) => number === this.chosen);
  }

  get longest() {
    return Math.max(this.picture.width, this.picture.height);
  }

  choose(number) {
    this.chosen = number;
    this.update(false);
  }

  update(edited) {
    this.chosen = this.shape ? this.chosen : null;
    this.view.draw({ chosen: this.shape ?? null });
    this.changed(edited);
  }

  // ---- drawing and dragging ----

  // At a point of the photo; reach is how far beside something one may touch it. False: nothing to drag here.
  begin(point, reach) {
    const drag = this.tool === "move" ? this.grip(point, reach) : this.tip(point);
    if (!drag) return false;
    this.dragging = drag;
    this.drag(point);
    return true;
  }

  tip(start) {
    const shape = { kind: this.tool, number: this.picture.drawn + 1 };
    if (!TIPS.has(this.tool)) return (point) => ({ ...shape, points: [start, point] });
    shape.thickness = this.thickness * this.longest;
    const points = [];
    return (point) => {
      points.push(point);
      return { ...shape, points };
    };
  }

  grip(start, reach) {
    const corners = this.shape ? cornersOf(boundsOf(this.shape)) : [];
    const held = corners.findIndex(([x, y]) => Math.hypot(x - start[0], y - start[1]) <= reach);
    if (held >= 0) return this.stretch(this.shape, corners[(held + 2) % 4], corners[held], start);
    const shape = this.picture.shapes.findLast((candidate) => isAt(candidate, start, reach / 2));
    this.choose(shape?.number ?? null);
    return shape && ((point) => moved(shape, point[0] - start[0], point[1] - start[1]));
  }

  stretch(shape, fixed, corner, start) {
    return (point) => {
      const to = [0, 1].map((axis) => corner[axis] + point[axis] - start[axis]);
      return fitted(shape, boundsOf({ points: [fixed, to] }));
    };
  }

  drag(point) {
    const draft = this.dragging(point);
    const before = this.draft ?? this.picture.shapes.find(({ number }) => number === draft.number) ?? draft;
    const isWay = draft.thickness && draft.points === before.points;
    const bounds = isWay
      ? boundsOf({ ...draft, points: draft.points.slice(-2) })
      : joined(boundsOf(before), boundsOf(draft));
    this.draft = draft;
    this.picture.refresh(this.with(draft), bounds);
    this.view.draw({ chosen: isWay ? null : draft });
  }

  end() {
    const draft = this.draft;
    if (!draft) return;
    const isNew = draft.number > this.picture.drawn;
    if (isNew && isTooSmall(draft)) {
      this.cancel();
      say("drag-further");
      return;
    }
    this.draft = this.dragging = null;
    this.keep(draft, isNew ? "drawn" : "changed");
  }

  cancel() {
    this.draft = this.dragging = null;
    this.picture.refresh(this.picture.shapes, this.picture.whole);
    this.update(false);
  }

  // ---- by keyboard and buttons ----

  addInTheMiddle(kind) {
    const [x, y] = this.view.middle;
    const [across, down] = [this.picture.width / 8, this.picture.height / 8];
    const points = [[x - across, y - down], [x + across, y + down]];
    this.keep({ kind, number: this.picture.drawn + 1, points }, "drawn");
  }

  // Directions as seen on the screen, whichever way the view is turned.
  nudge(across, down, step) {
    const [x, y] = this.view.turned([across * step, down * step], -1);
    this.change(moved(this.shape, x, y));
  }

  grow(across, down, step) {
    const [x, y] = (this.view.turns % 2 ? [down, across] : [across, down]).map((way) => (way * step) / 2);
    const { left, top, right, bottom } = boundsOf(this.shape);
    this.change(fitted(this.shape, { left: left - x, top: top - y, right: right + x, bottom: bottom + y }));
  }

  change(shape) {
    this.picture.refresh(this.with(shape), joined(boundsOf(this.shape), boundsOf(shape)));
    this.keep(shape, "changed");
  }

  remove() {
    const shape = this.shape;
    this.picture.commit(this.picture.shapes.filter((other) => other !== shape));
    this.picture.refresh(this.picture.shapes, boundsOf(shape));
    this.update(true);
    say("removed", { shape: nameOf(shape) });
  }

  // Back (-1) or forth (1).
  step(by) {
    const done = this.picture.step(by);
    this.update(done);
    say(done ? (by < 0 ? "undone" : "redone") : "no-step");
  }

  with(shape) {
    const shapes = this.picture.shapes;
    const known = shapes.some(({ number }) => number === shape.number);
    return known ? shapes.map((old) => (old.number === shape.number ? shape : old)) : [...shapes, shape];
  }

  keep(shape, what) {
    this.picture.commit(this.with(shape));
    this.picture.drawn = Math.max(this.picture.drawn, shape.number);
    this.picture.refresh(this.picture.shapes, boundsOf(shape));
    this.chosen = shape.number;
    this.update(true);
    say(what, { shape: nameOf(shape), ...this.place(shape) });
  }

  // Where a shape lies and how large it is, in per cent of the photo.
  place(shape) {
    const { left, top, right, bottom } = boundsOf(shape);
    const { width, height } = this.picture;
    const share = (value, of) => Math.round((100 * value) / of);
    return {
      left: share(left, width),
      top: share(top, height),
      width: share(right - left, width),
      height: share(bottom - top, height),
    };
  }
}
