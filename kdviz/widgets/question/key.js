// What is drawn how: swatches with their words.

import { node } from "../shared/elements.js";

export function keyItem(look, words) {
  return node("span", { class: "kd-drawn-key-item" }, node("i", { class: `kd-drawn-swatch ${look}`, "aria-hidden": "true" }), words);
}

export function keyRow(...items) {
  return node("p", { class: "kd-drawn-key" }, ...items);
}
