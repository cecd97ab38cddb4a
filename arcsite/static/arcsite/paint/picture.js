// One photo with its covers: the pixels as opened, the shapes with their history, and the pixels as sent.

import { rasterise } from "./raster.js";
import { COLOUR, TOLERANCE } from "./rules.js";

const REMEMBERED = 200;
const PAINT = new Uint32Array(new Uint8ClampedArray([...COLOUR, 255]).buffer)[0];

export function blank(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  // Read back by the processor, so that no graphics card rounds a colour.
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new Error("no canvas");
  return [canvas, context];
}

// Pixels of the photo that the service would take for the cover colour: 1 each; null when there are none.
function nearTheColour(pixels) {
  const near = new Uint8Array(pixels.length / 4);
  let found = false;
  for (let i = 0, p = 0; i < near.length; i += 1, p += 4) {
    if (COLOUR.every((value, channel) => Math.abs(pixels[p + channel] - value) <= TOLERANCE)) {
      near[i] = 1;
      found = true;
    }
  }
  return found ? near : null;
}

export class Picture {
  // image: the opaque pixels (ImageData) of the photo as opened.
  constructor(image) {
    [this.width, this.height] = [image.width, image.height];
    this.opened = image;
    this.near = nearTheColour(image.data);
    this.states = [[]];
    this.at = 0;
    this.drawn = 0;
  }

  get shapes() {
    return this.states[this.at];
  }

  get whole() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  // Takes the memory for showing it. Only one photo needs it at a time.
  wake() {
    this.cover = new Uint8Array(this.width * this.height);
    this.shown = new ImageData(this.width, this.height);
    [this.canvas, this.context] = blank(this.width, this.height);
    this.refresh(this.shapes, this.whole);
  }

  rest() {
    if (this.canvas) this.canvas.width = this.canvas.height = 0;
    this.cover = this.shown = this.canvas = this.context = null;
  }

  // Leaves nothing of the photo in memory.
  forget() {
    this.rest();
    this.opened.data.fill(0);
    this.opened = this.near = null;
  }

  commit(shapes) {
    this.states = [...this.states.slice(0, this.at + 1), shapes].slice(-REMEMBERED);
    this.at = this.states.length - 1;
  }

  // Back (-1) or forth (1) in the history; whether there was anything.
  step(by) {
    if (!this.states[this.at + by]) return false;
    this.at += by;
    this.refresh(this.shapes, this.whole);
    return true;
  }

  // Paints the shapes, the later over the earlier, in the part of the photo inside bounds.
  refresh(shapes, bounds) {
    const box = {
      left: Math.max(0, Math.floor(bounds.left) - 1),
      top: Math.max(0, Math.floor(bounds.top) - 1),
      right: Math.min(this.width, Math.ceil(bounds.right) + 1),
      bottom: Math.min(this.height, Math.ceil(bounds.bottom) + 1),
    };
    if (box.left >= box.right || box.top >= box.bottom) return;
    const { cover, width } = this;
    for (let row = box.top; row < box.bottom; row += 1) {
      cover.fill(0, row * width + box.left, row * width + box.right);
    }
    for (const shape of shapes) {
      const value = shape.kind === "eraser" ? 0 : 1;
      rasterise(shape, box, (row, from, to) => cover.fill(value, row * width + from, row * width + to));
    }
    const opened = new Uint32Array(this.opened.data.buffer);
    const shown = new Uint32Array(this.shown.data.buffer);
    for (let row = box.top; row < box.bottom; row += 1) {
      for (let i = row * width + box.left, end = row * width + box.right; i < end; i += 1) {
        shown[i] = cover[i] ? PAINT : opened[i];
      }
    }
    const { left, top } = box;
    this.context.putImageData(this.shown, 0, 0, left, top, box.right - left, box.bottom - top);
  }
}
