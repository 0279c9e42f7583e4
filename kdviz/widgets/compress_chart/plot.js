// The chart: errors upwards, bytes or time across, the third number as the area of a mark; a form for each way.

import { node, put, svgNode } from "../shared/elements.js";
import { about, compact, grouped, timesOf } from "../shared/format.js";
import { t } from "../shared/words.js";
import { byRatio, radius, ratioEnds, ratioTicks, thirdOf } from "./numbers.js";

const HEIGHT = 340;
const PAD = { left: 58, right: 18, top: 14, bottom: 44 };
export const WAY_NAMES = {
  distilled: t("distilled"), weights: t("single weights away"), units: t("whole units away"), rank: t("low rank"),
  integers: t("integers"), several: t("several together"), none: t("as it is"),
};

/** Bytes as "1.2 MB", "35 kB". */
export function bytesText(n) {
  if (n >= 1e6) return `${about(n / 1e6, 3)} MB`;
  return n >= 1000 ? `${about(n / 1000, 3)} kB` : `${grouped(n)} B`;
}

/** A share of the teacher's time, as "0.25 ×". */
export function ratioText(x) {
  return `${x >= 10 ? timesOf(x) : about(x, 2)} ×`;
}

export const AXIS_NAMES = { gzipped: t("Bytes after gzip"), bytes: t("Bytes"), ratio: t("Time of one answer, teacher = 1") };
const TEXT = { gzipped: bytesText, bytes: bytesText, ratio: ratioText };

export const ERROR_NAMES = { validation: t("validation errors"), test: t("test errors") };
const DRAWN = {
  validation: (axis) => t("Validation errors against {axis}; the table below has the numbers.", { axis }),
  test: (axis) => t("Test errors against {axis}; the table below has the numbers.", { axis }),
};

/**
 * @param {{ width: number, teacher: any, points: any[], across: string, part: string, selected: number, choose: (id: number) => void }} given
 */
export function plot({ width, teacher, points, across, part, selected, choose }) {
  const own = { ...teacher, ratio: 1, id: 0 };
  const all = [own, ...points];
  const third = thirdOf(across);
  const xs = ratioEnds(all.map((one) => one[across]));
  const ys = ratioEnds(all.flatMap((one) => [one.errors, one.twin_errors ?? one.errors]).map((n) => Math.max(1, n)));
  const x = (one) => PAD.left + byRatio(one[across], xs) * (width - PAD.left - PAD.right);
  const y = (errors) => HEIGHT - PAD.bottom - byRatio(Math.max(1, errors), ys) * (HEIGHT - PAD.top - PAD.bottom);
  const sizes = all.map((one) => one[third]);
  const root = svgNode("svg", { class: "kd-compress-plot", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img",
    "aria-label": DRAWN[part](AXIS_NAMES[across]) });
  root.append(...grid(width, xs, ys, x, y, across, part));
  root.append(svgNode("line", { class: "kd-compress-teacher", x1: PAD.left, x2: width - PAD.right, y1: y(own.errors), y2: y(own.errors) }));
  for (const one of points) if (one.twin_errors !== undefined) root.append(...twin(one, x(one), y(one.errors), y(one.twin_errors)));
  root.append(svgNode("circle", { class: "kd-compress-mark kd-compress-own", cx: x(own), cy: y(own.errors), r: radius(own[third], sizes) }));
  const labels = [];
  for (const [i, one] of points.entries()) {
    const group = svgNode("g", { class: `kd-compress-point${one.id === selected ? " kd-compress-chosen" : ""}${one.taught ? "" : " kd-compress-untaught"}`, transform: `translate(${x(one)} ${y(one.errors)})` });
    const r = radius(one[third], sizes);
    group.append(svgNode("circle", { class: "kd-compress-reach", r: Math.max(14, r + 3) }), shape(one.way, r));
    const title = svgNode("title", {});
    title.textContent = `${i + 1}: ${one.name}`;
    group.append(title);
    group.addEventListener("click", () => choose(one.id));
    labels.push(label(String(i + 1), x(one), y(one.errors), r, labels, width, y(own.errors)));
    root.append(group);
  }
  root.append(...labels.map((one) => one.text));
  return root;
}

function grid(width, xs, ys, x, y, across, part) {
  const parts = [];
  for (const tick of ratioTicks(xs, width < 480 ? 4 : 7)) {
    const at = x({ [across]: tick });
    parts.push(svgNode("line", { class: "kd-compress-grid", x1: at, x2: at, y1: PAD.top, y2: HEIGHT - PAD.bottom }), text(TEXT[across](tick), at, HEIGHT - PAD.bottom + 17, "middle"));
  }
  for (const tick of ratioTicks(ys)) {
    parts.push(svgNode("line", { class: "kd-compress-grid", x1: PAD.left, x2: width - PAD.right, y1: y(tick), y2: y(tick) }), text(compact(tick), PAD.left - 8, y(tick) + 4, "end"));
  }
  const up = text(ERROR_NAMES[part], 0, 0, "middle");
  put(up, "transform", `translate(13 ${(HEIGHT - PAD.bottom + PAD.top) / 2}) rotate(-90)`);
  parts.push(text(AXIS_NAMES[across], (PAD.left + width - PAD.right) / 2, HEIGHT - 8, "middle"), up);
  return parts;
}

