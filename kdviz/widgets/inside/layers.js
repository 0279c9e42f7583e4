// What was measured on request beside the landscape: sharpness, linear probes, and a layer over training.

import { definition } from "../shared/definition.js";
import { node, say, svgNode } from "../shared/elements.js";
import { about, fixed, grouped, shortPercent } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";
import { t } from "../shared/words.js";

const SHARPNESS_COLUMNS = {
  ball: [t("In a ball"), t("How much the loss rises at most when all weights together move by 0.5 (Euclidean length; Foret et al. 2021). A lower bound: it is sought by gradient ascent. It depends on how a network of the same answers is scaled.")],
  adaptive: [t("Adaptive"), t("The same where each weight moves in proportion to its own size, by 0.5 in all (Kwon et al. 2021). It does not depend on how a network of the same answers is scaled.")],
  box: [t("In a box, %"), t("How much the loss rises at most, in percent of loss + 1, when each weight moves by 0.001 of its size + 1 (Keskar et al. 2017). It depends on the scale too.")],
  eigenvalue: [t("Curvature"), t("The largest eigenvalue of the Hessian of the loss, by power iteration. ≈: it had not settled to 1\u00a0% yet. It depends on the scale too.")],
};
const [PROBE_CHART, CURVE_WIDTH, CURVE_HEIGHT] = [120, 320, 150];

/** A row for each model; the last is the student on another scale. */
export function sharpnessTable(life) {
  const heads = Object.values(SHARPNESS_COLUMNS).map(([name, meaning]) => node("span", { class: "kd-inside-cell", role: "columnheader" }, definition(life, name, meaning)));
  const head = node("div", { class: "kd-inside-line kd-inside-head", role: "row" }, node("span", { role: "columnheader" }, node("span", { class: "kd-unseen" }, t("Model"))), ...heads);
  const table = node("div", { class: "kd-inside-table", role: "table", "aria-label": t("Sharpness of the minimum, by four meanings") }, head);
  const note = node("p", { class: "kd-note" });
  return {
    root: node("div", {}, table, note),
    draw({ rows, note: text }, named) {
      table.replaceChildren(head, ...rows.map((row) => {
        const { title, look } = named(row.id);
        const values = [fixed(row.ball, 3), fixed(row.adaptive, 3), fixed(row.box, 2), `${row.converged ? "" : "≈\u00a0"}${about(row.eigenvalue, 3)}`];
        return node("div", { class: "kd-inside-line", role: "row", "data-model": row.id },
          node("span", { class: `kd-inside-model kd-run-text kd-run-${look.name}`, role: "rowheader" }, ...(row.id === "rescaled" ? [] : [runKey(look)]), title),
          ...values.map((value) => node("span", { class: "kd-inside-cell", role: "cell" }, value)));
      }));
      say(note, text);
    },
  };
}

/** For each model a bar a layer: how often a linear classifier on it is right. */
export function probeBars() {
  const list = node("div", { class: "kd-inside-probes", role: "list" });
  return {
    root: list,
    draw(probes, named) {
      list.replaceChildren(...probes.map(({ id, layer, share: [value, low, high] }) => {
        const { title, look } = named(id);
        const x = (v) => (v * PROBE_CHART).toFixed(1);
        const bar = svgNode("svg", { class: `kd-inside-bar kd-run-${look.name}`, viewBox: `0 0 ${PROBE_CHART} 12`, preserveAspectRatio: "none", "aria-hidden": "true" },
          svgNode("rect", { class: "kd-inside-ground", x: 0, y: 1, width: PROBE_CHART, height: 10 }),
          svgNode("rect", { class: "kd-inside-fill", x: 0, y: 1, width: x(value), height: 10 }),
          svgNode("line", { class: "kd-inside-interval", x1: x(low), x2: x(high), y1: 6, y2: 6, "vector-effect": "non-scaling-stroke" }));
        const range = t("{low} to {high}", { low: shortPercent(100 * low), high: shortPercent(100 * high) });
        return node("div", { class: "kd-inside-probe", role: "listitem" }, node("span", { class: `kd-run-text kd-run-${look.name}` }, `${title}, ${layer}`), bar,
          node("span", { class: "kd-inside-cell" }, `${shortPercent(100 * value)} `, node("small", {}, range)));
      }));
    },
  };
}

/** CKA with the teacher's layer, and the nearest that are kept, over the steps. */
export function layersOverTraining() {
  const charts = { cka: trainingChart(), kept: trainingChart() };
  const legend = node("p", { class: "kd-inside-legend" });
  return {
    root: node("div", { class: "kd-inside-training" }, legend, node("div", { class: "kd-inside-pair" }, charts.cka.root, charts.kept.root)),
    draw(training, named) {
      legend.replaceChildren(...training.lines.map((line) => node("span", { class: `kd-run-text kd-run-${named(line.id).look.name}` }, runKey(named(line.id).look), named(line.id).title)));
      charts.cka.draw(training.lines, "cka", named, null, t("CKA with the teacher’s {layer}", { layer: training.layer }));
      charts.kept.draw(training.lines, "kept", named, training.by_chance, t("Of its {n} nearest examples kept", { n: training.nearest }));
    },
  };
}

function trainingChart() {
  const svg = svgNode("svg", { class: "kd-inside-curve", viewBox: `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`, role: "img" });
  const caption = node("figcaption", {});
  return {
    root: node("figure", { class: "kd-map" }, svg, caption),
    draw(lines, name, named, chance, title) {
      const last = Math.max(1, ...lines.flatMap((line) => line.steps));
      const [left, right, top, bottom] = [34, CURVE_WIDTH - 8, 6, CURVE_HEIGHT - 22];
      const low = Math.min(0, ...lines.flatMap((line) => line[name]));
      const x = (step) => left + (step / last) * (right - left);
      const y = (v) => bottom - ((v - low) / (1 - low)) * (bottom - top);
      const text = (attributes, words) => svgNode("text", { class: "kd-chart-text", ...attributes }, words);
      const parts = [0, 0.5, 1].flatMap((v) => [svgNode("line", { class: "kd-chart-base", x1: left, x2: right, y1: y(v), y2: y(v) }), text({ x: left - 5, y: y(v) + 4, "text-anchor": "end" }, fixed(v, 1))]);
      if (chance !== null) parts.push(svgNode("line", { class: "kd-inside-chance", x1: left, x2: right, y1: y(chance), y2: y(chance) }, svgNode("title", {}, t("by chance {value}", { value: fixed(chance, 2) }))));
      for (const line of lines) {
        const places = line.steps.map((step, i) => `${x(step).toFixed(1)} ${y(line[name][i]).toFixed(1)}`);
        parts.push(svgNode("g", { class: `kd-run-${named(line.id).look.name}` }, svgNode("path", { class: "kd-run-line", d: `M${places.join("L")}` })));
      }
      parts.push(text({ x: left, y: CURVE_HEIGHT - 6 }, "0"), text({ x: right, y: CURVE_HEIGHT - 6, "text-anchor": "end" }, t("step {step}", { step: grouped(last) })));
      svg.replaceChildren(...parts);
      const ends = lines.map((line) => `${named(line.id).title} ${fixed(line[name].at(-1), 2)}`).join("; ");
      svg.setAttribute("aria-label", `${title}: ${ends}`);
      say(caption, `${title}: ${ends}`);
    },
  };
}
