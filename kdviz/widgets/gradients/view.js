// Gradients: three small plots of the terms over steps, with the newest numbers.

import { nodePool, textSize } from "../shared/curve_axes.js";
import { definition } from "../shared/definition.js";
import { card, drawing, lifetime, liveSentence, node, put, say, svgNode } from "../shared/elements.js";
import { fixed, grouped, powerOfTen, quantity, short } from "../shared/format.js";
import { t } from "../shared/words.js";
import "./style.css";

const PULL_PLOTS = [
  { key: "values", name: t("Value"), meaning: t("Value of each term on the next batch, before its weight.") },
  { key: "norms", name: t("Gradient norm"), meaning: t("Length of the gradient of weight × value with respect to the student’s parameters: how hard the term pulls at them.") },
  { key: "cosines", name: t("Cosine"), meaning: t("Of the angle between the gradients of two terms: 1 the same direction, 0 at right angles, −1 opposite.") },
];
const PULL_TRAITS = ["terms", "steps", "values", "norms", "cosines", "total_steps", "sentence"];
const PULL_HEIGHT = 132;

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "gradients", t("The terms"));
  const plots = PULL_PLOTS.map((plot) => pullPlot(life, plot));
  const empty = node("p", { class: "kd-note" }, t("While the student learns: the value of each term, and how its gradient pulls at the student."));
  const live = liveSentence(life);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Gradient of each loss term"))), empty, node("div", { class: "kd-pulls" }, ...plots.map((p) => p.root)), live.root);

  const painter = drawing(life, () => {
    const steps = model.get("steps");
    empty.hidden = steps.length > 0;
    for (const plot of plots) plot.draw(model, steps);
    live.say(model.get("sentence"), steps.length > 0 && steps.at(-1) >= model.get("total_steps") ? "ended" : "under way");
  });
  life.watch(PULL_TRAITS, painter.soon);
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(body);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** What is drawn as one line each: the terms, or every two of them. */
function pullLines(key, terms) {
  if (key !== "cosines") return terms.map((term, i) => ({ title: term.title, own: term.own, turn: terms.slice(0, i).filter((one) => one.own === term.own).length }));
  const pairs = terms.flatMap((a, i) => terms.slice(i + 1).map((b) => ({ title: t("{one} and {other}", { one: a.title, other: b.title }), own: a.own || b.own })));
  return pairs.map((pair, turn) => ({ ...pair, turn }));
}

function pullPlot(life, { key, name, meaning }) {
  const svg = svgNode("svg", { class: "kd-pull-svg", "aria-hidden": "true" });
  const layers = Object.fromEntries(["grid", "lines"].map((layer) => [layer, svg.appendChild(svgNode("g", {}))]));
  const pool = nodePool(layers);
  const list = node("div", { class: "kd-pull-now", role: "list" });
  const plot = node("div", { class: "kd-pull-plot" }, svg);
  const root = node("div", { class: "kd-pull" }, definition(life, name, meaning), list, plot);
  let told = "";
  const rows = [];
  return {
    root,
    draw(model, steps) {
      const lines = pullLines(key, model.get("terms"));
      root.hidden = steps.length === 0 || lines.length === 0;
      if (root.hidden) return;
      const stamp = JSON.stringify(lines);
      if (stamp !== told) {
        told = stamp;
        rows.splice(0, rows.length, ...lines.map((line) => pullRow(line, key)));
        list.replaceChildren(...rows.map((row) => row.root));
      }
      const numbers = model.get(key);
      rows.forEach((row, i) => say(row.value, key === "cosines" ? fixed(numbers.at(-1)[i], 2) : quantity(numbers.at(-1)[i])));
      drawPull({ key, steps, numbers, lines, last: Math.max(1, model.get("total_steps"), steps.at(-1)), width: Math.round(plot.clientWidth || 200) }, svg, pool);
    },
  };
}

