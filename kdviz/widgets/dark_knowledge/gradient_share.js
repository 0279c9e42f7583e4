// How much of the student's gradient comes from the soft term, over T, with and without the factor T².

import { gradientShare } from "./numbers.js";
import { definition } from "../shared/definition.js";
import { liveSentence, node, put, say, svgNode } from "../shared/elements.js";
import { NO_NUMBER, short, wholePercent } from "../shared/format.js";
import { t } from "../shared/words.js";

const SHARE_TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SHARE_LEVELS = [0, 0.25, 0.5, 0.75, 1];
const SHARE_MEANING = t("For each example, the length of the gradient with respect to the student’s logits: of the soft term (weight α) and of the hard term (1 − α). "
  + "Their means over the examples make the share, soft / (soft + hard). It is a share of lengths, not of the vector sum: gradients that pull against one another count in full.");

export function shareFigure(life) {
  const title = node("h3", { class: "kd-dark-title" }, definition(life, t("The soft term’s share of the gradient"), SHARE_MEANING));
  const plot = sharePlot();
  const empty = node("p", { class: "kd-note" }, t("A gradient needs a student: these curves appear once there is one."));
  const sentence = liveSentence(life);
  return {
    root: node("section", { class: "kd-dark-figure kd-shares", "aria-label": t("Share of the gradient") }, title, plot.legend.root, plot.root, empty, sentence.root),
    draw(view, width) {
      const share = view.gradient && shareOf(view);
      empty.hidden = share !== null;
      plot.root.toggleAttribute("hidden", share === null); // an SVG has no property `hidden`
      plot.legend.root.hidden = share === null;
      if (share) plot.draw(view, share, width);
      sentence.say(share ? shareSentence(view, share) : "", view.about);
      sentence.root.hidden = share === null;
    },
  };
}

/** Shares at each temperature of the curve and at T itself; α only scales what is known. */
function shareOf({ gradient, alpha, temperature, loss }) {
  const { temperatures, soft, here, hard } = gradient;
  const at = (length) => gradientShare(length, hard, alpha);
  const used = loss === "without_t2" ? "without" : "with";
  return {
    used,
    temperatures,
    curves: { with: soft.map(at), without: soft.map((length, k) => at(length / temperatures[k] ** 2)) },
    here: { with: at(here), without: at(here / temperature ** 2) },
  };
}

function sharePlot() {
  const svg = svgNode("svg", { class: "kd-shares-svg", role: "img", "aria-label": t("Share of the soft term in the gradient’s length, over the temperature") });
  const grid = svg.appendChild(svgNode("g"));
  const add = (tag, name) => svg.appendChild(svgNode(tag, { class: name }));
  const area = add("path", "kd-shares-area");
  const cursor = add("line", "kd-shares-cursor");
  const curves = { without: add("path", "kd-shares-curve"), with: add("path", "kd-shares-curve") };
  const dots = { without: add("circle", "kd-shares-dot"), with: add("circle", "kd-shares-dot") };
  const legend = shareLegend();
  let drawn = "";
  return {
    root: svg,
    legend,
    draw(view, share, width) {
      const { unit, range: [low, high] } = view;
      const box = { left: 46 * unit, right: width - 12, top: 10, bottom: 150 * unit, width, height: 194 * unit };
      const x = (T) => box.left + (Math.log(Math.min(high, Math.max(low, T)) / low) / Math.log(high / low)) * (box.right - box.left);
      const y = (s) => box.bottom - s * (box.bottom - box.top);
      const stamp = [width, unit, low, high].join("|");
      if (stamp !== drawn) drawShareGrid(svg, grid, box, x, y, low, high, unit);
      drawn = stamp;
      for (const name of ["with", "without"]) {
        const path = curvePath(share.temperatures, share.curves[name], x, y);
        put(curves[name], "d", path);
        const isUsed = name === share.used;
        put(curves[name], "class", `kd-shares-curve kd-shares-${name}${isUsed ? " kd-shares-used" : ""}`);
        if (isUsed) put(area, "d", path && `${path}V${y(0)}H${x(share.temperatures[0]).toFixed(1)}z`);
        const s = share.here[name];
        put(dots[name], "display", Number.isNaN(s) ? "none" : null);
        put(dots[name], "class", `kd-shares-dot${isUsed ? " kd-shares-used" : ""}`);
        for (const [key, value] of [["cx", x(view.temperature).toFixed(1)], ["cy", Number.isNaN(s) ? 0 : y(s).toFixed(1)], ["r", isUsed ? 5 : 4]]) put(dots[name], key, value);
      }
      const at = x(view.temperature).toFixed(1);
      for (const [key, value] of [["x1", at], ["x2", at], ["y1", box.top], ["y2", box.bottom]]) put(cursor, key, value);
      legend.draw(view, share);
    },
  };
}

