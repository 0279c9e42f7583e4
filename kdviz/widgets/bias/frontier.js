// What a fairness penalty buys and costs: accuracy over the gap, a point for each weight; recorded, not computed here.

import { biasKey, biasShare } from "./plot.js";
import { changing, node, put, say, svgNode } from "../shared/elements.js";
import { fixed, grouped } from "../shared/format.js";
import { t } from "../shared/words.js";

const HEIGHT = 220;
const ROOM = { left: 46, right: 18, top: 12, bottom: 40 };
const MARGIN = 0.1; // of what the points span
const GAPS = { demographic_parity_difference: ["parity", t("Selection gap")], equalized_odds_difference: ["odds", t("Odds gap")] };
const PENALTIES = ["demographic_parity", "equalized_odds"]; // the first with dots on a solid line, the other with squares on a dashed one
const DASHED = "stroke-dasharray: 5 4";
const TEACHER = { name: "teacher", branch: -1 };

export function biasFrontier(width) {
  const svg = svgNode("svg", { class: "kd-bias-plot", role: "img" });
  const says = node("p", { class: "kd-note" });
  const legend = node("p", { class: "kd-bias-legend" });
  const root = node("details", { class: "kd-more kd-bias-frontier" }, node("summary", {}, t("What a fairness penalty buys and costs")),
    node("div", {}, legend, svg, says));
  const changed = changing();
  return {
    root,
    draw(shown, frontier) {
      const rows = frontier.rows ?? [];
      const axis = GAPS[shown.metric];
      root.hidden = rows.length === 0 || !axis || frontier.grouping !== shown.grouping;
      if (root.hidden) return;
      say(says, frontier.says);
      const wide = Math.min(560, width());
      if (!changed(axis[0], wide, JSON.stringify(frontier))) return;
      const view = layout([...rows, frontier.teacher], axis, wide);
      put(svg, "viewBox", `0 0 ${wide} ${HEIGHT}`);
      put(svg, "width", wide);
      put(svg, "height", HEIGHT);
      put(svg, "aria-label", rows.map((row) => inWords(row, axis)).join(" "));
      svg.replaceChildren(...axes(view, axis[1]), teacherMark(view, frontier.teacher), ...PENALTIES.flatMap((name, i) => series(view, rows.filter((row) => row.penalty === name), i)));
      legend.replaceChildren(...PENALTIES.map((name, i) => key(rows.find((row) => row.penalty === name)?.title ?? name, i)),
        node("span", { class: "kd-run-text kd-run-teacher" }, biasKey(TEACHER), t("Teacher")));
    },
  };
}

function inWords(row, [gap]) {
  return t("{penalty}, weight {weight}: gap {gap}, accuracy {accuracy}.", { penalty: row.title, weight: grouped(row.weight), gap: biasShare(row[gap]), accuracy: biasShare(row.accuracy) });
}

function layout(points, [gap], wide) {
  const scale = (values, from, to) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = (high - low || 0.01) * MARGIN;
    return { low: low - margin, high: high + margin, at: (v) => from + ((v - low + margin) / (high - low + 2 * margin)) * (to - from) };
  };
  const x = scale(points.map((p) => p[gap]), ROOM.left, wide - ROOM.right);
  const y = scale(points.map((p) => p.accuracy), HEIGHT - ROOM.bottom, ROOM.top);
  return { x, y, gap, wide, bottom: HEIGHT - ROOM.bottom };
}

function ticksOf({ low, high }) {
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1].find((s) => (high - low) / s <= 6) ?? 0.2;
  const ticks = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9; v += step) ticks.push(v);
  return ticks;
}

function axes(view, name) {
  const parts = [];
  for (const v of ticksOf(view.x)) {
    const x = view.x.at(v).toFixed(1);
    parts.push(svgNode("line", { class: "kd-bias-grid", x1: x, x2: x, y1: ROOM.top, y2: view.bottom }),
      svgNode("text", { class: "kd-bias-text", x, y: view.bottom + 15, "text-anchor": "middle" }, fixed(v, 2)));
  }
  for (const v of ticksOf(view.y)) {
    const y = view.y.at(v).toFixed(1);
    parts.push(svgNode("line", { class: "kd-bias-grid", x1: ROOM.left, x2: view.wide - ROOM.right, y1: y, y2: y }),
      svgNode("text", { class: "kd-bias-text", x: ROOM.left - 6, y: Number(y) + 4, "text-anchor": "end" }, biasShare(v)));
  }
  const middle = (ROOM.left + view.wide - ROOM.right) / 2;
  return [...parts, svgNode("text", { class: "kd-bias-text", x: middle, y: view.bottom + 32, "text-anchor": "middle" }, t("{gap} (x), accuracy (y)", { gap: name }))];
}

/** The students of one penalty, from weight to weight; the bars are one standard deviation over the seeds. */
function series(view, rows, index) {
  const at = (row) => [view.x.at(row[view.gap]), view.y.at(row.accuracy)];
  const path = rows.map((row, i) => `${i ? "L" : "M"}${at(row).map((v) => v.toFixed(1)).join(" ")}`).join("");
  const line = svgNode("path", { class: "kd-run-line kd-bias-frontier-line", d: path, style: index ? DASHED : null });
  const points = rows.flatMap((row) => {
    const [x, y] = at(row);
    const [wide, high] = [row.sd[view.gap], row.sd.accuracy].map((sd, i) => Math.abs((i ? view.y : view.x).at(sd) - (i ? view.y : view.x).at(0)));
    const bars = svgNode("path", { class: "kd-run-line kd-bias-frontier-sd", d: `M${x - wide} ${y}H${x + wide}M${x} ${y - high}V${y + high}` });
    const weight = svgNode("text", { class: "kd-bias-text", x: x + 7, y: y + (row.weight === 0 || index ? 14 : -6) }, grouped(row.weight));
    return [bars, pointMark(index, x, y), ...(index && row.weight === 0 ? [] : [weight])]; // at 0 both penalties are none
  });
  return [svgNode("g", { class: "kd-run-student" }, line, ...points)];
}

function pointMark(index, x, y) {
  return index ? svgNode("rect", { class: "kd-run-mark kd-bias-open", x: x - 4, y: y - 4, width: 8, height: 8 }) : svgNode("circle", { class: "kd-run-mark", cx: x, cy: y, r: 4 });
}

function teacherMark(view, teacher) {
  return svgNode("g", { class: "kd-run-teacher" }, svgNode("circle", { class: "kd-run-mark kd-bias-open", cx: view.x.at(teacher[view.gap]), cy: view.y.at(teacher.accuracy), r: 4.5 }));
}

function key(title, index) {
  const mark = svgNode("svg", { class: "kd-run-key kd-run-student", viewBox: "0 0 24 12", "aria-hidden": "true" },
    svgNode("line", { class: "kd-run-line kd-bias-band", x1: 1, x2: 23, y1: 6, y2: 6, style: index ? DASHED : null }), pointMark(index, 12, 6));
  return node("span", { class: "kd-run-text kd-run-student" }, mark, t("{penalty}, by weight", { penalty: title }));
}
