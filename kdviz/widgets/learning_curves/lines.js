// What is drawn on the axes of the learning curves: bands, lines, forks, edits, and the names at the lines' ends.

import { node } from "../shared/elements.js";
import { shortPercent } from "../shared/format.js";
import { RUN_ORDER, runKey, runLook, runMark, shortName } from "../shared/run_key.js";
import { t } from "../shared/words.js";

export const CURVE_NAMES = { student: t("Student"), twin: t("Twin, no teacher"), smoothed: t("Twin, label smoothing"), teacher: t("Teacher") };
const MARKS_APART = 60;
const LABEL_APART = 16;

/** Several seeds: from the lowest to the highest as an area, the mean as a line. */
export function drawBands(view, pool) {
  for (const band of view.bands) {
    const at = (values) => band.steps.map((step, i) => `${view.x(step).toFixed(1)} ${view.beyond(values[i]).toFixed(1)}`);
    const area = [...at(band.high), ...at(band.low).reverse()].join("L");
    pool.take("bands", "path", { d: `M${area}z`, class: `kd-band kd-run-${band.look.name}` });
    pool.take("lines", "path", { d: `M${at(band.mean).join("L")}`, class: `kd-line kd-run-line kd-mean kd-run-${band.look.name}` });
  }
}

/** A hairline and a diamond for each edit of the run shown; its text where it fits before the next one. */
export function drawEdits(view, pool) {
  view.edits.forEach((edit, i) => {
    const x = view.x(edit.step);
    pool.take("edits", "line", { x1: x, x2: x, y1: view.box.top - 4, y2: view.box.bottom, class: "kd-edit-line" });
    pool.take("edits", "path", { d: `M${x - 4} ${view.box.top - 12}l4 -4l4 4l-4 4z`, class: "kd-edit-mark" });
    const next = i + 1 < view.edits.length ? view.x(view.edits[i + 1].step) - 8 : view.width;
    if (x + 8 + edit.text.length * 6.6 * view.unit > next) return;
    pool.take("edits", "text", { x: x + 8, y: view.box.top - 8, class: "kd-edit-text" }, edit.text);
  });
}

/** Teacher, then the runs; the one that the views show comes last and lies on top. */
export function drawLines(view, pool) {
  if (view.teacher !== null) {
    const y = view.y(view.teacher).toFixed(1);
    pool.take("lines", "line", { x1: view.box.left, x2: view.box.right, y1: y, y2: y, class: "kd-line-teacher kd-run-line kd-run-teacher" });
  }
  const rank = (s) => (s.bold ? 9 : RUN_ORDER.length - RUN_ORDER.indexOf(s.role));
  for (const s of [...view.series].sort((a, b) => rank(a) - rank(b))) {
    const points = pointsOf(view, s);
    const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const look = `kd-run-${s.look.name}`;
    pool.take("lines", "path", { d: path || "M0 0", class: `kd-line kd-run-line kd-line-${s.role} ${look}${s.thin ? " kd-thin" : s.bold ? " kd-bold" : ""}` });
    drawRunMarks(view, pool, s, points, look);
  }
}

/** A run recorded earlier, light and dashed, until this page has one of its own. */
export function drawGhost(view, pool) {
  if (!view.ghost) return;
  for (const line of view.ghost.lines) {
    const points = line.steps.map((step, i) => `${view.x(step).toFixed(1)} ${view.beyond(line.values[i]).toFixed(1)}`);
    pool.take("lines", "path", { d: `M${points.join("L")}`, class: `kd-ghost kd-run-line kd-run-${line.role}` });
  }
  if (view.ghost.teacher !== null) {
    const y = view.y(view.ghost.teacher).toFixed(1);
    pool.take("lines", "line", { x1: view.box.left, x2: view.box.right, y1: y, y2: y, class: "kd-ghost kd-run-line kd-run-teacher" });
  }
}