/** The look of a line, its name and its newest number. */
function pullRow(line, key) {
  const sample = svgNode("svg", { class: "kd-pull-key", viewBox: "0 0 20 8", "aria-hidden": "true" }, svgNode("line", { x1: 0, x2: 20, y1: 4, y2: 4, class: pullClass(line, key) }));
  const value = node("span", { class: "kd-pull-value", "data-number": `${key}: ${line.title}` });
  return { value, root: node("div", { class: "kd-pull-row", role: "listitem" }, node("span", { class: "kd-pull-name" }, sample, line.title), value) };
}

function pullClass(line, key) {
  const look = `kd-pull-${key === "cosines" ? "both" : line.own ? "own" : "other"}`;
  return `kd-pull-line ${look}${line.turn ? ` ${look}-${line.turn}` : ""}`;
}

/** A logarithmic axis where all numbers are above zero, a linear one for cosines and where one is not. */
function pullAxis(key, all) {
  if (key === "cosines") return { ticks: [-1, 0, 1], text: short, at: (v) => (v + 1) / 2 };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (low > 0) {
    const [bottom, top] = [Math.floor(Math.log10(low) + 1e-9), Math.max(Math.ceil(Math.log10(high) - 1e-9), Math.floor(Math.log10(low) + 1e-9) + 1)];
    const every = Math.ceil((top - bottom) / 3);
    const ticks = [];
    for (let exponent = bottom; exponent <= top; exponent += every) ticks.push(10 ** exponent);
    return { ticks, text: decade, at: (v) => (Math.log10(v) - bottom) / (top - bottom) };
  }
  const room = high > low ? high - low : 1;
  return { ticks: [low, low + room], text: short, at: (v) => (v - low) / room };
}

function decade(v) {
  const exponent = Math.round(Math.log10(v));
  return exponent >= -2 && exponent <= 3 ? short(Number(v.toPrecision(1))) : powerOfTen(exponent);
}

function drawPull(view, svg, pool) {
  const unit = textSize();
  const height = PULL_HEIGHT * unit;
  const box = { left: 34 * unit, right: view.width - 8, top: 8, bottom: height - 20 * unit };
  const finite = view.numbers.flat().filter((v) => v !== null && Number.isFinite(v));
  put(svg, "viewBox", `0 0 ${view.width} ${height}`);
  put(svg, "height", height);
  pool.begin();
  if (finite.length) {
    const axis = pullAxis(view.key, finite);
    const x = (step) => box.left + (step / view.last) * (box.right - box.left);
    const y = (v) => box.bottom - Math.min(1, Math.max(0, axis.at(v))) * (box.bottom - box.top);
    for (const tick of axis.ticks) {
      pool.take("grid", "line", { x1: box.left, x2: box.right, y1: y(tick), y2: y(tick), class: "kd-pull-grid" });
      pool.take("grid", "text", { x: box.left - 6, y: y(tick), dy: "0.34em", "text-anchor": "end", class: "kd-pull-tick" }, axis.text(tick));
    }
    for (const [step, anchor] of [[0, "start"], [view.last, "end"]]) {
      pool.take("grid", "text", { x: x(step), y: height - 5 * unit, "text-anchor": anchor, class: "kd-pull-tick" }, step ? t("step {step}", { step: grouped(step) }) : "0");
    }
    view.lines.forEach((line, i) => {
      const points = view.steps.map((step, n) => [x(step), view.numbers[n][i]]).filter(([, v]) => v !== null && Number.isFinite(v)).map(([at, v]) => [at, y(v)]);
      if (!points.length) return;
      pool.take("lines", "path", { d: `M${points.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}`, class: pullClass(line, view.key) });
      pool.take("lines", "circle", { cx: points.at(-1)[0].toFixed(1), cy: points.at(-1)[1].toFixed(1), r: 3, class: `kd-pull-end ${pullClass(line, view.key)}` });
    });
  }
  pool.finish();
}

export default { render };
