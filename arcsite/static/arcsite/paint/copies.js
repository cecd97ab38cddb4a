// The covered copy of a photo as the PNG that is sent, and the proof that it is nothing else.

import { blank, Picture } from "./picture.js";

const SIGNATURE = 8;
const AROUND = 12; // length, kind and check sum of a chunk
const CRITICAL = 0x20; // unset in the first letter of a chunk that a picture cannot do without

// Without the chunks that are not the picture: no time, no device, no text, whatever the browser writes.
function withoutExtras(bytes) {
  const parts = [bytes.subarray(0, SIGNATURE)];
  const view = new DataView(bytes.buffer);
  for (let at = SIGNATURE; at < bytes.length; ) {
    const end = at + view.getUint32(at) + AROUND;
    if (!(bytes[at + 4] & CRITICAL)) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return new Blob(parts, { type: "image/png" });
}

async function pixelsOf(blob, width, height) {
  const [canvas, context] = blank(width, height);
  context.drawImage(await createImageBitmap(blob), 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  canvas.width = canvas.height = 0;
  return new Uint32Array(data.buffer);
}

// The PNG of an awake picture. Fails when its pixels, read again, are not exactly those that were shown:
// some browsers falsify what scripts read from a canvas.
export async function copyOf(picture) {
  const blob = await new Promise((resolve) => {
    picture.canvas.toBlob(resolve, "image/png");
  });
  const copy = withoutExtras(new Uint8Array(await blob.arrayBuffer()));
  const sent = await pixelsOf(copy, picture.width, picture.height);
  const shown = new Uint32Array(picture.shown.data.buffer);
  if (sent.some((pixel, i) => pixel !== shown[i])) throw new Error("the copy differs from what is shown");
  return copy;
}

// Whether this browser paints, reads and writes pixels truthfully.
export async function isTruthful() {
  try {
    const [canvas, context] = blank(96, 64);
    const image = context.createImageData(96, 64);
    image.data.forEach((_, i) => {
      image.data[i] = i % 4 === 3 ? 255 : (i * 2654435761) >>> 24;
    });
    context.putImageData(image, 0, 0);
    const read = context.getImageData(0, 0, 96, 64).data;
    canvas.width = 0;
    if (image.data.some((value, i) => value !== read[i])) return false;
    const picture = new Picture(image);
    picture.commit([{ kind: "ellipse", number: 1, points: [[20, 10], [70, 50]] }]);
    picture.wake();
    await copyOf(picture);
    return true;
  } catch {
    return false;
  }
}
