// A slider for each number that can change while a student learns, and one for the bias of a class left out.

import { BIAS_MEANING, biasSlider } from "../shared/bias_slider.js";
import { courseAt } from "../shared/course.js";
import { definition } from "../shared/definition.js";
import { commit, node, say } from "../shared/elements.js";
import { fixed, grouped, short } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { firstChoices } from "../shared/softmax.js";
import { t, tParts } from "../shared/words.js";

const FAIRNESS_MEANING = t("The mean squared distance of each group’s mean probability of the positive class from that of all groups together: "
  + "for demographic parity over all examples of a batch, for equalized odds over those with that label and over those without, averaged. "
  + "The formula shows the loss of one example, which does not include it.");

// What is said of one number beyond its declaration.
const OWN_WORDS = {
  alpha: {
    tickText: (v) => ({ 0: t("labels only"), 1: t("teacher only") })[v] ?? short(v),
    text: (v) => (Number.isInteger(v) ? String(v) : fixed(v, 2)),
    spoken: (v) => t("alpha {value}: {soft}\u00a0% soft term, {hard}\u00a0% hard term", { value: fixed(v, 2), soft: Math.round(100 * v), hard: Math.round(100 * (1 - v)) }),
  },
};
const STOPS = { ratio: ratioStops, hundredths, fine };
const NOTES = { fairness: fairnessNote, alpha: headsNote };

export function slidersPart(model, life, drawNow) {
  const numbers = model.get("live").filter((row) => row.slider).map((row) => numberPart(row, model, life, drawNow));
  const bias = biasPart(model, life, drawNow);
  return {
    root: node("div", { class: "kd-sliders" }, ...numbers.flatMap((part) => part.roots), bias.control.root, bias.told),
    draw(view, state) {
      for (const part of numbers) part.draw(view);
      bias.draw(view, state);
      this.root.hidden = view.blank || [...numbers.map((part) => part.root), bias.control.root].every((root) => root.hidden);
    },
  };
}

/** The slider of one number, and beside it what is to be said of it. */
function numberPart(row, model, life, drawNow) {
  const { name, title, symbol, label, ticks } = row;
  const control = slider(life, {
    name: title, symbol: label === symbol ? symbol : undefined, ticks, text: short, spoken: (v) => `${title} ${short(v)}`,
    ...OWN_WORDS[name],
    onInput: (v) => { model.set(name, v); drawNow(); },
    onRelease: (v) => commit(model, { [name]: v }),
  });
  const note = NOTES[name]?.(life) ?? null;
  return {
    root: control.root,
    roots: note ? [control.root, note.root] : [control.root],
    draw(view) {
      const now = view.live.find((other) => other.name === name);
      control.root.hidden = !now?.shown;
      if (note) note.root.hidden = control.root.hidden;
      if (control.root.hidden) return;
      control.setStops(STOPS[row.stops](...now.range));
      control.set(now.value);
      control.setDisabled(view.locked.includes(name));
      const used = now.course ? courseAt(now.course, view.step ?? 0) : view.inForce[name] ?? null;
      control.setMark(used, t("Training uses {value}", { value: `${symbol} = ${short(used ?? 0)}` }));
      note?.draw(view, model.get(row.needs));
    },
  };
}

/** Hundredths from low to high, both of them stops. */
function hundredths(low, high) {
  const inside = Array.from({ length: 101 }, (_, i) => i / 100).filter((v) => v > low + 1e-9 && v < high - 1e-9);
  return low < high ? [low, ...inside, high] : [low];
}

/** From low to high, finer near 0, both of them stops. */
function fine(low, high) {
  const stops = [];
  for (const [from, to, step] of [[0, 10, 1], [10, 100, 5], [100, 500, 10], [500, 10000, 100]]) {
    for (let tenths = from; tenths < to; tenths += step) stops.push(tenths / 10);
  }
  return [low, ...stops.filter((v) => v > low + 1e-9 && v < high - 1e-9), high];
}

/** What the penalty weighs. */
function fairnessNote(life) {
  const named = node("span", {});
  return {
    root: node("p", { class: "kd-note kd-slider-note" }, ...tParts("Adds a {term} for unequal treatment ({penalty}). Higher: a smaller gap, possibly lower accuracy.",
      { term: definition(life, t("penalty"), FAIRNESS_MEANING), penalty: named })),
    draw(_, penalty) {
      say(named, penalty);
    },
  };
}

const UNTAUGHT = {
  0: t("At α = 0 the teacher teaches the distillation token’s head nothing. A head that was taught nothing has no say in the student’s answer; the twin’s two heads both learn the labels."),
  1: t("At α = 1 no label teaches the class token’s head. A head that was taught nothing has no say in the student’s answer."),
};

/** Which head of a student with two is left untaught. */
function headsNote() {
  const root = node("p", { class: "kd-note kd-slider-note" });
  return {
    root,
    draw({ twoHeads, alpha }) {
      say(root, twoHeads ? UNTAUGHT[alpha] ?? "" : "");
      root.hidden = !root.textContent;
    },
  };
}

/** The bias slider, there while the scene names a class for it, and beside it the errors it leaves. */
function biasPart(model, life, drawNow) {
  const control = biasSlider(model, life, drawNow);
  const counts = Object.fromEntries(["errors", "examples", "own", "all", "name"].map((key) => [key, node("span", {})]));
  const bias = () => definition(life, t("bias"), BIAS_MEANING);
  const counted = node("span", {}, ...tParts("At this {term} the student is wrong on {errors} of {examples} examples drawn at random, and on {own} of the {all} among them of class {name}.", { term: bias(), ...counts }));
  const waiting = node("span", {}, ...tParts("What raising the {term} corrects is counted here once there is a student.", { term: bias() }));
  const told = node("p", { class: "kd-note kd-slider-note" }, counted, waiting);
  return {
    control,
    told,
    draw(view, state) {
      const target = view.biasClass;
      const onWall = model.get("view") === "wall"; // it stands there too
      control.root.hidden = told.hidden = !view.shown.has("bias") || !(target >= 0) || onWall;
      if (told.hidden) return;
      const name = state.classes[target] ?? String(target);
      control.draw();
      const errors = view.hasStudent && state.sample ? sampleErrors(state, target) : null;
      counted.hidden = !errors;
      waiting.hidden = Boolean(errors);
      if (!errors) return;
      const texts = { errors: errors.all, examples: grouped(errors.of), own: errors.target, all: errors.ofTarget, name };
      for (const [key, text] of Object.entries(texts)) say(counts[key], String(text));
    },
  };
}

/** Errors on the random sample: in all, and among the examples of one class. Counted once for each set of answers. */
function sampleErrors(state, target) {
  const known = state.errors;
  if (known?.student === state.student && known.target === target) return known.counts;
  const counts = { all: 0, of: 0, target: 0, ofTarget: 0 };
  const says = firstChoices(state.student.subarray(0, state.sample * state.classes.length), state.classes.length);
  for (let i = 0; i < says.length; i++) {
    const label = state.labels[i] ?? -1;
    if (label < 0) continue;
    const wrong = says[i] === label ? 0 : 1;
    counts.all += wrong;
    counts.of += 1;
    if (label !== target) continue;
    counts.target += wrong;
    counts.ofTarget += 1;
  }
  state.errors = { student: state.student, target, counts };
  return counts;
}
