// Which pixels a shape takes. A pixel is in or out by its middle: there is no blended edge that could let
// anything through, and no canvas is asked, whose edges are always blended.

import { boundsOf } from "./shapes.js";

// A round tip of this radius drawn from one point to another: its span at the height y, or nothing.
function capsule([x0, y0], [x1, y1], radius) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [besideX, besideY] = [((y0 - y1) * radius) / length, ((x1 - x0) * radius) / length];
  return (y) => {
    const crossings = [];
    for (const [x, centre] of [[x0, y0], [x1, y1]]) {
      const squared = radius ** 2 - (y - centre) ** 2;
      if (squared >= 0) crossings.push(x - Math.sqrt(squared), x + Math.sqrt(squared));
    }
    for (const side of [1, -1]) {
      const [from, to] = [y0 + side * besideY, y1 + side * besideY];
      if ((from - y) * (to - y) < 0) {
        crossings.push(x0 + side * besideX + ((y - from) / (to - from)) * (x1 - x0));
      }
    }
    return crossings.length ? [Math.min(...crossings), Math.max(...crossings)] : null;
  };
}

function ellipse({ left, top, right, bottom }) {
  const [middle, centre] = [(left + right) / 2, (top + bottom) / 2];
  return (y) => {
    const squared = 1 - ((y - centre) / (bottom - centre)) ** 2;
    const half = (right - middle) * Math.sqrt(Math.max(squared, 0));
    return squared >= 0 ? [middle - half, middle + half] : null;
  };
}

// Convex parts that make up the shape: bounds, and the span at a height.
function* partsOf(shape) {
  if (shape.thickness) {
    for (const [index, point] of shape.points.entries()) {
      const before = shape.points[Math.max(index - 1, 0)];
      const bounds = boundsOf({ points: [before, point], thickness: shape.thickness });
      yield [bounds, capsule(before, point, shape.thickness / 2)];
    }
    return;
  }
  const bounds = boundsOf(shape);
  yield [bounds, shape.kind === "ellipse" ? ellipse(bounds) : () => [bounds.left, bounds.right]];
}

// Calls fill(row, from, to) with the shape's pixels inside a box of whole pixels; to is exclusive.
export function rasterise(shape, box, fill) {
  for (const [bounds, spanAt] of partsOf(shape)) {
    if (bounds.right < box.left || bounds.left > box.right) continue;
    const last = Math.min(box.bottom, Math.floor(bounds.bottom - 0.5) + 1);
    for (let row = Math.max(box.top, Math.ceil(bounds.top - 0.5)); row < last; row += 1) {
      const span = spanAt(row + 0.5);
      if (!span) continue;
      const from = Math.max(box.left, Math.ceil(span[0] - 0.5));
      const to = Math.min(box.right, Math.floor(span[1] - 0.5) + 1);
      if (from < to) fill(row, from, to);
    }
  }
}
