// Calibration: is a model right as often as it is sure? Over all examples, or the films' sample; at the step under the cursor.

import { answersAt, COLDEST, FEW_IN_A_BIN, fittedTemperature, HOTTEST, reliability } from "./numbers.js";
import { comparedSample } from "../shared/compared.js";
import {
  card, changing, commit, drawing, lifetime, liveSentence, node, onOtherWidth, put, say, svgNode, uniqueId,
} from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { about, briefly, fixed, grouped, percent, quantity, short, shortPercent } from "../shared/format.js";
import { isInView, joined } from "../shared/scene.js";
import { stepsAreTold } from "../shared/strip.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const CALIBRATION_DEPENDS_ON = [
  "classes", "labels", "sample", "counted", "split", "teacher_logits", "student_logits", "temperature", "bins", "strategy", "at_temperature",
  "view", "views", "hidden", "locked", "runs", "shown_run", "total_steps",
];
const CALIBRATION_TERMS = {
  accuracy: [t("Accuracy"), t("How often it is right: share of the labelled examples whose class is the first choice.")],
  confidence: [t("Confidence"), t("How sure it is: mean over the examples of the probability of the first choice.")],
  ece: ["ECE", t("Expected calibration error: mean gap between confidence and accuracy over the bins, weighted by their counts. Few examples raise it, even for a well calibrated model.")],
  mce: ["MCE", t("Maximum calibration error: the largest gap between confidence and accuracy of any bin; neighbours of fewer than {n} examples are pooled.", { n: FEW_IN_A_BIN })],
  nll: ["NLL", t("Negative log-likelihood: mean of −log of the probability given to the true class. In nats, the unit of natural logarithms: 1 nat is 1.44 bits.")],
  brier: ["Brier", t("Brier score: mean squared distance between the probabilities and the label, summed over the classes: 0 to 2.")],
  fitted: [t("Best T"), t("The temperature that minimizes the NLL of these very examples: above 1, the model is overconfident. Fitted on the examples shown, so it is optimistic.")],
};
const STRATEGIES = { width: t("Equal width"), mass: t("Equal count") };

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "calibration", t("Calibration"));
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-nothing" });
  const controls = calibrationControls(model, life);
  const diagram = reliabilityDiagram();
  const sides = { teacher: sideNumbers(life, "teacher"), student: sideNumbers(life, "student") };
  const sentence = liveSentence(life);
  const bars = node("p", { class: "kd-note" }, t("Vertical bars are 95\u00a0% intervals: where one crosses the diagonal, the gap may be chance. Bins of fewer than {n} examples are faint and without one.", { n: FEW_IN_A_BIN }));
  const all = node("div", { class: "kd-calibration-all" }, sentence.root, controls.root, node("div", {}, diagram.root, bars),
    node("div", { class: "kd-both" }, sides.teacher.root, sides.student.root));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Calibration")), note), empty, all);
  const fits = { teacher: { changed: changing() }, student: { changed: changing() } };
  let width = 0;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "calibration");
    if (el.hidden) return;
    const view = comparedSample(model);
    const labelled = view.rows.some((row) => view.labels[row] >= 0);
    const ready = view.ready && labelled;
    empty.hidden = ready;
    all.hidden = !ready;
    say(note, view.note);
    say(empty, ready ? "" : view.ready ? t("None of the examples has a label: the accuracy is not known.") : view.empty);
    if (!ready) return;
    const temperature = model.get("at_temperature") ? model.get("temperature") : 1;
    const measured = {};
    for (const side of ["teacher", "student"]) {
      const logits = view[side];
      const answers = answersAt(logits, view.labels, view.rows, view.width, temperature);
      const fit = fits[side];
      if (fit.changed(logits, view.labels, view.rows)) fit.value = fittedTemperature(logits, view.labels, view.rows, view.width);
      measured[side] = { ...answers, ...reliability(answers, model.get("bins"), model.get("strategy")), fitted: fit.value };
      sides[side].draw(measured[side], side === "teacher" ? t("Teacher") : view.title);
    }
    controls.draw();
    width ||= Math.max(260, all.clientWidth);
    diagram.draw(measured, width, view);
    sentence.say(calibrationSentence(model, measured, view, temperature), `${view.who} ${view.step}`);
  });
  life.watch(CALIBRATION_DEPENDS_ON, painter.soon);
  onOtherWidth(life, root, () => {
    width = 0;
    painter.soon();
  });
  painter.now();
  return () => life.end();
}