/** The area between student and twin up to a step, where both were measured; empty without two such places. */
export function gapPath({ series, x, beyond }, until = Infinity) {
  const student = series.find((s) => s.bold && s.role === "student") ?? series.find((s) => s.role === "student");
  const twin = series.find((s) => s.role === "twin");
  if (!student || !twin) return "";
  const both = student.steps.flatMap((step, i) => {
    const j = twin.steps.indexOf(step);
    return step > 0 && step <= until && j >= 0 ? [[x(step), beyond(student.values[i]), beyond(twin.values[j])]] : [];
  });
  if (both.length < 2) return "";
  const there = both.map(([at, y]) => `${at.toFixed(1)} ${y.toFixed(1)}`);
  const back = both.map(([at, , y]) => `${at.toFixed(1)} ${y.toFixed(1)}`).reverse();
  return `M${[...there, ...back].join("L")}z`;
}

export function drawGap(view, pool) {
  const area = gapPath(view);
  if (area) pool.take("bands", "path", { d: area, class: "kd-gap" });
}

/** What every network guesses before training, where that is off the axis. */
export function drawGuess(view, pool) {
  const guess = Math.max(...view.series.map((s) => (s.steps[0] === 0 && view.vertical.at(s.values[0]) > 1 ? s.values[0] : -1)));
  if (guess < 0 || view.edits.some((edit) => view.x(edit.step) < view.box.left + 140 * view.unit)) return;
  pool.take("labels", "text", { x: view.box.left, y: view.box.top - 9, class: "kd-tick-text" }, t("↑ {value} at step 0", { value: shortPercent(guess) }));
}

/** Where a run's line passes, in px: a branch's begins at its fork. */
function pointsOf(view, s) {
  const points = s.fork ? [[view.x(s.fork.step), forkHeight(view, s.fork)]] : [];
  s.steps.forEach((step, i) => {
    if (Number.isFinite(s.values[i])) points.push([view.x(step), view.beyond(s.values[i])]);
  });
  return points;
}

/** On the parent's line, between two of its values. */
function forkHeight(view, { step, steps: [from, to], values: [first, second] }) {
  const share = to > from ? (step - from) / (to - from) : 0;
  return view.beyond(first) + share * (view.beyond(second) - view.beyond(first));
}

/** On its own line: a branch's marks, its fork as a ring, each edit as a diamond; the end as a dot. */
function drawRunMarks(view, pool, s, points, look) {
  if (s.look.branch >= 0) {
    let last = points.length ? points[0][0] : 0;
    points.forEach(([x, y], i) => {
      if (x - last < MARKS_APART && i < points.length - 1) return;
      if (i === 0) return;
      last = x;
      pool.take("marks", "path", { d: runMark(s.look, x, y, 3.5), class: `kd-run-mark ${look}` });
    });
  } else if (points.length) {
    pool.take("marks", "circle", { cx: points.at(-1)[0].toFixed(1), cy: Math.max(view.box.top, points.at(-1)[1]).toFixed(1), r: 3.5, class: `kd-end kd-end-${s.role} ${look}` });
  }
  if (s.fork) {
    pool.take("marks", "circle", { cx: points[0][0].toFixed(1), cy: points[0][1].toFixed(1), r: 5, class: `kd-fork ${look}` });
  }
  for (const edit of s.edits) {
    const y = heightAt(points, view.x(edit.step));
    if (y === null) continue;
    const x = view.x(edit.step);
    pool.take("marks", "path", { d: `M${(x - 4).toFixed(1)} ${y.toFixed(1)}l4 -4l4 4l-4 4z`, class: `kd-edit-here ${look}` });
  }
}

