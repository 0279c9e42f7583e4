// Histograms, model under model on one axis: own pictures filled, strange ones as an outline.

import { changing, node, put, svgNode } from "../shared/elements.js";
import { fixed, shortPercent } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";
import { t } from "../shared/words.js";

const ROW = 74;
const BELOW = 20;
const WIDEST_HISTOGRAM = 620;

export function histograms() {
  const list = node("div", { class: "kd-domain-rows", role: "list" });
  const fresh = changing();
  return {
    root: list,
    draw(shown, width) {
      if (!fresh(shown.found, shown.set.name, shown.score, width, shown.models.map((one) => one.title).join())) return;
      const wide = Math.min(WIDEST_HISTOGRAM, width);
      list.replaceChildren(...shown.models.map((one, i) => row(shown, one, wide, i === shown.models.length - 1)));
    },
  };
}

function row({ set, score, ticks }, { id, title, look }, wide, last) {
  const { bins, auroc, range } = set.scores[score];
  const [value, low, high] = auroc[id].map((v) => fixed(v, 3));
  const tallest = Math.max(...bins[id].flat(), 1e-9);
  const each = (wide - 2) / bins[id][0].length;
  const y = (share) => ROW - (share / tallest) * (ROW - 6);
  const outline = bins[id][1].map((share, i) => `${i ? "L" : "M"}${(1 + i * each).toFixed(1)} ${y(share).toFixed(1)}H${(1 + (i + 1) * each).toFixed(1)}`).join("");
  const height = ROW + (last ? BELOW : 2);
  const svg = svgNode("svg", { class: `kd-domain-histogram kd-run-${look.name}`, width: wide, height, viewBox: `0 0 ${wide} ${height}`, "aria-hidden": "true" },
    ...bins[id][0].map((share, i) => svgNode("rect", { class: "kd-domain-own", x: (1 + i * each).toFixed(1), width: Math.max(0.5, each - 1).toFixed(1), y: y(share).toFixed(1), height: (ROW - y(share)).toFixed(1) })),
    svgNode("path", { class: "kd-domain-strange", d: `M1 ${ROW}${outline.replace("M", "L")}V${ROW}` }),
    svgNode("line", { class: "kd-domain-ground", x1: 0, x2: wide, y1: ROW, y2: ROW }),
    ...(last ? ticks(range).map(([at, text], i, all) => svgNode("text", { class: "kd-chart-text", x: 1 + at * (wide - 2), y: ROW + 15, "text-anchor": i === 0 ? "start" : i === all.length - 1 ? "end" : "middle" }, text)) : []));
  const head = node("p", { class: `kd-domain-head kd-run-text kd-run-${look.name}` }, runKey(look), node("span", {}, title),
    node("b", {}, t("AUROC {value}", { value })), node("small", {}, t("{low} to {high}", { low, high })));
  const root = node("div", { class: "kd-domain-row", role: "listitem" }, head, svg);
  const [own, strange] = set.mean[id].map((v) => shortPercent(100 * v));
  put(root, "aria-label", t("{who}: AUROC {value}, 95\u00a0% CI {low} to {high}; on average {own} sure of its own pictures and {strange} of the others", { who: title, value, low, high, own, strange }));
  return root;
}
