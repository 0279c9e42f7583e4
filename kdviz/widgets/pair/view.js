// Pair: which two models are compared, and what the smaller one saves.

import { choiceOf } from "../shared/choice.js";
import { card, commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { compact, grouped, short } from "../shared/format.js";
import { joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const PAIR_TERMS = {
  parameters: [t("Parameters"), t("Numbers that training can change: the teacher’s, and the student’s.")],
  macs: [t("Multiply-adds"), t("Multiply-accumulate operations in one forward pass of one example: the teacher’s, and the student’s.")],
  smaller: [t("Smaller"), t("How many times fewer (or more) parameters the student has than the teacher.")],
  cheaper: [t("Cheaper"), t("How many times fewer (or more) multiply-adds the student needs than the teacher. It says nothing about seconds.")],
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "two-models", t("The two models"));
  const names = {};
  const teacher = choiceOf(life, t("Teacher"), names, (value) => choosePair(model, value));
  const student = choiceOf(life, t("Student"), names, (value) => commit(model, { student: value }));
  const given = node("p", { class: "kd-two-given" });
  const numbers = figuresInARow(life, PAIR_TERMS);
  const cost = node("p", { class: "kd-sentence", role: "status" });
  const note = node("p", { class: "kd-note", role: "status" });
  const twice = node("p", { class: "kd-two-same", role: "status" });
  const bar = node("progress", { class: "kd-done-so-far", max: 1, "aria-label": t("Answers") });
  const choices = node("div", { class: "kd-two-choices" }, teacher.root, student.root);
  const group = uniqueId("shown");
  const shown = Object.entries({ student: t("Student"), twin: t("Twin") }).map(([value, text]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { shown_run: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const beside = node("div", { class: "kd-segments", role: "radiogroup", "aria-label": t("Beside the teacher") }, ...shown.map((one) => one.root));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Two models"))), choices, given, twice, beside, numbers.root, cost, bar, note);

  const painter = drawing(life, () => {
    const all = model.get("models");
    for (const one of all) names[one.name] = one.title;
    const fixed = model.get("fixed");
    const sizes = model.get("sizes");
    choices.hidden = fixed;
    given.hidden = !fixed;
    if (!fixed) {
      const group = all.find((one) => one.name === model.get("teacher"))?.group;
      teacher.draw(model.get("teacher"), all.map((one) => one.name));
      student.draw(model.get("student"), all.filter((one) => one.group === group).map((one) => one.name));
    } else say(given, t("{teacher} and {student}", { teacher: sizes.teacher?.title ?? t("Teacher"), student: sizes.student?.title ?? t("student") }));
    beside.hidden = (model.get("runs") ?? []).length < 2;
    for (const one of shown) one.input.checked = one.value === model.get("shown_run");
    const [large, small] = [sizes.teacher ?? {}, sizes.student ?? {}];
    const both = (name, write) => (large[name] && small[name] ? `${write(large[name])} → ${write(small[name])}` : undefined);
    const ratio = (name) => (large[name] && small[name] ? large[name] / small[name] : undefined);
    numbers.root.hidden = !large.parameters;
    numbers.draw({
      parameters: both("parameters", compact), macs: both("macs", compact), smaller: times(ratio("parameters")), cheaper: times(ratio("macs")),
    }, {
      smaller: ratio("parameters") < 1 ? t("Larger") : t("Smaller"), cheaper: ratio("macs") < 1 ? t("More expensive") : t("Cheaper"),
    }, { parameters: both("parameters", grouped), macs: both("macs", grouped) });
    twice.hidden = !model.get("same");
    say(twice, twice.hidden ? "" : sameInWords(fixed));
    const progress = model.get("progress");
    bar.hidden = progress === null || progress === undefined;
    numbers.root.classList.toggle("kd-two-old", !bar.hidden); // they are those of the pair before
    if (!bar.hidden) twice.hidden = true;
    if (!bar.hidden) bar.value = progress;
    cost.hidden = !model.get("cost") || !bar.hidden;
    say(cost, cost.hidden ? "" : model.get("cost"));
    say(note, model.get("note"));
  });
  life.watch(["models", "teacher", "student", "fixed", "sizes", "same", "cost", "note", "progress", "runs", "shown_run"], painter.soon);
  painter.now();
  return () => life.end();
}

/** "7.3 times", in two digits; of two models of one size nothing. */
function times(ratio) {
  if (ratio === undefined) return undefined;
  const n = Number(Math.max(ratio, 1 / ratio).toPrecision(2));
  return n === 1 ? undefined : t("{n} times", { n: short(n) });
}

function sameInWords(fixed) {
  return fixed ? t("This is the same model twice, so it agrees with itself on everything.")
    : t("This is the same model twice, so it agrees with itself on everything. Choose another student.");
}

/** Another teacher; the student stays if it can, else comes one that this teacher taught, or any other of the same data. */
function choosePair(model, value) {
  const all = model.get("models");
  const group = (name) => all.find((one) => one.name === name)?.group;
  const now = model.get("student");
  const others = all.filter((one) => one.group === group(value) && one.name !== value);
  const next = (others.find((one) => one.name === now) ?? others.find((one) => one.of === value) ?? others[0])?.name;
  commit(model, { teacher: value, student: next ?? value });
}

export default { render };
