// Small symbols of what is compared: bars, maps, one map, a matrix, rows of tokens, a vector. Each fills 24 × 24 px.

import { svgNode } from "../shared/elements.js";

const BAR_HEIGHTS = [5, 18, 9, 3, 12];
const CELLS = [0.15, 0.6, 0.3, 0.6, 1, 0.5, 0.3, 0.5, 0.8];

/** A symbol with its upper left corner at (x, y), in the colours of teacher or student. */
export function methodSymbol(name, who, x, y) {
  const root = svgNode("g", { class: `kd-symbol-of kd-symbol-${who}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, "data-symbol": name });
  const box = (left, top, width, height, opacity = null) => root.append(
    svgNode("rect", { x: left, y: top, width, height, ...(opacity === null ? {} : { "fill-opacity": opacity }) }));
  const outline = (left, top, width, height) => root.append(
    svgNode("rect", { x: left, y: top, width, height, rx: 1.5, class: "kd-symbol-outline" }));
  const draw = {
    bars: () => BAR_HEIGHTS.forEach((height, i) => box(2 + 4.2 * i, 22 - height, 3.2, height)),
    maps: () => [0, 1, 2].forEach((i) => outline(2 + 4 * (2 - i), 2 + 4 * i, 12, 12)),
    map: () => {
      outline(2, 2, 20, 20);
      for (const [cx, cy, r, opacity] of [[13, 10, 7, 0.35], [13, 10, 4, 0.75], [8, 17, 3, 0.5]]) {
        root.append(svgNode("circle", { cx, cy, r, "fill-opacity": opacity }));
      }
    },
    matrix: () => {
      CELLS.forEach((opacity, i) => box(3 + 6 * (i % 3), 3 + 6 * Math.floor(i / 3), 6, 6, opacity));
      outline(3, 3, 18, 18);
    },
    tokens: () => [0, 1, 2, 3].forEach((i) => box(2, 3 + 5 * i, 20, 3.2, 0.35 + 0.2 * ((i * 3) % 4))),
    vector: () => [0.9, 0.3, 0.6, 0.15].forEach((opacity, i) => {
      box(9, 2 + 5 * i, 6, 5, opacity);
      outline(9, 2 + 5 * i, 6, 5);
    }),
  };
  draw[name]?.();
  return root;
}
