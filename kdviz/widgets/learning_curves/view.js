// LearningCurves: error on validation data, step by step, on a logarithmic axis; with a scene, a way back in time.

import { branchPart } from "./branching.js";
import { drawEarlier, earlierRuns } from "./earlier.js";
import { emptiest, gapPart } from "./gap.js";
import { CURVE_NAMES, drawBands, drawEdits, drawGap, drawGhost, drawGuess, drawLabels, drawLegend, drawLines } from "./lines.js";
import { followKeys, followPointer, readingPart } from "./reading.js";
import { scrubberPart, timeline } from "./scrubber.js";
import { seedsPart } from "./seeds.js";
import { sharePart } from "./sharing.js";
import { afterGuessing, drawGrid, linearAxis, logAxis, nodePool, stepTicks, textSize } from "../shared/curve_axes.js";
import { announcer, card, commit, drawing, lifetime, node, put, say, svgNode, uniqueId } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { runLook, shortName } from "../shared/run_key.js";
import { isPresenting } from "../shared/presenting.js";
import { isHidden, joined, liveTraits } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";
import "./scrubber.css";

const WIDE = 460;
const FEWEST_LETTERS = 12;
const OWN_TRAITS = ["series", "teacher", "edits", "total_steps", "y_label", "cursor", "measure", "sentence", "ghost", "against"];
const SCENE_TRAITS = ["runs", "earlier", "bands", "teacher_error", "shown_run", "hidden"];
const BRANCH_TRAITS = ["in_force", "locked", "state", "runs", "hidden"];

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "curves", t("Learning curves"));
  const live = announcer(life, { apart: 20000 });
  const time = timeline(model, life);
  const share = sharePart(model, life, el);
  const head = curvesHead(model, life, share.root);
  const legend = node("p", { class: "kd-legend" });
  const plot = curvesPlot(model, life, time);
  const branch = branchPart(model, life, time);
  const scrubber = scrubberPart(model, life, time, branch.button);
  const seeds = seedsPart();
  const sentence = node("p", { class: "kd-sentence" });
  const edits = node("ol", { class: "kd-unseen", "aria-label": t("Edits") });
  const travelling = model.scene ? [scrubber.root, branch.form] : [];
  body.append(head.root, share.told, legend, plot.root, ...travelling, seeds.root, sentence, edits);
  root.append(live.region);
  let view = null;

  const cursor = drawing(life, () => {
    plot.drawCursor();
    if (!view.travels) return;
    scrubber.draw(view);
    branch.draw();
  });
  const painter = drawing(life, () => {
    el.hidden = Boolean(model.scene) && isHidden(model, "curves");
    view = curvesView(model, plot.width());
    head.draw(view);
    plot.draw(view);
    share.draw(view);
    seeds.draw(model.get("against"), plot.width());
    drawLegend(legend, view);
    scrubber.root.hidden = !view.travels;
    branch.form.hidden ||= !view.travels;
    scrubber.place(view);
    cursor.now();
    say(sentence, model.get("sentence"));
    live.announce(model.get("sentence"), view.stage);
    if (view.told.join("\n") !== [...edits.children].map((item) => item.textContent).join("\n")) {
      edits.replaceChildren(...view.told.map((text) => node("li", {}, text)));
    }
  });
  life.watch(OWN_TRAITS, painter.soon);
  if (model.scene) {
    life.watch(SCENE_TRAITS, painter.soon);
    life.watch(["student_step", ...BRANCH_TRAITS, ...liveTraits(model)], cursor.soon);
  }
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(plot.root);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** Curves and marks as they are told, by the scene's runs or by the widget's own traits. */
function curvesTold(model) {
  if (!model.scene) {
    const edits = model.get("edits");
    return {
      rows: model.get("series").map((row) => ({ ...row, edits: [], bold: row.role === "student" })),
      bands: [], teacher: model.get("teacher"), total: model.get("total_steps"), edits, ghost: model.get("ghost"),
      told: edits.map((edit) => t("Step {step}: {edit}", { step: grouped(edit.step), edit: edit.text })), shown: null, travels: false,
    };
  }
  const all = model.get("runs");
  const shown = all.find((row) => row.id === model.get("shown_run"));
  const rows = all.filter((row) => !row.hidden).map((row) => ({ ...row, bold: row === shown }));
  return {
    rows: rows.map((row) => (row.from === null || row.from === undefined ? row : fromItsFork(row, all))),
    bands: model.get("bands"), teacher: model.get("teacher_error"), total: model.get("total_steps"),
    edits: shown && !shown.hidden ? shown.edits : [],
    told: rows.flatMap((row) => row.edits.map((edit) => t("{name}, step {step}: {edit}", { name: row.name, step: grouped(edit.step), edit: edit.text }))),
    shown, travels: !isHidden(model, "scrubber"), ghost: model.get("ghost"),
  };
}

