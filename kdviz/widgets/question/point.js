// A point to put into a plane, beside others that are known: with a press, or by two sliders.

import { plain, shareOf, valueAt } from "./marking.js";
import { namesBeside, pen, plane } from "./plane.js";
import { reveal } from "./reveal.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { t } from "../shared/words.js";

const STOPS = 200;

export function pointEditor(life, { across, up, beside, name }, onDraft) {
  const view = plane(life, across, up, t("Point to place: {up} and {across}", { up: up.name, across: across.name }), () => grown.again());
  const parts = partsOf(view.layer, beside);
  let hand = [valueAt(across, 0.5), valueAt(up, 0.5)];
  let [touched, locked, truth] = [false, false, null];
  const axes = [across, up];
  const inputs = axes.map((axis) => node("input", { type: "range", min: 0, max: STOPS, step: 1, class: "kd-range", "aria-label": axis.name }));
  const values = axes.map(() => node("output", { class: "kd-slider-value" }));
  const set = (next) => {
    [hand, touched] = [next, true];
    drawHand();
    grown.again();
    onDraft([...hand]);
  };
  inputs.forEach((input, i) => life.listen(input, "input", () => {
    if (locked) drawHand();
    else set(hand.map((old, k) => (k === i ? valueAt(axes[i], Number(input.value) / STOPS) : old)));
  }));
  pen(life, view, ({ x, y }) => set([x, y]));
  const drawHand = () => axes.forEach((axis, i) => {
    inputs[i].value = String(Math.round(STOPS * shareOf(axis, hand[i])));
    const [yours, came] = [`${plain(hand[i])}${axis.unit}`, truth ? `${plain(truth[i])}${axis.unit}` : ""];
    put(inputs[i], "aria-valuetext", truth ? t("yours {yours}, what came {came}", { yours, came }) : yours);
    put(inputs[i], "aria-disabled", locked ? "true" : null);
    put(inputs[i], "tabindex", locked ? "-1" : null);
    inputs[i].style.setProperty("--kd-fill", `${100 * shareOf(axis, hand[i])}%`);
    say(values[i], truth ? "" : yours);
  });
  const grown = reveal(life, (share) => {
    Object.values(beside).forEach(([x, y], k) => drawNamed(view, ...parts.beside[k], view.x(x), view.y(y)));
    const [x, y] = [view.x(hand[0]), view.y(hand[1])];
    put(parts.cross, "d", touched && !truth ? `M${view.box.left} ${y.toFixed(1)}H${x.toFixed(1)}V${view.box.bottom}` : null);
    put(parts.mine, "data-untouched", touched ? null : "true");
    put(parts.mine, "cx", x.toFixed(1));
    put(parts.mine, "cy", y.toFixed(1));
    parts.mine.style.display = touched ? "" : "none";
    say(parts.prompt, touched || locked ? "" : t("Place it"));
    put(parts.prompt, "x", (view.box.left + view.box.right) / 2);
    put(parts.prompt, "y", (view.box.top + view.box.bottom) / 2);
    drawTruth(parts, view, truth && [x + share * (view.x(truth[0]) - x), y + share * (view.y(truth[1]) - y)], [x, y], name);
  });
  const sliders = axes.map((axis, i) => node("div", { class: "kd-slider" },
    node("div", { class: "kd-slider-head" }, node("span", { class: "kd-slider-label" }, axis.name), values[i]), node("div", { class: "kd-track" }, inputs[i])));
  const row = node("div", { class: "kd-point-sliders" }, ...sliders);
  return {
    root: node("div", {}, view.root, row),
    draw({ answer, solution, final, lively }) {
      [locked, truth] = [final, solution?.truth ?? null];
      if (answer !== null) [hand, touched] = [[...answer], true];
      put(view.svg, "data-locked", final ? "true" : null);
      row.classList.toggle("kd-unseen", final);
      drawHand();
      if (truth) grown.to(lively);
      else grown.again();
    },
  };
}

function partsOf(layer, beside) {
  const text = (look, words = "") => svgNode("text", { class: `kd-plane-text kd-plane-name ${look}` }, words);
  const parts = {
    beside: Object.keys(beside).map((who) => [svgNode("circle", { r: 5, class: "kd-plane-beside" }), svgNode("text", { class: "kd-plane-text" }, who)]),
    cross: svgNode("path", { class: "kd-plane-line kd-plane-cross" }), way: svgNode("path", { class: "kd-plane-line kd-plane-way" }),
    mine: svgNode("circle", { r: 8, class: "kd-plane-dot kd-plane-mine" }), came: svgNode("circle", { r: 6, class: "kd-plane-arrived" }),
    prompt: text("kd-plane-prompt"), yoursName: text("kd-yours-text"), cameName: text("kd-came-text"),
  };
  put(parts.prompt, "text-anchor", "middle");
  layer.append(...parts.beside.flat(), parts.cross, parts.way, parts.mine, parts.came, parts.prompt, parts.yoursName, parts.cameName);
  return parts;
}

/** What came, the way to it from what was placed, and both names. */
function drawTruth({ came, way, yoursName, cameName }, view, truth, [x, y], name) {
  for (const part of [came, way]) part.style.display = truth ? "" : "none";
  say(yoursName, truth ? t("yours") : "");
  say(cameName, truth ? name || t("what came") : "");
  if (!truth) return;
  put(way, "d", `M${x.toFixed(1)} ${y.toFixed(1)}L${truth.map((v) => v.toFixed(1)).join(" ")}`);
  put(came, "cx", truth[0].toFixed(1));
  put(came, "cy", truth[1].toFixed(1));
  const heights = namesBeside(view, y, truth[1]);
  [[yoursName, x], [cameName, truth[0]]].forEach(([text, at], i) => placeName(view, text, at, heights[i]));
}

function drawNamed(view, dot, text, x, y) {
  put(dot, "cx", x.toFixed(1));
  put(dot, "cy", y.toFixed(1));
  placeName(view, text, x, y - 10 * view.unit < view.box.top ? y + 18 * view.unit : y - 10 * view.unit);
}

/** A name above or below its point, turned inwards at the sides. */
function placeName({ box }, text, x, y) {
  const share = (x - box.left) / (box.right - box.left);
  put(text, "x", x.toFixed(1));
  put(text, "y", y.toFixed(1));
  put(text, "text-anchor", share < 0.2 ? "start" : share > 0.8 ? "end" : "middle");
}
