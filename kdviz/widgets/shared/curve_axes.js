// Scales and grid of the learning curves, and SVG nodes that are kept from one drawing to the next.

import { put, say, svgNode } from "./elements.js";
import { grouped, short } from "./format.js";
import { t } from "./words.js";

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const STEP_SIZES = [1, 2, 5];

/** How large text is here, in units of the usual 16 px: the axes make room for it. */
export function textSize() {
  return (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}

/** From the tick below the smallest value above zero to the tick above the largest. */
export function logAxis(values) {
  const positive = values.filter((v) => v > 0);
  const [low, high] = positive.length ? [Math.min(...positive), Math.max(...positive)] : [1, 100];
  let first = TICKS.findLastIndex((tick) => tick <= low * 1.0001);
  let final = TICKS.findIndex((tick) => tick >= high * 0.9999);
  first = Math.max(0, first);
  final = final < 0 ? TICKS.length - 1 : Math.max(final, first + 2);
  const ticks = TICKS.slice(first, final + 1);
  const [bottom, top] = [Math.log(ticks[0]), Math.log(ticks.at(-1))];
  return { ticks, at: (v) => Math.min(1, Math.max(0, (Math.log(Math.max(v, 1e-9)) - bottom) / (top - bottom))) };
}

export function linearAxis(values) {
  const low = values.length ? Math.min(...values) : 0;
  const step = [1, 2, 5, 10, 20].find((s) => (100 - low) / s <= 6) ?? 20;
  const floor = Math.max(0, Math.floor(low / step) * step);
  const ticks = [];
  for (let tick = floor; tick <= 100; tick += step) ticks.push(tick);
  return { ticks, at: (v) => Math.min(1, Math.max(0, (v - floor) / Math.max(1, 100 - floor))) };
}

export function stepTicks(last, room) {
  const rough = last / Math.max(2, room);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const size = Math.max(1, (STEP_SIZES.find((s) => s * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.floor(last / size) + 1 }, (_, i) => i * size);
}

/** SVG nodes kept from one drawing to the next, by layer and kind, so that a redraw makes none. */
export function nodePool(layers) {
  const kept = new Map();
  const used = new Map();
  return {
    begin() {
      used.clear();
    },
    take(layer, tag, attributes, text = "") {
      const kind = `${layer}/${tag}`;
      const index = used.get(kind) ?? 0;
      used.set(kind, index + 1);
      if (!kept.has(kind)) kept.set(kind, []);
      const nodes = kept.get(kind);
      nodes[index] ??= layers[layer].appendChild(svgNode(tag));
      for (const [name, value] of Object.entries(attributes)) put(nodes[index], name, value);
      put(nodes[index], "display", null);
      if (tag === "text") say(nodes[index], text);
    },
    finish() {
      for (const [kind, nodes] of kept) {
        for (let i = used.get(kind) ?? 0; i < nodes.length; i++) put(nodes[i], "display", "none");
      }
    },
  };
}

export function drawGrid(view, pool) {
  const { box, unit } = view;
  for (const tick of view.vertical.ticks) {
    const y = view.y(tick).toFixed(1);
    pool.take("grid", "line", { x1: box.left, x2: box.right, y1: y, y2: y, class: "kd-grid" });
    pool.take("grid", "text", { x: box.left - 8, y, dy: "0.34em", class: "kd-tick-text", "text-anchor": "end" }, `${short(tick)}\u00a0%`);
  }
  for (const tick of view.ticks) {
    const x = view.x(tick).toFixed(1);
    pool.take("grid", "text", { x, y: box.bottom + 18 * unit, dy: "0", class: "kd-tick-text", "text-anchor": "middle" }, grouped(tick));
  }
  const middle = (box.left + box.right) / 2;
  pool.take("grid", "text", { x: middle, y: box.bottom + 36 * unit, dy: "0", class: "kd-tick-text", "text-anchor": "middle" }, t("optimizer step"));
}