function text(words, x, y, anchor) {
  const element = svgNode("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}

/** The number of a point, to the right of its mark, or where no other number stands. */
function label(words, x, y, r, others, width, dashed) {
  const places = [[Math.max(14, r + 3) + 3, 4], [-4, -r - 8], [-4, r + 18], [-Math.max(14, r + 3) - 12, 4], [r + 4, -r - 4], [r + 4, r + 14]].map(([dx, dy]) => [x + dx, y + dy]);
  const free = ([px, py]) => Math.abs(py - 4 - dashed) > 7 && px > PAD.left && px < width - 12 && others.every((one) => Math.abs(one.x - px) > 13 || Math.abs(one.y - py) > 12);
  const [px, py] = places.find(free) ?? places[0];
  const element = text(words, px, py, "start");
  put(element, "class", "kd-compress-number");
  return { x: px, y: py, text: element };
}

function twin(one, at, from, to) {
  return [svgNode("line", { class: "kd-compress-to-twin", x1: at, x2: at, y1: from, y2: to }),
    svgNode("rect", { class: "kd-compress-twin", x: at - 3.5, y: to - 3.5, width: 7, height: 7 })];
}

/** A form for each way, all of about the same area. */
export function shape(way, r) {
  const s = 0.9 * r;
  const draw = {
    distilled: () => svgNode("circle", { r }),
    weights: () => svgNode("path", { d: `M0 ${-1.25 * r} L${1.15 * r} ${0.8 * r} L${-1.15 * r} ${0.8 * r} Z` }),
    units: () => svgNode("rect", { x: -s, y: -s, width: 2 * s, height: 2 * s }),
    rank: () => svgNode("path", { d: `M0 ${-1.3 * r} L${1.3 * r} 0 L0 ${1.3 * r} L${-1.3 * r} 0 Z` }),
    integers: () => svgNode("path", { d: polygon(6, 1.12 * r) }),
    several: () => svgNode("path", { d: star(1.35 * r) }),
    none: () => svgNode("path", { d: `M0 ${1.25 * r} L${1.15 * r} ${-0.8 * r} L${-1.15 * r} ${-0.8 * r} Z` }),
  };
  const made = draw[way]();
  put(made, "class", "kd-compress-mark");
  return made;
}

function polygon(corners, r) {
  return `M${Array.from({ length: corners }, (_, i) => around(i / corners, r)).join(" L")} Z`;
}

function star(r) {
  return `M${Array.from({ length: 10 }, (_, i) => around(i / 10, i % 2 ? 0.5 * r : r)).join(" L")} Z`;
}

function around(turn, r) {
  return `${(r * Math.sin(2 * Math.PI * turn)).toFixed(2)} ${(-r * Math.cos(2 * Math.PI * turn)).toFixed(2)}`;
}

/** What forms, colours and areas mean, for the ways that are there. */
export function key(points, across) {
  const ways = Object.keys(WAY_NAMES).filter((way) => points.some((one) => one.way === way));
  const entries = ways.map((way) => entry(shape(way, 6), WAY_NAMES[way]));
  if (points.some((one) => !one.taught)) entries.push(entry(shape("distilled", 6), t("hollow: nothing was taught"), "kd-compress-untaught"));
  if (points.some((one) => one.twin_errors !== undefined)) entries.push(entry(svgNode("rect", { class: "kd-compress-twin", x: -3.5, y: -3.5, width: 7, height: 7 }), t("Twin, no teacher")));
  entries.push(entry(svgNode("line", { class: "kd-compress-teacher", x1: -10, x2: 10, y1: 0, y2: 0 }), t("Teacher")));
  const area = across === "ratio" ? t("Larger marks: more bytes after gzip.") : t("Larger marks: more time for an answer.");
  return node("figcaption", { class: "kd-compress-key" }, ...entries, node("span", {}, area));
}

/** Before there is a point: the form that each way will have. */
export function waysToCome() {
  const ways = Object.keys(WAY_NAMES).filter((way) => way !== "none");
  return node("div", { class: "kd-compress-to-come" }, ...ways.map((way) => entry(shape(way, 7), WAY_NAMES[way])));
}

function entry(drawn, words, extra = "") {
  const held = svgNode("svg", { width: 22, height: 20, viewBox: "-11 -10 22 20", "aria-hidden": "true", focusable: "false" }, svgNode("g", { class: `kd-compress-point ${extra}` }, drawn));
  return node("span", { class: "kd-compress-entry" }, held, words);
}
