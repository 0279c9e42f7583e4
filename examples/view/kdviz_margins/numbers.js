// What the view counts.

import { softmax } from "kdviz/softmax.js";

/** p(first) − p(second) of the rows, softened at T. */
export function margins(logits, rows, width, temperature) {
  return rows.map((row) => {
    const [first, second] = [...softmax(logits.subarray(row * width, (row + 1) * width), temperature)].sort((a, b) => b - a);
    return first - second;
  });
}

/** How many lie in each of equally wide bins of [0, 1]. */
export function histogram(values, bins) {
  const counts = new Array(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(value * bins))] += 1;
  return counts;
}
