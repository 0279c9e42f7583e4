// Grey pictures with their captions.

import { node } from "../shared/elements.js";

export function imagesDrawing() {
  const list = node("div", { class: "kd-scheme-images" });
  let drawn = "";
  return {
    root: list,
    draw(told) {
      const key = JSON.stringify([told.shape, told.captions, told.pixels.length, told.pixels[0]]);
      if (key === drawn) return;
      drawn = key;
      list.replaceChildren(...told.pixels.map((pixels, i) => {
        const [height, width] = told.shape;
        const canvas = node("canvas", { width, height, role: "img", "aria-label": told.captions[i], class: "kd-scheme-image" });
        const context = canvas.getContext("2d");
        const frame = context.createImageData(width, height);
        frame.data.set(greyPixels(pixels));
        context.putImageData(frame, 0, 0);
        return node("figure", { class: "kd-scheme-figure" }, canvas, node("figcaption", {}, told.captions[i]));
      }));
    },
  };
}

/** Grey values as red, green, blue and opacity: ink on white paper. */
export function greyPixels(pixels) {
  return Uint8ClampedArray.from(pixels.flatMap((value) => [255 - value, 255 - value, 255 - value, 255]));
}
