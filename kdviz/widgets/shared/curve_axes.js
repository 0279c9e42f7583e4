// Scales and grid of the learning curves, and SVG nodes that are kept from one drawing to the next.

import { put, say, svgNode } from "./elements.js";
import { grouped, short } from "./format.js";
import { t, tn } from "./words.js";

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const ZERO_ROW = 0.12; // the share of the height that 0 takes on a logarithmic axis
const HEADROOM = 1.05;
const STEP_SIZES = [1, 2, 5];
const LETTER = 6.5; // px, about, of a small letter

/** How large text is here, in units of the usual 16 px: the axes make room for it. */
export function textSize() {
  return (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}

/**
 * From the tick below the smallest value above zero to just above the largest. Where a value is 0, that has a row of its
 * own at the bottom, below a break (`broken`: how high the logarithmic part begins). Above 1: off the axis.
 */
export function logAxis(values) {
  const positive = values.filter((v) => v > 0);
  const broken = values.includes(0) ? ZERO_ROW : 0;
  const [low, high] = positive.length ? [Math.min(...positive), Math.max(...positive)] : [1, 20];
  const first = Math.max(0, TICKS.findLastIndex((tick) => tick <= low * 1.0001));
  const end = Math.min(100, Math.max(high * HEADROOM, TICKS[Math.min(first + 2, TICKS.length - 1)]));
  const ticks = TICKS.slice(first).filter((tick) => tick <= end * 1.0001);
  const [bottom, top] = [Math.log(ticks[0]), Math.log(end)];
  const at = (v) => (v > 0 ? broken + (1 - broken) * Math.max(0, (Math.log(v) - bottom) / (top - bottom)) : 0);
  return { ticks: broken ? [0, ...ticks] : ticks, at, broken };
}

/**
 * What the axis is made for: measured values after training has begun. Before it every network guesses, and one such
 * value would take half of the room. Where there is no other yet, the guesses.
 */
export function afterGuessing(lines) {
  const learned = lines.flatMap(({ steps, values }) => values.filter((_, i) => steps[i] > 0));
  return (learned.length ? learned : lines.flatMap(({ values }) => values)).filter(Number.isFinite);
}

export function linearAxis(values) {
  const low = values.length ? Math.min(...values) : 0;
  const step = [1, 2, 5, 10, 20].find((s) => (100 - low) / s <= 6) ?? 20;
  const floor = Math.max(0, Math.floor(low / step) * step);
  const ticks = [];
  for (let tick = floor; tick <= 100; tick += step) ticks.push(tick);
  return { ticks, at: (v) => (v - floor) / Math.max(1, 100 - floor), broken: 0 };
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

/** "optimizer step (60 epochs of 32)", where epochs are known and have room; the axis may go on to the end of a longer run. */
function stepsTitle({ epochSteps, total, last, box, unit }) {
  if (!epochSteps) return t("optimizer step");
  const n = Math.round((total || last) / epochSteps);
  const whole = tn("optimizer step (1 epoch)", "optimizer step ({n} epochs of {steps})", n, { n: grouped(n), steps: grouped(epochSteps) });
  return whole.length * LETTER * unit > box.right - box.left ? t("optimizer step") : whole;
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
  if (view.vertical.broken) {
    const y = box.bottom - (view.vertical.broken / 2) * (box.bottom - box.top);
    pool.take("grid", "path", { d: `M${box.left - 5} ${y + 1}l10 -5M${box.left - 5} ${y + 6}l10 -5`, class: "kd-axis-break" });
  }
  const middle = (box.left + box.right) / 2;
  pool.take("grid", "text", { x: middle, y: box.bottom + 36 * unit, dy: "0", class: "kd-tick-text", "text-anchor": "middle" }, stepsTitle(view));
}
