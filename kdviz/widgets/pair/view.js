// Pair: which two models are compared, and what the smaller one saves.

import { choiceOf } from "../shared/choice.js";
import { card, commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { compact, short } from "../shared/format.js";
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
  const note = node("p", { class: "kd-note", role: "status" });
  const bar = node("progress", { class: "kd-done-so-far", max: 1, "aria-label": t("Answers") });
  const choices = node("div", { class: "kd-two-choices" }, teacher.root, student.root);
  const group = uniqueId("shown");
  const shown = Object.entries({ student: t("Student"), twin: t("Twin") }).map(([value, text]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { shown_run: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const beside = node("div", { class: "kd-segments", role: "radiogroup", "aria-label": t("Beside the teacher") }, ...shown.map((one) => one.root));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Two models"))), choices, given, beside, numbers.root, bar, note);

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
    const both = (name) => (large[name] && small[name] ? `${compact(large[name])} → ${compact(small[name])}` : undefined);
    const ratio = (name) => (large[name] && small[name] ? large[name] / small[name] : undefined);
    const times = (name) => (ratio(name) ? t("{n} times", { n: short(Math.max(ratio(name), 1 / ratio(name))) }) : undefined);
    numbers.root.hidden = !large.parameters;
    numbers.draw({ parameters: both("parameters"), macs: both("macs"), smaller: times("parameters"), cheaper: times("macs") }, {
      smaller: ratio("parameters") < 1 ? t("Larger") : t("Smaller"), cheaper: ratio("macs") < 1 ? t("More expensive") : t("Cheaper"),
    });
    const progress = model.get("progress");
    bar.hidden = progress === null || progress === undefined;
    if (!bar.hidden) bar.value = progress;
    say(note, model.get("note"));
  });
  life.watch(["models", "teacher", "student", "fixed", "sizes", "note", "progress", "runs", "shown_run"], painter.soon);
  painter.now();
  return () => life.end();
}

/** Another teacher; where its data are others, a student of the same data comes with it. */
function choosePair(model, value) {
  const all = model.get("models");
  const group = (name) => all.find((one) => one.name === name)?.group;
  const fitting = all.filter((one) => one.group === group(value));
  const student = group(model.get("student")) === group(value) ? model.get("student") : (fitting.find((one) => one.name !== value) ?? fitting[0]).name;
  commit(model, { teacher: value, student });
}

export default { render };
