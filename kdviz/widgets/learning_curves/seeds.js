// The differences of several seeds, student − twin: a dot each, their mean and its interval.

import { differenceText, intervalText, signedCount } from "./difference.js";
import { nodePool, textSize } from "../shared/curve_axes.js";
import { node, put, svgNode } from "../shared/elements.js";
import { t } from "../shared/words.js";

const DOT = 5;

/** Ends of the axis and its marks: all dots, the interval and 0, with round numbers. */
export function seedsAxis(values, room) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = Math.max(1, (high - low) / Math.max(2, room));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((s) => s * power >= rough);
  const [from, to] = [Math.floor(low / step), Math.ceil(high / step)];
  return { low: from * step, high: to * step, ticks: Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step) };
}

/** How many rows up each dot lies, so that none covers another. */
export function stacked(places, apart) {
  const rows = [];
  return places.map((x) => {
    const row = rows.findIndex((taken) => taken.every((other) => Math.abs(other - x) >= apart));
    if (row >= 0) rows[row].push(x);
    else rows.push([x]);
    return row >= 0 ? row : rows.length - 1;
  });
}

export function seedsPart() {
  const svg = svgNode("svg", { class: "kd-seeds-svg", role: "img" });
  const layers = Object.fromEntries(["grid", "marks", "labels"].map((name) => [name, svg.appendChild(svgNode("g", {}))]));
  const pool = nodePool(layers);
  const root = node("figure", { class: "kd-seeds", hidden: "" }, node("figcaption", {}, t("Test errors, student − twin: one dot a seed")), svg);
  return {
    root,
    draw(against, width) {
      const seeds = against?.seeds ?? [];
      root.hidden = seeds.length < 2;
      if (root.hidden) return;
      put(svg, "aria-label", toldSeeds(against));
      drawSeeds(against, width, svg, pool);
    },
  };
}

function toldSeeds(against) {
  const each = against.seeds.map(({ seed, difference }) => t("seed {seed}: {difference}", { seed, difference: signedCount(difference) }));
  return [differenceText(against), intervalText(against), ...each].filter(Boolean).join("; ");
}

function drawSeeds(against, width, svg, pool) {
  const unit = textSize();
  const [left, right] = [14 * unit, width - 14 * unit];
  const values = against.seeds.map(({ difference }) => difference);
  const whole = [...values, against.low, against.high].filter(Number.isFinite);
  const { low, high, ticks } = seedsAxis(whole, (right - left) / (90 * unit));
  const x = (value) => left + ((value - low) / Math.max(1, high - low)) * (right - left);
  const rows = stacked(values.map(x), 2 * DOT * unit);
  const base = (18 + 2 * DOT * Math.max(...rows)) * unit;
  const height = base + 44 * unit;
  put(svg, "viewBox", `0 0 ${width} ${height}`);
  put(svg, "height", height);
  pool.begin();
  for (const tick of ticks) {
    pool.take("grid", "line", { x1: x(tick), x2: x(tick), y1: 2, y2: base + 22 * unit, class: tick === 0 ? "kd-seeds-zero" : "kd-grid" });
    const anchor = x(tick) < left + 30 ? "start" : x(tick) > right - 30 ? "end" : "middle";
    pool.take("grid", "text", { x: x(tick), y: base + 38 * unit, "text-anchor": anchor, class: "kd-tick-text" }, signedCount(tick));
  }
  against.seeds.forEach(({ difference }, i) => {
    pool.take("marks", "circle", { cx: x(difference).toFixed(1), cy: (base - rows[i] * 2 * DOT * unit).toFixed(1), r: DOT * unit, class: `kd-seed${i ? "" : " kd-seed-own"}` });
  });
  const y = base + 14 * unit;
  if (Number.isFinite(against.low)) pool.take("marks", "line", { x1: x(against.low), x2: x(against.high), y1: y, y2: y, class: "kd-seeds-interval" });
  pool.take("marks", "path", { d: `M${x(against.mean).toFixed(1)} ${y - 5 * unit}l${4 * unit} ${5 * unit}l${-4 * unit} ${5 * unit}l${-4 * unit} ${-5 * unit}z`, class: "kd-seeds-mean" });
  pool.finish();
}
