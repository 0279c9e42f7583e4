// Lines over numbers, with their names in a legend.

import { axisEnds, linePath, roundTicks, withoutOutliers } from "./scales.js";
import { node, put, svgNode } from "../shared/elements.js";
import { grouped, short } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";

const [HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [220, 52, 40, 10, 12];

export function curvesDrawing() {
  const svg = svgNode("svg", { class: "kd-scheme-plot", role: "img" });
  const legend = node("ul", { class: "kd-scheme-legend" });
  const holder = node("div", { class: "kd-scheme-plot-room" }, svg);
  return {
    root: node("div", {}, legend, holder),
    holder,
    draw(told) {
      const keys = told.lines.map(({ name, look }) => node("li", {}, runKey({ name: look, branch: -1 }), name));
      legend.replaceChildren(...keys);
      const width = holder.clientWidth;
      if (!width) return;
      const unit = (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
      const view = viewOf(told, width, unit);
      put(svg, "viewBox", `0 0 ${width} ${HEIGHT * unit}`);
      put(svg, "width", width);
      put(svg, "height", HEIGHT * unit);
      put(svg, "aria-label", `${told.title}: ${told.lines.map(({ name, y }) => `${name} ${y.length ? view.text(y.at(-1)) : ""}`).join(", ")}`);
      svg.replaceChildren(...gridOf(told, view, unit), ...told.lines.flatMap((line) => lineOf(line, view)));
    },
  };
}

function viewOf(told, width, unit) {
  const box = { left: LEFT * unit, right: width - RIGHT, top: TOP, bottom: (HEIGHT - BOTTOM) * unit };
  const [x0, x1] = xEnds(told.lines.flatMap(({ x }) => x));
  const [y0, y1] = axisEnds(withoutOutliers(told.lines));
  const x = (value) => box.left + ((value - x0) / (x1 - x0)) * (box.right - box.left);
  const y = (value) => Math.max(box.top - 4, box.bottom - ((value - y0) / (y1 - y0)) * (box.bottom - box.top));
  const text = (value) => `${numberText(value)}${told.percent ? "\u00a0%" : ""}`;
  return { box, x, y, text, xTicks: roundTicks(x0, x1, Math.max(2, Math.floor(width / 110))), yTicks: roundTicks(y0, y1, 4) };
}

function numberText(value) {
  return Math.abs(value) >= 1000 ? grouped(value) : short(value);
}

function xEnds(values) {
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  return high > low ? [low, high] : [Math.min(0, low), Math.max(1, high)];
}

function gridOf(told, { box, x, y, text, xTicks, yTicks }, unit) {
  const middle = (box.left + box.right) / 2;
  return [
    ...yTicks.flatMap((tick) => [
      svgNode("line", { x1: box.left, x2: box.right, y1: y(tick), y2: y(tick), class: "kd-grid" }),
      svgNode("text", { x: box.left - 8, y: y(tick), dy: "0.34em", class: "kd-tick-text", "text-anchor": "end" }, text(tick)),
    ]),
    ...xTicks.map((tick) => svgNode("text", { x: x(tick), y: box.bottom + 16 * unit, class: "kd-tick-text", "text-anchor": "middle" }, numberText(tick))),
    svgNode("text", { x: middle, y: box.bottom + 33 * unit, class: "kd-tick-text", "text-anchor": "middle" }, told.x),
  ];
}

function lineOf(line, view) {
  const path = svgNode("path", { d: linePath(line.x, line.y, view.x, view.y), class: `kd-run-line kd-run-${line.look}` });
  const dots = line.x.length <= 12 ? line.x.map((at, i) => svgNode("circle", { cx: view.x(at), cy: view.y(line.y[i]), r: 3.5, class: `kd-scheme-point kd-run-${line.look}` })) : [];
  return [path, ...dots];
}
