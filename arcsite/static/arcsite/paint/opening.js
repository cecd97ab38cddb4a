// A file from the device as pixels: turned the way it is meant to be seen, in sRGB, at most 2048 a side.

import { blank } from "./picture.js";
import { LEAST_SIDE, WORKING_SIDE } from "./rules.js";

// The name of the sentence that explains it stands in message.
export class CannotOpen extends Error {}

// What a browser cannot make a bitmap of (HEIC in some) it may still be able to show.
async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      return image;
    } catch {
      throw new CannotOpen(file.size ? "cannot-open" : "empty-file");
    } finally {
      URL.revokeObjectURL(image.src);
    }
  }
}

// Raises CannotOpen.
export async function opened(file) {
  const source = await decoded(file);
  const [wide, high] = [source.naturalWidth ?? source.width, source.naturalHeight ?? source.height];
  const scale = Math.min(1, WORKING_SIDE / Math.max(wide, high));
  const [width, height] = [Math.round(wide * scale), Math.round(high * scale)];
  if (Math.min(width, height) < LEAST_SIDE) throw new CannotOpen("too-small");
  const [canvas, context] = blank(width, height);
  // What is see-through in the photo becomes white: nothing see-through may be sent.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  source.close?.();
  const image = context.getImageData(0, 0, width, height);
  canvas.width = canvas.height = 0;
  return image;
}
