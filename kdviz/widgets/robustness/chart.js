// Accuracy against radius or severity: a line a model with its intervals, and an upright line at the slider.

import { isAttack, levelInWords } from "./words.js";
import { changing, node, put, svgNode } from "../shared/elements.js";
import { shortPercent } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";
import { t } from "../shared/words.js";

const HEIGHT = 260;
const WIDEST = 620;
const ROOM = { left: 46, right: 14, top: 10, bottom: 42 };
const APART = 3; // pixels between the bars of two models at one level

export function chart() {
  const svg = svgNode("svg", { class: "kd-robustness-chart", role: "img" });
  const legend = node("p", { class: "kd-robustness-legend" });
  const fresh = changing();
  return {
    root: node("div", { class: "kd-robustness-plot" }, legend, svg),
    draw(shown, width) {
      if (!fresh(shown.found, shown.place, shown.on, width, shown.models.map((one) => one.title).join())) return;
      const wide = Math.min(WIDEST, width);
      const view = layout(shown.found, wide);
      put(svg, "viewBox", `0 0 ${wide} ${HEIGHT}`);
      put(svg, "width", wide);
      put(svg, "height", HEIGHT);
      put(svg, "aria-label", t("Accuracy of {who} from the unchanged pictures to the largest change; the numbers are in the sentence below.", { who: shown.models.map((one) => one.title).join(", ") }));
      svg.replaceChildren(...axes(shown.found, view, wide), upright(view, shown.place),
        ...shown.models.flatMap((one, i) => line(shown, one, view, (i - (shown.models.length - 1) / 2) * APART)));
      legend.replaceChildren(...shown.models.map(({ look, title }) => node("span", { class: `kd-run-text kd-run-${look.name}` }, runKey(look), title)));
    },
  };
}

function layout(found, wide) {
  const last = found.levels.at(-1);
  const [left, right, bottom] = [ROOM.left + 8, wide - ROOM.right - 8, HEIGHT - ROOM.bottom];
  return { x: (level) => left + (level / last) * (right - left), y: (v) => bottom - v * (bottom - ROOM.top), bottom, levels: found.levels };
}

function axes(found, view, wide) {
  const parts = [];
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    const y = view.y(v);
    parts.push(svgNode("line", { class: "kd-robustness-grid", x1: ROOM.left, x2: wide - ROOM.right, y1: y, y2: y }),
      svgNode("text", { class: "kd-chart-text", x: ROOM.left - 6, y: y + 4, "text-anchor": "end" }, shortPercent(100 * v)));
  }
  found.levels.forEach((level, i) => parts.push(svgNode("text", { class: "kd-chart-text", x: view.x(level), y: view.bottom + 16, "text-anchor": "middle" }, levelInWords(found, i))));
  const title = isAttack(found.kind) ? t("radius: largest change of a pixel, from 0 to 1") : t("severity; 0 is the unchanged picture");
  return [...parts, svgNode("text", { class: "kd-chart-text", x: (ROOM.left + wide) / 2, y: view.bottom + 34, "text-anchor": "middle" }, title)];
}

function upright(view, place) {
  const x = view.x(view.levels[place]);
  return svgNode("line", { class: "kd-robustness-here", x1: x, x2: x, y1: ROOM.top, y2: view.bottom });
}

function line({ found, on }, { id, title, look }, view, aside) {
  const points = found.curves[on][id].map(([, value, low, high], i) => ({ x: view.x(found.levels[i]) + aside, y: view.y(value), low: view.y(low), high: view.y(high), value, i }));
  const path = points.map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return [svgNode("g", { class: `kd-run-${look.name}` }, svgNode("path", { class: "kd-run-line", d: path }), ...points.flatMap(({ x, y, low, high, value, i }) => [
    svgNode("line", { class: "kd-run-line kd-robustness-bar", x1: x, x2: x, y1: low, y2: high }),
    svgNode("circle", { class: "kd-run-mark", cx: x, cy: y, r: 3 }, svgNode("title", {}, `${title}, ${levelInWords(found, i)}: ${shortPercent(100 * value)}`)),
  ]))];
}
