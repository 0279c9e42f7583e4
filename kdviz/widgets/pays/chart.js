// The figure of "Does it pay?": what both ways have taken after so many days, on two logarithmic axes.

import { node, put, say, svgNode } from "../shared/elements.js";
import { grouped, powerOfTen, written } from "../shared/format.js";
import { t } from "../shared/words.js";
import { curves, daysShown, decades } from "./sums.js";

const HEIGHT = 320;
const [TOP, BOTTOM, LEFT, RIGHT] = [26, 46, 58, 12];
const LABEL_ROOM = 110; // of a word beside an upright line

export function chart() {
  const svg = svgNode("svg", { class: "kd-pays-chart", height: HEIGHT, role: "img" });
  const root = node("div", { class: "kd-pays-figure" }, svg);
  return {
    root,
    draw(work, use, found, unit, spoken) {
      const width = root.clientWidth;
      if (!width) return;
      put(svg, "width", width);
      put(svg, "aria-label", spoken);
      const ends = daysShown(found.day, use.days);
      const of = curves(work, use);
      const [low, high] = heights(of, ends, unit.factor);
      const x = logScale(ends, [LEFT, width - RIGHT]);
      const y = logScale([low, high], [HEIGHT - BOTTOM, TOP]);
      svg.replaceChildren(
        ...after(use.days, x, width),
        ...axes(ends, [low, high], x, y, width, unit.text),
        line("kd-pays-other", of.other, ends, x, y, unit.factor),
        line("kd-pays-student", of.student, ends, x, y, unit.factor),
        ...dayOf(found.day, ends, x, y(of.student(found.day) * unit.factor), width),
      );
    },
  };
}

/** The key below it: names beside the way their lines are drawn. */
export function key() {
  const entries = ["student", "other"].map((kind) => {
    const drawn = svgNode("svg", { width: 30, height: 12, "aria-hidden": "true" }, svgNode("line", { class: `kd-pays-${kind}`, x1: 1, x2: 29, y1: 6, y2: 6 }));
    const text = node("span", {});
    return { kind, drawn, text, root: node("span", { class: "kd-pays-entry" }, drawn, text) };
  });
  const root = node("div", { class: "kd-pays-key" }, ...entries.map((one) => one.root));
  return {
    root,
    draw(instead) {
      root.dataset.instead = instead;
      say(entries[0].text, t("taught, and the student answers"));
      say(entries[1].text, instead === "teacher" ? t("the teacher answers") : t("the twin answers"));
    },
  };
}

/**
 * @param {number[]} values
 * @param {number[]} places
 */
function logScale(values, places) {
  const [[from, to], [start, end]] = [values, places];
  const [a, b] = [Math.log(from), Math.log(to)];
  return (value) => start + ((end - start) * (Math.log(value) - a)) / (b - a || 1);
}

/** @param {number[]} ends */
function heights(of, ends, factor) {
  const [first, last] = ends;
  const all = [of.other(first), of.student(first), of.other(last), of.student(last)].map((v) => v * factor).filter((v) => v > 0);
  if (!all.length) return [1, 10];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return [Math.max(low, high / 1e9) / 1.5, high * 1.6];
}

/** @param {number[]} ends */
function line(kind, at, ends, x, y, factor) {
  const [first, last] = ends;
  const points = Array.from({ length: 121 }, (_, i) => first * (last / first) ** (i / 120))
    .map((days) => [x(days), at(days) * factor]).filter(([, value]) => value > 0)
    .map(([px, value]) => `${px.toFixed(1)},${Math.min(y(value), HEIGHT - BOTTOM).toFixed(1)}`);
  return svgNode("polyline", { class: kind, points: points.join(" ") });
}

/** Beyond the lifetime the model is not used any more. */
function after(days, x, width) {
  const from = x(days);
  const rest = width - RIGHT - from;
  const shade = svgNode("rect", { class: "kd-pays-after", x: from, y: TOP, width: Math.max(0, rest), height: HEIGHT - BOTTOM - TOP });
  return [shade, text(t("replaced"), Math.min(from + 6, width - RIGHT), TOP - 8, rest > LABEL_ROOM ? "start" : "end", "kd-pays-quiet")];
}

/** @param {number[]} ends */
function dayOf(day, ends, x, height, width) {
  const [first, last] = ends;
  if (!(day > first && day < last)) return [];
  const at = x(day);
  return [
    svgNode("line", { class: "kd-pays-day", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }),
    svgNode("circle", { class: "kd-pays-meet", cx: at, cy: height, r: 5 }),
    text(t("day {n}", { n: figures(day) }), at + (at > width - LABEL_ROOM ? -8 : 8), HEIGHT - BOTTOM - 10, at > width - LABEL_ROOM ? "end" : "start", "kd-pays-strong"),
  ];
}

/**
 * @param {number[]} ends
 * @param {number[]} values
 */
function axes(ends, values, x, y, width, unit) {
  const [low, high] = values;
  const across = decades(ends[0], ends[1], Math.max(2, Math.floor((width - LEFT) / 60))).map((power) => [x(10 ** power), power]);
  const up = decades(low, high).map((power) => [y(10 ** power), power]);
  return [
    ...up.map(([at]) => svgNode("line", { class: "kd-pays-grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at })),
    ...across.map(([at]) => svgNode("line", { class: "kd-pays-grid", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM })),
    ...up.map(([at, power]) => text(ten(power), LEFT - 7, at + 4, "end", "kd-pays-tick")),
    ...across.map(([at, power]) => text(ten(power), at, HEIGHT - BOTTOM + 17, "middle", "kd-pays-tick")),
    text(t("days"), width - RIGHT, HEIGHT - 8, "end", "kd-pays-quiet"),
    text(unit, 0, 12, "start", "kd-pays-quiet"),
  ];
}

function text(words, x, y, anchor, kind) {
  const made = svgNode("text", { x, y, "text-anchor": anchor, class: kind });
  made.textContent = words;
  return made;
}

function ten(power) {
  return power >= -2 && power <= 3 ? written(String(Number(`1e${power}`))) : powerOfTen(power);
}

/** Two figures, whole ones from 10 on. */
export function figures(value) {
  if (!Number.isFinite(value)) return "∞";
  if (value === 0 || Math.abs(value) >= 9.95) return grouped(value);
  const power = Math.floor(Math.log10(Math.abs(value)));
  if (power < -4) return `${written((value / 10 ** power).toFixed(1))}×${powerOfTen(power)}`;
  return written(String(Number(value.toPrecision(2))));
}
