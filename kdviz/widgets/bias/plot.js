// One rate of each group as a dot with its interval, model beside model; a pointer or the arrow keys read a group.

import { node, put, say, svgNode } from "../shared/elements.js";
import { fixed, grouped } from "../shared/format.js";
import { runMark } from "../shared/run_key.js";
import { t } from "../shared/words.js";

export const BIAS_FEW = 30; // examples; of fewer, a rate says little
export const BIAS_MOST = 12; // groups drawn
const BIAS_LANE = 13; // pixels for one model
const BIAS_LINE = 15; // pixels for a line of text

export function biasPlot(life) {
  const svg = svgNode("svg", { class: "kd-bias-plot", "aria-hidden": "true" });
  const reading = node("p", { class: "kd-note kd-bias-reading", role: "status" });
  const frame = node("div", { class: "kd-bias-frame", tabindex: "0", role: "group" }, svg);
  let view = null;
  let active = null;
  const read = (index) => {
    active = index;
    svg.querySelectorAll(".kd-bias-row").forEach((row, i) => row.classList.toggle("kd-active", i === index));
    say(reading, index === null || !view ? t("Hover a group, or press ↓, for its numbers.") : biasReading(view, index));
  };
  const groupAt = (event) => {
    const y = event.clientY - svg.getBoundingClientRect().top;
    const index = view ? view.rows.findIndex((row) => y >= row.top && y < row.bottom) : -1;
    return index < 0 ? null : index;
  };
  life.listen(frame, "pointermove", (event) => read(groupAt(event)));
  life.listen(frame, "pointerdown", (event) => read(groupAt(event)));
  life.listen(frame, "pointerleave", (event) => event.pointerType === "mouse" && read(null));
  life.listen(frame, "blur", () => read(null));
  life.listen(frame, "keydown", (event) => {
    const last = (view?.rows.length ?? 0) - 1;
    const at = active ?? -1;
    const moves = { ArrowDown: Math.min(last, at + 1), ArrowUp: Math.max(0, at - 1), Home: 0, End: last, Escape: null };
    if (!(event.key in moves) || last < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    read(moves[event.key]);
  });
  return {
    root: node("div", { class: "kd-bias-chart" }, frame, reading),
    width: () => frame.clientWidth,
    draw(shown, width) {
      view = biasLayout(shown, width);
      put(svg, "viewBox", `0 0 ${view.width} ${view.height}`);
      put(svg, "width", view.width);
      put(svg, "height", view.height);
      put(frame, "aria-label", t("{rate} of {n} groups; arrow keys read them one by one", { rate: shown.rateName, n: view.rows.length }));
      svg.replaceChildren(...biasAxis(view), ...biasOverall(view), ...view.rows.map((row, i) => biasRow(view, row, i)));
      read(active !== null && active < view.rows.length ? active : null);
    },
  };
}

/** Where everything stands: names to the left where there is room, else above each group's dots. */
function biasLayout(shown, width) {
  const beside = width >= 460;
  const left = beside ? Math.min(190, Math.round(width * 0.32)) : 6;
  const right = width - 14;
  const known = shown.groups.flatMap((group) => shown.models.map((model) => group.rates[model.id])).filter((rate) => rate && rate[0] !== null);
  const steps = 10;
  const low = known.length ? Math.max(0, Math.floor(Math.min(...known.map((r) => r[1])) * steps) / steps) : 0;
  const high = known.length ? Math.min(1, Math.max(low + 1 / steps, Math.ceil(Math.max(...known.map((r) => r[2])) * steps) / steps)) : 1;
  const lanes = shown.models.length * BIAS_LANE;
  let top = 6;
  const rows = shown.groups.map((group) => {
    const names = beside ? biasLines(group.name) : [group.name];
    const text = beside ? (names.length + 1) * BIAS_LINE : BIAS_LINE;
    const height = (beside ? Math.max(lanes, text) : text + lanes) + 12;
    const row = { group, names, top, bottom: top + height, lanes: beside ? top + (height - lanes) / 2 : top + 6 + text, text: beside ? top + (height - text) / 2 : top + 6 };
    top += height;
    return row;
  });
  const ticks = high - low > 0.55 ? 0.2 : high - low > 0.25 ? 0.1 : 0.05;
  return {
    shown, width, beside, left, right, rows, low, high, ticks, bottom: top, height: top + 36,
    x: (v) => left + ((v - low) / (high - low)) * (right - left),
  };
}

/** A name in two lines where it is of two groupings. */
function biasLines(name) {
  const parts = name.split(" & ");
  return parts.map((part, i) => (i < parts.length - 1 ? `${part} &` : part));
}

function biasAxis(view) {
  const parts = [];
  for (let v = Math.ceil(view.low / view.ticks - 1e-9) * view.ticks; v <= view.high + 1e-9; v += view.ticks) {
    const x = view.x(v).toFixed(1);
    parts.push(svgNode("line", { class: "kd-bias-grid", x1: x, x2: x, y1: 0, y2: view.bottom }));
    parts.push(svgNode("text", { class: "kd-bias-text", x, y: view.bottom + 15, "text-anchor": "middle" }, fixed(v, 2)));
  }
  const title = svgNode("text", { class: "kd-bias-text", x: view.x((view.low + view.high) / 2).toFixed(1), y: view.bottom + 31, "text-anchor": "middle" }, t("{rate}; vertical lines: overall", { rate: view.shown.rateName }));
  return [...parts, title];
}

/** Each model's rate over all groups. */
function biasOverall(view) {
  return view.shown.models.filter((model) => view.shown.overall[model.id] !== null).map((model) => {
    const x = view.x(Math.min(view.high, Math.max(view.low, view.shown.overall[model.id]))).toFixed(1);
    return svgNode("g", { class: `kd-run-${model.look.name}` }, svgNode("line", { class: "kd-run-line kd-bias-overall", x1: x, x2: x, y1: 0, y2: view.bottom }));
  });
}

function biasRow(view, row, index) {
  const { group } = row;
  const parts = [svgNode("rect", { class: "kd-bias-ground", x: 0, width: view.width, y: row.top, height: row.bottom - row.top })];
  if (index) parts.push(svgNode("line", { class: "kd-bias-grid", x1: 0, x2: view.width, y1: row.top, y2: row.top }));
  const count = biasCount(group, view.shown);
  const few = group.of < BIAS_FEW ? " kd-few" : "";
  row.names.forEach((name, i) => parts.push(svgNode("text", { class: "kd-bias-name", x: 6, y: row.text + (i + 0.8) * BIAS_LINE }, shortened(name, view.beside ? view.left / 7 : view.width / 11))));
  if (view.beside) parts.push(svgNode("text", { class: `kd-bias-text${few}`, x: 6, y: row.text + (row.names.length + 0.8) * BIAS_LINE }, count));
  else parts.at(-1).append(svgNode("tspan", { class: `kd-bias-text${few}`, dx: 8 }, count));
  view.shown.models.forEach((model, i) => {
    const rate = group.rates[model.id];
    if (!rate || rate[0] === null) return;
    const y = row.lanes + (i + 0.5) * BIAS_LANE;
    parts.push(svgNode("g", { class: `kd-run-${model.look.name}${few}` },
      svgNode("line", { class: "kd-run-line kd-bias-band", x1: view.x(rate[1]).toFixed(1), x2: view.x(rate[2]).toFixed(1), y1: y, y2: y }),
      biasMark(model.look, view.x(rate[0]), y)));
  });
  return svgNode("g", { class: "kd-bias-row" }, ...parts);
}

function shortened(name, letters) {
  const most = Math.max(8, Math.floor(letters));
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

/** "n = 1,080", "261 positive", "12 negative: few". */
function biasCount(group, shown) {
  const n = grouped(group.of);
  const of = { positive: t("{n} positive", { n }), negative: t("{n} negative", { n }) }[shown.of] ?? `n = ${n}`;
  return group.of && group.of < BIAS_FEW ? t("{count}: few", { count: of }) : of;
}

/** A circle for the teacher, a square for the student, a dot for its twin, a diamond for the smoothed one; a branch has its own. */
function biasMark(look, x, y, r = 4) {
  const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
  if (look.branch >= 0) return svgNode("path", { class: "kd-run-mark", d: runMark(look, x, y, r - 0.5) });
  if (look.name === "teacher") return svgNode("circle", { class: "kd-run-mark kd-bias-open", cx, cy, r: r + 0.5 });
  if (look.name === "twin") return svgNode("circle", { class: "kd-run-mark", cx, cy, r: r - 0.5 });
  if (look.name === "smoothed") return svgNode("path", { class: "kd-run-mark", d: `M${x} ${y - r - 1}L${x + r + 1} ${y}L${x} ${y + r + 1}L${x - r - 1} ${y}z` });
  return svgNode("rect", { class: "kd-run-mark", x: (x - r).toFixed(1), y: (y - r).toFixed(1), width: 2 * r, height: 2 * r });
}

/** A model's mark on a short piece of its line. */
export function biasKey(look) {
  const line = svgNode("line", { class: "kd-run-line kd-bias-band", x1: 1, x2: 23, y1: 6, y2: 6 });
  return svgNode("svg", { class: `kd-run-key kd-run-${look.name}`, viewBox: "0 0 24 12", "aria-hidden": "true" }, line, biasMark(look, 12, 6));
}

function biasReading(view, index) {
  const { group } = view.rows[index];
  const told = view.shown.models.map((model) => `${model.short} ${biasRate(group.rates[model.id])}`);
  return `${group.name}, ${biasCount(group, view.shown)}: ${told.join("; ")}.`;
}

function biasRate(rate) {
  return rate && rate[0] !== null ? t("{value} ({low} to {high})", { value: biasShare(rate[0]), low: biasShare(rate[1]), high: biasShare(rate[2]) }) : t("not known");
}

/** A rate or a gap as the sentences of measure/bias.py write it. */
export function biasShare(v) {
  return fixed(v, 3);
}