function drawShareGrid(svg, grid, box, x, y, low, high, unit) {
  put(svg, "viewBox", `0 0 ${box.width} ${box.height}`);
  put(svg, "height", box.height);
  const line = (s) => svgNode("line", { class: "kd-spread-base", x1: box.left, x2: box.right, y1: y(s), y2: y(s) });
  const level = (s) => svgNode("text", { class: "kd-spread-text", x: box.left - 8, y: y(s), dy: "0.34em", "text-anchor": "end" }, `${100 * s}\u00a0%`);
  const tick = (T) => svgNode("text", { class: "kd-spread-text", x: x(T), y: box.bottom + 17 * unit, "text-anchor": "middle" }, short(T));
  const name = svgNode("text", { class: "kd-spread-text", x: (box.left + box.right) / 2, y: box.bottom + 35 * unit, "text-anchor": "middle" }, t("temperature T"));
  const apart = 34 * unit;
  let before = -Infinity;
  const ticks = SHARE_TICKS.filter((T) => T >= low && T <= high && x(T) - before >= apart && (before = x(T)));
  grid.replaceChildren(...SHARE_LEVELS.flatMap((s) => [line(s), level(s)]), ...ticks.map(tick), name);
}

function curvePath(temperatures, shares, x, y) {
  let path = "";
  shares.forEach((s, k) => {
    if (!Number.isNaN(s)) path += `${path ? "L" : "M"}${x(temperatures[k]).toFixed(1)} ${y(s).toFixed(1)}`;
  });
  return path;
}

function shareLegend() {
  const item = (name, text) => {
    const value = node("b", {});
    const used = node("span", { class: "kd-shares-in-use" }, t("in use"));
    return { root: node("span", { class: "kd-shares-item" }, node("i", { class: `kd-shares-key kd-shares-key-${name}` }), `${text} `, value, " ", used), value, used };
  };
  const items = { with: item("with", t("with T²")), without: item("without", t("without T²")) };
  return {
    root: node("p", { class: "kd-shares-legend" }, items.with.root, items.without.root),
    draw(view, share) {
      for (const [name, { root, value, used }] of Object.entries(items)) {
        say(value, sharePercent(share.here[name]));
        used.hidden = name !== share.used;
        root.classList.toggle("kd-shares-used", name === share.used);
      }
    },
  };
}

function sharePercent(share) {
  return Number.isNaN(share) ? NO_NUMBER : wholePercent(share);
}

function shareSentence(view, share) {
  const told = { T: short(view.temperature), alpha: short(view.alpha), with: sharePercent(share.here.with), without: sharePercent(share.here.without) };
  if (Number.isNaN(share.here.with)) return t("At T = {T} and α = {alpha} neither term pulls at the student: both gradients are 0.", told);
  if (share.used === "without") return t("At T = {T} and α = {alpha}, without T², the soft term makes {without} of the gradient’s length; with T² it would be {with}.", told);
  return view.loss === "reverse_kl" ? t("At T = {T} and α = {alpha} the soft term (reverse KL) makes {with} of the gradient’s length; without T² it would be {without}.", told)
    : t("At T = {T} and α = {alpha} the soft term makes {with} of the gradient’s length; without T² it would be {without}.", told);
}