/** A branch without its parent's past; `fork` is where its line leaves the parent's, between two values of that. */
function fromItsFork(row, all) {
  const parent = all.find((other) => other !== row && sharesItsPast(row, other)) ?? row;
  const keep = row.steps.map((step) => step >= row.from);
  const before = parent.steps.findLastIndex((step) => step <= row.from);
  const after = parent.steps.findIndex((step) => step >= row.from);
  const [from, to] = [before < 0 ? after : before, after < 0 ? before : after];
  const fork = from < 0 ? null : { step: row.from, steps: [parent.steps[from], parent.steps[to]], values: [parent.values[from], parent.values[to]] };
  return {
    ...row, fork, steps: row.steps.filter((_, i) => keep[i]), values: row.values.filter((_, i) => keep[i]),
    edits: row.edits.filter((edit) => edit.step >= row.from),
  };
}

function sharesItsPast(row, other) {
  const past = row.steps.filter((step) => step <= row.from);
  if (other.from !== null && other.from !== undefined && other.from >= row.from) return false;
  return past.length > 0 && past.every((step, i) => other.steps[i] === step && other.values[i] === row.values[i]);
}

/** Data and scales of one drawing. */
function curvesView(model, width) {
  const told = curvesTold(model);
  const measure = model.get("measure");
  const flip = measure === "accuracy" ? (v) => 100 - v : (v) => v;
  const bands = told.bands.filter((band) => band.steps.length > 0).map((band) => drawnBand(band, flip));
  const series = told.rows.map((row) => drawnRun(row, flip, bands)).filter((s) => s.steps.length > 0 || s.fork);
  const earlier = earlierRuns(model, flip);
  const ghost = earlier.length || series.some((s) => s.steps.at(-1) > 0) ? null : drawnGhost(told.ghost, flip);
  const teacher = ghost || told.teacher === null || told.teacher === undefined ? null : flip(told.teacher);
  const last = Math.max(1, told.total, ...earlier.map((run) => run.steps.at(-1)), ...series.map((s) => s.steps.at(-1) ?? s.fork.step));
  const unit = textSize();
  const height = Math.round(Math.min(380 * unit, Math.max((isPresenting() ? 170 : 240) * unit, width * (isPresenting() ? 0.2 : 0.5))));
  const labels = labelRoom(ghost ? ghost.lines : [...series, ...bands], width, unit);
  const left = 46 * unit;
  const box = { left, right: Math.max(left + 40, width - labels.right), top: 34 * unit, bottom: height - 42 * unit };
  const forks = series.flatMap((s) => (s.fork ? [s.fork] : []));
  const spans = bands.flatMap(({ steps, low, high }) => [{ steps, values: low }, { steps, values: high }]);
  const values = [...afterGuessing(ghost ? ghost.lines : [...series, ...earlier, ...forks, ...spans]), ...[teacher, ghost?.teacher].filter(Number.isFinite)];
  if (values.length === 0) values.push(...[20, 1].map(flip));
  const vertical = measure === "error" ? logAxis(values) : linearAxis(values);
  return {
    title: curvesTitle({ label: model.get("y_label"), measure }), measure, series, earlier, bands, teacher, ghost, unit, width, height, box, last, vertical, stage: stageOf(series, last),
    total: told.total, epochSteps: (told.shown ?? told.rows[0])?.epoch_steps ?? 0,
    x: (step) => box.left + (step / last) * (box.right - box.left),
    y: (value) => box.bottom - Math.min(1, Math.max(0, vertical.at(value))) * (box.bottom - box.top),
    /** The same for lines, which may come from beyond the axis. */
    beyond: (value) => box.bottom - Math.min(9, vertical.at(value)) * (box.bottom - box.top),
    wide: labels.wide, letters: labels.letters, edits: told.edits, told: told.told, label: model.get("y_label"),
    travels: told.travels, quiet: Boolean(told.shown), cursor: told.travels ? null : model.get("cursor"),
    finished: model.scene ? model.get("state") === "finished" : false, shownTitle: told.shown ? titleOf(told.shown) : "", shownTotal: told.shown?.total_steps || last,
    ticks: series.length === 0 && last === 1 ? [0] : stepTicks(last, (box.right - box.left) / (70 * unit)),
  };
}

