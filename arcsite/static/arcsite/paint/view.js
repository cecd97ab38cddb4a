// How the photo lies on the screen: size, place and quarter turns. Nothing of this changes the photo.

import { boundsOf, cornersOf } from "./shapes.js";

const CLOSEST = 8; // screen pixels for one of the photo
const SHARPEST = 2; // device pixels for one of the screen; more costs memory and shows nothing
const HANDLE = 7;

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.picture = null;
    this.sharpness = Math.min(window.devicePixelRatio || 1, SHARPEST);
    new ResizeObserver(() => this.measure()).observe(canvas);
  }

  measure() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * this.sharpness);
    this.canvas.height = Math.round(clientHeight * this.sharpness);
    if (!this.picture || !clientWidth) return;
    if (this.isWhole) this.fit();
    else this.draw();
  }

  show(picture) {
    this.picture = picture;
    this.turns = 0;
    this.lay();
  }

  // The place gets the proportions of the photo as it lies, so that on a phone nothing is wasted beside it.
  lay() {
    const { width, height } = this.picture;
    this.canvas.style.setProperty("--proportions", this.turns % 2 ? height / width : width / height);
    this.isWhole = true;
    this.measure();
  }

  get fitting() {
    const { width, height } = this.picture;
    const [wide, high] = this.turns % 2 ? [height, width] : [width, height];
    return Math.min(this.canvas.clientWidth / wide, this.canvas.clientHeight / high) * 0.96;
  }

  fit() {
    this.isWhole = true;
    this.scale = this.fitting;
    this.middle = [this.picture.width / 2, this.picture.height / 2];
    this.draw();
  }

  turn() {
    this.turns = (this.turns + 1) % 4;
    this.lay();
  }

  // at: the point of the screen, from the canvas' corner, that stays where it is.
  zoom(factor, at = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2]) {
    this.isWhole = false;
    const before = this.toPhoto(at);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitting / 2), CLOSEST);
    const after = this.toPhoto(at);
    this.centre([0, 1].map((axis) => this.middle[axis] + before[axis] - after[axis]));
  }

  pan(across, down) {
    const [x, y] = this.turned([across, down], -1);
    this.centre([this.middle[0] - x / this.scale, this.middle[1] - y / this.scale]);
  }

  // The middle of the screen stays within the photo, so that it cannot get lost.
  centre([x, y]) {
    const { width, height } = this.picture;
    this.middle = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
    this.draw();
  }

  turned([x, y], direction = 1) {
    const [cosine, sine] = [[1, 0], [0, direction], [-1, 0], [0, -direction]][this.turns];
    return [x * cosine - y * sine, x * sine + y * cosine];
  }

  toPhoto([x, y]) {
    const { clientWidth, clientHeight } = this.canvas;
    const [across, down] = this.turned([x - clientWidth / 2, y - clientHeight / 2], -1);
    return [this.middle[0] + across / this.scale, this.middle[1] + down / this.scale];
  }

  toScreen([x, y]) {
    const { clientWidth, clientHeight } = this.canvas;
    const offset = [(x - this.middle[0]) * this.scale, (y - this.middle[1]) * this.scale];
    const [across, down] = this.turned(offset);
    return [clientWidth / 2 + across, clientHeight / 2 + down];
  }

  // With the outline of a chosen shape and the cursor of the keyboard (a point of the photo).
  draw({ chosen = this.chosen, cursor = this.cursor } = {}) {
    [this.chosen, this.cursor] = [chosen, cursor];
    const { context, canvas, picture, sharpness } = this;
    if (!picture?.canvas) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    context.save();
    context.translate(canvas.clientWidth / 2, canvas.clientHeight / 2);
    context.rotate((this.turns * Math.PI) / 2);
    context.scale(this.scale, this.scale);
    context.imageSmoothingEnabled = this.scale < 2;
    context.drawImage(picture.canvas, -this.middle[0], -this.middle[1]);
    context.restore();
    if (chosen) this.outline(cornersOf(boundsOf(chosen)).map((corner) => this.toScreen(corner)));
    if (cursor) this.cross(this.toScreen(cursor));
  }

  // Black on white, to be seen on every photo.
  stroke(path) {
    for (const [colour, thickness] of [["#fff", 4], ["#000", 2]]) {
      this.context.strokeStyle = colour;
      this.context.lineWidth = thickness;
      this.context.stroke(path);
    }
  }

  outline(corners) {
    const path = new Path2D();
    corners.forEach((corner) => path.lineTo(...corner));
    path.closePath();
    this.stroke(path);
    for (const [x, y] of corners) {
      const handle = new Path2D();
      handle.arc(x, y, HANDLE, 0, 2 * Math.PI);
      this.context.fillStyle = "#fff";
      this.context.fill(handle);
      this.stroke(handle);
    }
  }

  cross([x, y]) {
    const path = new Path2D();
    for (const [across, down] of [[12, 0], [0, 12]]) {
      path.moveTo(x - across, y - down);
      path.lineTo(x + across, y + down);
    }
    this.stroke(path);
  }
}
