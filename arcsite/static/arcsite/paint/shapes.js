// Shapes, in pixels of the photo: ellipse and rectangle have two opposite corners as their points, brush and
// eraser the way of their tip and its thickness. A shape never changes; moving it makes another one with the
// same number.

// Smaller than this is a slip of the finger.
const LEAST = 8;

export function boundsOf({ points, thickness = 0 }) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const reach = thickness / 2;
  return { left: left - reach, top: top - reach, right: right + reach, bottom: bottom + reach };
}

export function joined(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

export function cornersOf({ left, top, right, bottom }) {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

export function isTooSmall(shape) {
  const { left, top, right, bottom } = boundsOf(shape);
  return right - left < LEAST || bottom - top < LEAST;
}

export function moved(shape, across, down) {
  return { ...shape, points: shape.points.map(([x, y]) => [x + across, y + down]) };
}

// Fitted into other bounds; never turned inside out, nor smaller than a finger's slip.
export function fitted(shape, { left, top, right, bottom }) {
  const old = boundsOf({ points: shape.points });
  const reach = (shape.thickness ?? 0) / 2;
  const along = (value, from, to, low, high) => {
    const end = Math.max(high - reach, low + reach + LEAST);
    return to > from ? low + reach + ((value - from) / (to - from)) * (end - low - reach) : value;
  };
  const points = shape.points.map(([x, y]) => [
    along(x, old.left, old.right, left, right),
    along(y, old.top, old.bottom, top, bottom),
  ]);
  return { ...shape, points };
}

function distanceToWay([x, y], points) {
  let nearest = Infinity;
  points.forEach(([x1, y1], index) => {
    const [x0, y0] = points[Math.max(index - 1, 0)];
    const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    const along = length ? ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length : 0;
    const share = Math.min(Math.max(along, 0), 1);
    nearest = Math.min(nearest, Math.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0)));
  });
  return nearest;
}

// Whether a point lies on a shape or no further than reach beside it.
export function isAt(shape, point, reach) {
  if (shape.thickness) return distanceToWay(point, shape.points) <= shape.thickness / 2 + reach;
  const { left, top, right, bottom } = boundsOf(shape);
  const across = (Math.abs(point[0] - (left + right) / 2) * 2) / (right - left + 2 * reach);
  const down = (Math.abs(point[1] - (top + bottom) / 2) * 2) / (bottom - top + 2 * reach);
  return shape.kind === "ellipse" ? Math.hypot(across, down) <= 1 : Math.max(across, down) <= 1;
}