function titleOf(row) {
  return row.name || CURVE_NAMES[row.role] || t("Branch");
}

/** Beside the mean of several seeds a run's own line says that it is this run's. */
function drawnRun(row, flip, bands) {
  const oneOf = bands.some((band) => band.role === row.role);
  const plain = shortName({ ...row, name: titleOf(row) });
  const title = oneOf ? t("{name}, this run", { name: plain }) : titleOf(row);
  const fork = row.fork ? { ...row.fork, values: row.fork.values.map(flip) } : null;
  return { ...row, values: row.values.map(flip), fork, title, plain, short: oneOf ? t("this run") : plain, thin: oneOf, look: runLook(row) };
}

function drawnGhost(ghost, flip) {
  if (!ghost?.lines?.length) return null;
  const lines = ghost.lines.map((line) => ({ ...line, values: line.values.map(flip), short: shortName({ ...line, name: CURVE_NAMES[line.role] }) }));
  return { lines, teacher: Number.isFinite(ghost.teacher) ? flip(ghost.teacher) : null, says: ghost.says };
}

function drawnBand(band, flip) {
  const short = shortName({ ...band, name: band.name || CURVE_NAMES[band.role] });
  const title = t("{name}, mean of {n}", { name: short, n: band.seeds });
  return { ...band, low: band.low.map(flip), mean: band.mean.map(flip), high: band.high.map(flip), title, short, look: runLook(band) };
}

/** Whether names stand at the ends of the lines, how many letters each of them has, and the px it takes. */
function labelRoom(lines, width, unit) {
  const names = lines.map((line) => line.short);
  const longest = Math.max(t("Teacher").length, ...names.map((name) => name.length));
  const letters = Math.min(longest, Math.floor((0.365 * width / unit - 28) / 7.3) - 7);
  const wide = width >= WIDE * unit && letters >= Math.min(longest, FEWEST_LETTERS);
  return { wide, letters, right: wide && lines.length ? (28 + 7.3 * (letters + 7)) * unit : 16 * unit };
}

/** What a change of is worth saying at once: there is a first curve, or every curve has reached the end. */
function stageOf(series, last) {
  if (series.length === 0) return "empty";
  return series.every((s) => s.steps.at(-1) >= last) ? "ended" : "under way";
}

function curvesHead(model, life, more) {
  const title = node("h2", {});
  const group = uniqueId("measure");
  const option = (value, text) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { measure: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  };
  const options = [option("error", t("Error")), option("accuracy", t("Accuracy"))];
  const choice = node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Measure")), ...options.map((o) => o.root));
  return {
    root: node("div", { class: "kd-head" }, title, node("div", { class: "kd-curves-tools" }, choice, more)),
    draw(view) {
      say(title, curvesTitle(view));
      for (const o of options) o.input.checked = o.value === view.measure;
    },
  };
}

function curvesTitle({ label, measure }) {
  if (label === "Error on validation data") return measure === "error" ? t("Error on validation data") : t("Accuracy on validation data");
  return measure === "error" ? label : label.replace(/^Error/, t("Accuracy"));
}