/** The height of a line at x, between its points; null where it has none. */
function heightAt(points, x) {
  if (!points.length || x < points[0][0] - 0.01 || x > points.at(-1)[0] + 0.01) return null;
  const next = points.findIndex((p) => p[0] >= x - 0.01);
  if (next <= 0) return points[0][1];
  const [[x0, y0], [x1, y1]] = [points[next - 1], points[next]];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** Line ends in the order top to bottom: what a direct label or the legend says. */
function ends(view) {
  if (view.ghost) return ghostEnds(view);
  const end = (line, step, value, height = view.y(value)) => ({ ...line, step, height, text: shortPercent(value) });
  const lines = view.series.map((s, order) => end({ role: s.role, look: s.look, name: s.title, short: s.short, bold: s.bold, thin: s.thin, order },
    s.steps.at(-1), s.values.at(-1), s.values.length ? view.y(s.values.at(-1)) : forkHeight(view, s.fork)));
  for (const band of view.bands) {
    lines.push(end({ role: band.role, look: band.look, name: band.title, short: band.short, order: view.series.length, band: true }, band.steps.at(-1), band.mean.at(-1)));
  }
  if (view.teacher !== null) {
    lines.push(end({ role: "teacher", look: runLook({ role: "teacher" }), name: t("Teacher"), short: t("Teacher") }, view.last, view.teacher));
  }
  return lines.filter((line) => Number.isFinite(line.height)).sort((a, b) => a.height - b.height);
}

function ghostEnds(view) {
  const line = (role, step, value) => ({
    role, look: runLook({ role }), name: CURVE_NAMES[role], short: shortName({ role, name: CURVE_NAMES[role] }), step, ghost: true,
    height: view.y(value), text: shortPercent(value), order: 0,
  });
  const lines = view.ghost.lines.map(({ role, steps, values }) => line(role, steps.at(-1), values.at(-1)));
  if (view.ghost.teacher !== null) lines.push(line("teacher", view.last, view.ghost.teacher));
  return lines.sort((a, b) => a.height - b.height);
}

/**
 * Names and last values at the right; pushed apart where they would overlap, and led back to their line. Beside the means
 * of several seeds, of the runs only the one shown has its name.
 */
export function drawLabels(view, pool) {
  const x = view.box.right;
  if (view.bands.length) {
    const n = view.bands[0].seeds;
    pool.take("labels", "text", { x: x + 12, y: view.box.top - 9, class: "kd-tick-text" }, t("mean of {n} seeds", { n }));
  }
  for (const end of spread(ends(view).filter(({ thin, bold }) => !thin || bold), view)) {
    const name = fitted(end.name, end.short, view.letters);
    const look = `kd-run-${end.look.name}`;
    const label = `kd-label-text kd-run-text ${look}${end.ghost || (view.quiet && !end.bold) ? " kd-quiet" : ""}`;
    pool.take("labels", "text", { x: x + 12, y: end.at, dy: "0.34em", class: label }, `${name} ${end.text}`);
    if (Math.abs(end.height - end.at) < 5 || view.x(end.step) < x - 8) continue;
    pool.take("labels", "path", { d: `M${x + 4} ${end.height.toFixed(1)}L${x + 10} ${end.at.toFixed(1)}`, class: `kd-lead ${look}` });
  }
}

/** The name where it fits, else its short form, cut if need be. */
export function fitted(name, short, letters) {
  if (name.length <= letters) return name;
  return short.length <= letters ? short : `${short.slice(0, letters - 1).trimEnd()}…`;
}

/** Lines with `at`, where their labels stand: none closer to the next than a label is high. */
export function spread(lines, view) {
  const apart = LABEL_APART * view.unit;
  const placed = lines.map((line) => ({ ...line, at: line.height }));
  for (let i = 1; i < placed.length; i++) placed[i].at = Math.max(placed[i].at, placed[i - 1].at + apart);
  const over = placed.length ? placed.at(-1).at - view.box.bottom : 0;
  if (over > 0) {
    placed.at(-1).at -= over;
    for (let i = placed.length - 2; i >= 0; i--) placed[i].at = Math.min(placed[i].at, placed[i + 1].at - apart);
  }
  return placed;
}

/** The legend of narrow places, there before the first value; wide places carry the names at the ends of the lines. */
export function drawLegend(legend, view) {
  legend.hidden = view.wide;
  if (legend.hidden) return;
  const lines = ends(view);
  const names = view.series.length || view.ghost ? lines : ["student", "twin", "teacher"].map((role) =>
    lines.find((l) => l.role === role) ?? { role, look: runLook({ role }), name: CURVE_NAMES[role], text: "–" });
  const entries = [...names].sort((a, b) => RUN_ORDER.indexOf(a.role) - RUN_ORDER.indexOf(b.role) || a.order - b.order)
    .map((line) => [line.look, line.name, line.text, Boolean(line.band)]);
  const stamp = JSON.stringify(entries);
  if (legend.dataset.stamp === stamp) return;
  legend.dataset.stamp = stamp;
  legend.replaceChildren(...entries.map(([look, name, text, band]) => node("span", { class: `kd-legend-item kd-run-text kd-run-${look.name}` },
    runKey(look, band), `${name} `, node("span", { class: "kd-legend-value" }, text))));
}