/** How many bins, how they are cut, and whether the logits are divided by the T of the slider first. */
function calibrationControls(model, life) {
  const id = uniqueId("bins");
  const range = node("input", { class: "kd-range", type: "range", id, min: 2, max: 40, step: 1 });
  const count = node("span", { class: "kd-slider-value" });
  const slider = node("div", { class: "kd-slider" },
    node("div", { class: "kd-slider-head" }, node("label", { class: "kd-slider-label", for: id }, t("Bins")), count),
    node("div", { class: "kd-track" }, range));
  const name = uniqueId("strategy");
  const options = Object.entries(STRATEGIES).map(([value, text]) => {
    const input = node("input", { type: "radio", name, value });
    life.listen(input, "change", () => commit(model, { strategy: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const box = node("input", { type: "checkbox" });
  const boxText = node("span", {});
  life.listen(range, "input", () => model.set("bins", Number(range.value)));
  life.listen(range, "change", () => commit(model, { bins: Number(range.value) }));
  life.listen(box, "change", () => commit(model, { at_temperature: box.checked }));
  return {
    root: node("div", { class: "kd-calibration-controls" }, slider,
      node("div", { class: "kd-segments", role: "radiogroup", "aria-label": t("Bins of") }, ...options.map((o) => o.root)),
      node("label", { class: "kd-check" }, box, boxText)),
    draw() {
      const bins = model.get("bins");
      if (Number(range.value) !== bins) range.value = bins;
      range.style.setProperty("--kd-fill", `${((bins - 2) / 38) * 100}%`);
      put(range, "aria-valuetext", t("{n} bins", { n: bins }));
      say(count, String(bins));
      for (const o of options) o.input.checked = o.value === model.get("strategy");
      box.checked = model.get("at_temperature");
      say(boxText, t("Apply T = {T} first", { T: short(model.get("temperature")) }));
    },
  };
}

function sideNumbers(life, side) {
  const title = node("h3", { class: `kd-both-title kd-both-${side}` });
  const row = figuresInARow(life, CALIBRATION_TERMS);
  return {
    root: node("div", { class: "kd-both-one" }, title, row.root),
    draw(measured, name) {
      say(title, name);
      row.draw({
        accuracy: shortPercent(100 * measured.accuracy), confidence: shortPercent(100 * measured.confidence), ece: about(measured.ece), mce: about(measured.mceOfMany),
        nll: about(measured.nll), brier: about(measured.brier), fitted: fittedText(measured.fitted),
      }, {}, {
        accuracy: percent(100 * measured.accuracy), confidence: percent(100 * measured.confidence), ece: quantity(measured.ece), mce: quantity(measured.mceOfMany),
        nll: quantity(measured.nll), brier: quantity(measured.brier), fitted: quantity(measured.fitted),
      });
    },
  };
}

function fittedText(fit) {
  return fit <= COLDEST ? `≤ ${short(COLDEST)}` : fit >= HOTTEST ? `≥ ${short(HOTTEST)}` : about(fit);
}

/** Accuracy over confidence, with Wilson's intervals; below, how many examples each bin holds. */
function reliabilityDiagram() {
  const svg = svgNode("svg", { class: "kd-reliability", role: "img" });
  return {
    root: node("div", { class: "kd-reliability-box" }, svg),
    draw(measured, width, view) {
      const size = Math.min(width, 460);
      const box = { left: 44, right: size - 12, top: 10, bottom: Math.round(size * 0.72) };
      const counts = { top: box.bottom + 14, bottom: box.bottom + 70 };
      const x = (v) => box.left + v * (box.right - box.left);
      const y = (v) => box.bottom - v * (box.bottom - box.top);
      put(svg, "viewBox", `0 0 ${size} ${counts.bottom + 36}`);
      put(svg, "width", size);
      const parts = [svgNode("line", { class: "kd-reliability-ideal", x1: x(0), x2: x(1), y1: y(0), y2: y(1) })];
      for (const v of [0, 0.25, 0.5, 0.75, 1]) {
        parts.push(svgNode("line", { class: "kd-reliability-grid", x1: x(0), x2: x(1), y1: y(v), y2: y(v) }));
        parts.push(svgNode("text", { class: "kd-chart-text", x: box.left - 6, y: y(v) + 4, "text-anchor": "end" }, short(v)));
        parts.push(svgNode("text", { class: "kd-chart-text", x: x(v), y: counts.bottom + 14, "text-anchor": v === 1 ? "end" : "middle" }, short(v)));
      }
      parts.push(svgNode("text", { class: "kd-chart-text", x: x(0.5), y: counts.bottom + 30, "text-anchor": "middle" }, t("confidence"), svgNode("title", {}, t("How sure the model is: the probability of its first choice"))));
      parts.push(svgNode("text", { class: "kd-chart-text", transform: `translate(12 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle" }, t("accuracy"), svgNode("title", {}, t("How often the model is right"))));
      const most = Math.max(1, ...["teacher", "student"].flatMap((side) => measured[side].bins.map((b) => b.n)));
      for (const side of ["teacher", "student"]) parts.push(...sideOfDiagram(measured[side], side, side === "teacher" ? t("teacher") : view.who, { x, y, counts, most }));
      parts.push(svgNode("text", { class: "kd-chart-text", x: box.left - 6, y: counts.top + 8, "text-anchor": "end" }, grouped(most)));
      svg.replaceChildren(...parts);
      put(svg, "aria-label", t("Reliability diagram of teacher and {who}: accuracy over confidence, in bins; the numbers are below.", { who: view.who }));
    },
  };
}

function sideOfDiagram(measured, side, who, { x, y, counts, most }) {
  const parts = [];
  const line = measured.bins.filter((b) => b.n >= FEW_IN_A_BIN).map((b, i) => `${i ? "L" : "M"}${x(b.confidence).toFixed(1)} ${y(b.accuracy).toFixed(1)}`).join("");
  parts.push(svgNode("path", { class: `kd-reliability-line kd-reliability-${side}`, d: line }));
  for (const b of measured.bins) {
    const at = x(b.confidence).toFixed(1);
    const title = svgNode("title", {}, binInWords(who, b));
    const mark = side === "teacher"
      ? svgNode("circle", { class: "kd-reliability-mark kd-reliability-teacher", cx: at, cy: y(b.accuracy).toFixed(1), r: 4.5 }, title)
      : svgNode("rect", { class: "kd-reliability-mark kd-reliability-student", x: Number(at) - 3.5, y: y(b.accuracy) - 3.5, width: 7, height: 7 }, title);
    const few = b.n < FEW_IN_A_BIN;
    mark.classList.toggle("kd-few", few);
    if (!few) parts.push(svgNode("line", { class: `kd-reliability-band kd-reliability-${side}`, x1: at, x2: at, y1: y(b.interval[0]).toFixed(1), y2: y(b.interval[1]).toFixed(1) }));
    parts.push(mark);
    const height = (Math.log1p(b.n) / Math.log1p(most)) * (counts.bottom - counts.top);
    const offset = side === "teacher" ? -5 : 0.5;
    parts.push(svgNode("rect", { class: `kd-reliability-count kd-reliability-${side}`, x: Number(at) + offset, y: (counts.bottom - height).toFixed(1), width: 4.5, height: height.toFixed(1) }, title.cloneNode(true)));
  }
  return parts;
}

function binInWords(who, bin) {
  const [low, high] = bin.interval.map(briefly);
  return tn("{who}: confidence {confidence}, accuracy {accuracy} (95\u00a0% CI {low} to {high}), {n} example", "{who}: confidence {confidence}, accuracy {accuracy} (95\u00a0% CI {low} to {high}), {n} examples",
    bin.n, { who, confidence: briefly(bin.confidence), accuracy: briefly(bin.accuracy), low, high, n: grouped(bin.n) });
}

/** What `inherited` of kdviz/measure/calibration.py says, with the step where the page has steps. */
function calibrationSentence(model, measured, view, temperature) {
  const told = { step: grouped(view.step), n: grouped(measured.teacher.n), T: short(temperature) };
  const start = !view.whole ? t("After step {step}, on {n} labelled examples tracked at random:", told)
    : stepsAreTold(model) ? t("After step {step}, on {n} labelled examples:", told) : t("On {n} labelled examples:", told);
  const divided = temperature === 1 ? [] : [t("logits divided by T = {T}", told)];
  const clauses = [...divided, gapInWords(measured.student, view.who), gapInWords(measured.teacher, t("teacher"))];
  return `${start} ${clauses.join("; ")}.`;
}

/** Whether a model is surer than it is right, in percentage points; no claim where the interval holds 0. */
function gapInWords({ confidence, accuracy, gapInterval: [low, high] }, who) {
  const [gap, from, to] = [confidence - accuracy, low, high].map((share) => 100 * share);
  const told = { who, level: "95\u00a0%" };
  const points = fixed(Math.abs(gap), 1);
  if (Number.isNaN(low)) return t("the {who}’s confidence − accuracy is {points} points (no interval)", { who, points: withSign(gap) });
  if (low > 0) return t("the {who}’s confidence exceeds its accuracy by {points} points ({level} CI {low} to {high})", { ...told, points, low: fixed(from, 1), high: fixed(to, 1) });
  if (high < 0) return t("the {who}’s confidence is below its accuracy by {points} points ({level} CI {low} to {high})", { ...told, points, low: fixed(-to, 1), high: fixed(-from, 1) });
  return t("the {who}’s confidence matches its accuracy within the noise ({points} points, {level} CI {low} to {high})",
    { ...told, points: withSign(gap), low: withSign(from), high: withSign(to) });
}

function withSign(x) {
  const size = fixed(Math.abs(x), 1);
  return Number(x.toFixed(1)) < 0 ? `−${size}` : `+${size}`;
}

export default { render };