function curvesPlot(model, life, time) {
  const svg = svgNode("svg", { class: "kd-plot-svg", "aria-hidden": "true" });
  const inside = { id: uniqueId("inside"), rect: svgNode("rect", {}) };
  svg.append(svgNode("clipPath", { id: inside.id }, inside.rect));
  const clipped = ["bands", "lines", "marks"];
  const layer = (name) => svg.appendChild(svgNode("g", { class: `kd-layer-${name}`, "clip-path": clipped.includes(name) ? `url(#${inside.id})` : null }));
  const layers = Object.fromEntries(["bands", "grid", "edits", "lines", "marks", "labels", "travel", "cursor"].map((name) => [name, layer(name)]));
  const empty = node("p", { class: "kd-plot-empty" });
  const reading = readingPart(layers.cursor);
  const handle = node("div", { class: "kd-plot-handle", role: "slider", tabindex: "0", "aria-label": t("Read the curves at a step") });
  const gap = gapPart(life);
  const root = node("div", { class: "kd-plot" }, svg, gap.root, handle, reading.root, empty);
  const pool = nodePool(layers);
  const travel = layers.travel.appendChild(svgNode("line", { class: "kd-travel-line" }));
  let view = null;
  let hover = null;

  const readAt = (step) => {
    hover = step;
    if (view) reading.draw(view, hover ?? view.cursor, handle);
  };
  followPointer(model, life, handle, () => view, readAt, time);
  followKeys(model, life, handle, () => view, readAt);

  return {
    root,
    width: () => Math.round(root.clientWidth || 600),
    draw(next) {
      view = next;
      put(svg, "viewBox", `0 0 ${view.width} ${view.height}`);
      root.style.height = `${view.height}px`;
      const { box } = view;
      const room = { x: box.left - 6, y: box.top - 4, width: box.right - box.left + 12, height: box.bottom - box.top + 10 };
      for (const [name, value] of Object.entries(room)) put(inside.rect, name, value);
      pool.begin();
      drawGap(view, pool);
      drawBands(view, pool);
      drawGrid(view, pool);
      drawGhost(view, pool);
      drawEdits(view, pool);
      drawEarlier(view, pool);
      drawLines(view, pool);
      drawGuess(view, pool);
      if (view.wide) drawLabels(view, pool);
      pool.finish();
      gap.draw(view, model.get("against"));
      drawEmpty(view, empty);
      const readByKey = view.series.length > 0 && !view.travels; // the scrubber has the keys where there is one
      put(handle, "tabindex", readByKey ? "0" : "-1");
      put(handle, "aria-hidden", readByKey ? null : "true");
      handle.classList.toggle("kd-travels", view.travels && time.ready());
      reading.draw(view, hover ?? view.cursor, handle);
    },
    /** The line at the step that all views show; none while they follow the newest. */
    drawCursor() {
      const away = view.travels && time.ready() && !time.follows();
      put(layers.travel, "display", away ? null : "none");
      if (!away) return;
      const x = view.x(time.at()).toFixed(1);
      for (const [name, value] of [["x1", x], ["x2", x], ["y1", view.box.top], ["y2", view.box.bottom]]) put(travel, name, value);
    },
  };
}

/** What an empty plot says; of a recorded run where its curves are not. */
function drawEmpty(view, empty) {
  const nothing = view.series.length === 0 && view.earlier.length === 0 && !view.ghost;
  if (view.ghost) drawGhostNote(view, empty);
  else say(empty, !nothing ? "" : view.measure === "error" ? t("Press Train: the error on validation data appears here, step by step.") : t("Press Train: the accuracy on validation data appears here, step by step."));
  empty.hidden = !nothing && !view.ghost;
  empty.classList.toggle("kd-plot-ghost", Boolean(view.ghost));
  empty.style.left = `${(view.box.left + view.box.right) / 2}px`;
  empty.style.top = `${view.ghost ? emptiest(view, view.ghost.lines, view.ghost.teacher, 0.2, 0.8) : (view.box.top + view.box.bottom) / 2}px`;
  empty.style.maxWidth = `min(${view.ghost ? 40 : 30}ch, ${view.box.right - view.box.left - 8}px)`;
}

function drawGhostNote(view, empty) {
  const parts = [t("Yours may look like this."), view.ghost.says];
  if (empty.textContent !== parts.join("")) empty.replaceChildren(node("b", {}, parts[0]), node("span", {}, parts[1]));
}

export default { render };
