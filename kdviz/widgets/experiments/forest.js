// The figure of an experiment: a line for each way of learning, its mean errors with their interval, and each seed.

import { node, put, svgNode } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { t } from "../shared/words.js";

const HEIGHT = 26;
const MIDDLE = HEIGHT / 2;
const ROOM = 0.04; // on both sides, of the axis
const MOST_TICKS = 5;

/** Ends of the axis: from 0 where the numbers begin near it, else around them. */
export function domain(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const from = low < 0.5 * high ? 0 : low;
  const room = (high - from || 1) * ROOM;
  return [from === 0 ? 0 : from - room, high + room];
}

/** Round numbers within the axis, about MOST_TICKS.
 *
 * @param {number[]} ends
 */
export function ticksOf(ends) {
  const [low, high] = ends;
  const rough = (high - low) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** The figure; the table beside it has the same numbers, so that it needs no more than a name. */
export function forest(one) {
  const drawn = one.rows.filter((row) => row.role !== "teacher");
  const theirs = [...new Set(one.rows.filter((row) => row.role === "teacher").map((row) => row.mean))];
  const line = theirs.length === 1 ? theirs[0] : null; // of all, else each student has a mark of its own teacher's
  const own = line === null ? drawn.map((row) => row.teacher).filter((errors) => errors !== null) : [line];
  const values = drawn.flatMap((row) => [row.mean, row.low ?? row.mean, row.high ?? row.mean, ...row.each]);
  const ends = domain([...values, ...own]);
  const at = (value) => `${(100 * (value - ends[0])) / (ends[1] - ends[0])}%`;
  const rows = drawn.flatMap((row) => [node("span", { class: "kd-forest-name" }, row.name), track(row, at, line)]);
  const grid = node("div", { class: "kd-forest", role: "img", "aria-label": t("Test errors of each way of learning; the table below has the numbers.") }, ...rows, node("span", {}), axis(ticksOf(ends), at));
  return node("figure", { class: "kd-forest-figure" }, grid, key(drawn, own.length > 0));
}

function track(row, at, line) {
  const root = svgNode("svg", { class: `kd-forest-track kd-role-${row.role}`, height: HEIGHT, "aria-hidden": "true" });
  root.append(svgNode("line", { class: "kd-forest-ground", x1: 0, x2: "100%", y1: MIDDLE, y2: MIDDLE }));
  if (line !== null) root.append(upright("kd-forest-teacher", at(line)));
  else if (row.teacher !== null) root.append(upright("kd-forest-teacher", at(row.teacher)));
  if (row.low !== null) root.append(svgNode("line", { class: "kd-forest-interval", x1: at(row.low), x2: at(row.high), y1: MIDDLE, y2: MIDDLE }));
  root.append(...row.each.map((value) => svgNode("circle", { class: "kd-forest-seed", cx: at(value), cy: MIDDLE, r: 3 })));
  root.append(mark(row.role, at(row.mean)));
  return root;
}

function upright(kind, x) {
  return svgNode("line", { class: kind, x1: x, x2: x, y1: 0, y2: HEIGHT });
}

/** The mean: a form for each role, so that none is known by its colour alone. */
function mark(role, x) {
  const held = svgNode("svg", { x, y: MIDDLE, overflow: "visible", class: "kd-forest-mark" });
  const shapes = {
    twin: () => svgNode("rect", { x: -5, y: -5, width: 10, height: 10 }),
    model: () => svgNode("path", { d: "M0 -6.5 L6.5 0 L0 6.5 L-6.5 0 Z" }),
    student: () => svgNode("circle", { r: 6 }),
  };
  held.append(shapes[role]());
  return held;
}

function axis(ticks, at) {
  const root = svgNode("svg", { class: "kd-forest-axis", height: 38, "aria-hidden": "true" });
  for (const value of ticks) {
    root.append(svgNode("line", { x1: at(value), x2: at(value), y1: 0, y2: 5 }));
    const text = svgNode("text", { x: at(value), y: 17, "text-anchor": "middle" });
    text.textContent = grouped(value);
    root.append(text);
  }
  const name = svgNode("text", { x: "100%", y: 34, "text-anchor": "end" });
  name.textContent = t("test errors");
  root.append(name);
  return root;
}

function key(rows, taught) {
  const names = { student: t("Student"), twin: t("Twin, no teacher"), model: t("Several models, or one between") };
  const there = ["student", "twin", "model"].filter((role) => rows.some((row) => row.role === role));
  const entries = there.map((role) => entry(role, mark(role, "50%"), names[role]));
  if (taught) entries.push(entry("teacher", upright("kd-forest-teacher", "50%"), t("Teacher")));
  const seeds = rows.some((row) => row.each.length > 1) ? t("Line: 95\u202f% CI of the mean. Small circles: the seeds.") : t("Line: 95\u202f% CI of the mean.");
  return node("figcaption", { class: "kd-forest-key" }, ...entries, node("span", {}, seeds));
}

function entry(role, shape, text) {
  const drawn = svgNode("svg", { width: 22, height: HEIGHT, class: `kd-forest-sign kd-role-${role}`, "aria-hidden": "true" }, shape);
  put(drawn, "focusable", "false");
  return node("span", { class: "kd-forest-entry" }, drawn, text);
}
