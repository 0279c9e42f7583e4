// The student: its kind, how wide and how deep it is, and how large beside its teacher.

import { choiceField, selectField } from "./fields.js";
import { commit, node, say } from "../shared/elements.js";
import { compact, grouped, sizeRatio, timesOf } from "../shared/format.js";
import { slider } from "../shared/slider.js";
import { t, tn } from "../shared/words.js";

export function chosenTeacher(model) {
  return model.get("teachers").find((one) => one.name === model.get("teacher")) ?? null;
}

function isPerceptron(model) {
  return model.get("kind") === "mlp";
}

export function studentInShort(model, teacher, student) {
  const layers = model.get("layers");
  const size = teacher ? sizeRatio(teacher.parameters, student.parameters) : "";
  if (!isPerceptron(model)) {
    const words = { kind: chosenKind(model)?.title ?? model.get("kind"), width: grouped(student.units), depth: grouped(layers), size };
    return size ? t("{kind}, width {width}, depth {depth} ({size})", words) : t("{kind}, width {width}, depth {depth}", words);
  }
  const units = `${layers > 1 ? `${layers} × ` : ""}${grouped(student.units)}`;
  return size ? t("student of {units} hidden units ({size})", { units, size }) : t("student of {units} hidden units", { units });
}

export function chosenStudent(model) {
  const students = model.get("students");
  return students.find((s) => s.units === model.get("units")) ?? students[0] ?? null;
}

export function studentSentence(model) {
  const [teacher, student] = [chosenTeacher(model), chosenStudent(model)];
  if (!teacher || !student) return "";
  const ratio = teacher.parameters / student.parameters;
  const n = grouped(student.parameters);
  if (timesOf(ratio) === timesOf(1)) return t("The student has {n} parameters, as many as the teacher.", { n });
  return ratio > 1 ? t("The student has {n} parameters, {times} times fewer than the teacher.", { n, times: timesOf(ratio) })
    : t("The student has {n} parameters, {times} times as many as the teacher.", { n, times: timesOf(1 / ratio) });
}

/** The row of the kind chosen; null where there are no kinds to choose from. */
function chosenKind(model) {
  return model.get("kinds").find((kind) => kind.name === model.get("kind")) ?? null;
}

export function studentPart(model, life, drawNow) {
  const kind = selectField(life, t("Kind of student"), (value) => commit(model, { kind: value }));
  const says = node("p", { class: "kd-note" });
  const units = slider(life, {
    name: t("Student, hidden units"),
    text: (v) => grouped(v),
    spoken: (v) => (isPerceptron(model) ? tn("{n} hidden unit", "{n} hidden units", v, { n: grouped(v) }) : grouped(v)),
    onInput: (v) => { model.set("units", v); drawNow(); },
    onRelease: (v) => commit(model, { units: v }),
  });
  const layers = choiceField(life, t("Hidden layers"), (value) => commit(model, { layers: value }));
  const parameters = sizeRow(t("Parameters"));
  const macs = sizeRow(t("Multiply-adds"));
  const measured = node("p", { class: "kd-note" });
  const sizes = node("div", { class: "kd-sizes" }, parameters.root, macs.root);
  return {
    root: node("div", { class: "kd-setup-group kd-setup-student" }, kind.root, says, units.root, layers.root, sizes, measured),
    draw(disabled) {
      const [chosen, kinds] = [chosenKind(model), model.get("kinds")];
      kind.root.hidden = says.hidden = kinds.length === 0;
      kind.draw(kinds.map((one) => ({ value: one.name, text: one.title })), model.get("kind"), disabled("kind"));
      say(says, chosen?.says ?? "");
      say(measured, chosen?.measured ?? "");
      measured.hidden = !chosen?.measured;
      units.setName(chosen?.width ?? t("Student, hidden units"));
      units.setDisabled(disabled("units"));
      units.setStops(model.get("students").map((s) => s.units));
      units.set(model.get("units"));
      layers.setName(chosen?.depth ?? t("Hidden layers"));
      layers.draw(model.get("depths").map((n) => ({ value: n, text: String(n) })), model.get("layers"), disabled("layers"));
      const [teacher, student] = [chosenTeacher(model), chosenStudent(model)];
      parameters.draw(teacher?.parameters, student?.parameters);
      macs.draw(teacher?.macs, student?.macs);
    },
  };
}

/** Two bars to one scale: the teacher's dashed and blue, the student's solid and orange. */
function sizeRow(name) {
  const ratio = node("b", {});
  const bar = (role) => {
    const fillBar = node("span", { class: `kd-size kd-size-${role}` });
    const text = node("span", { class: `kd-size-text kd-size-text-${role}` });
    return { fillBar, text, root: node("div", { class: "kd-size-line" }, node("span", { class: "kd-size-track" }, fillBar), text) };
  };
  const [teacher, student] = [bar("teacher"), bar("student")];
  const root = node("div", { class: "kd-size-row" },
    node("p", { class: "kd-size-head" }, node("span", {}, name), ratio), teacher.root, student.root);
  return {
    root,
    draw(own, other) {
      root.hidden = !own || !other;
      if (root.hidden) return;
      const most = Math.max(own, other);
      teacher.fillBar.style.width = `${(100 * own) / most}%`;
      student.fillBar.style.width = `${(100 * other) / most}%`;
      say(teacher.text, t("teacher {n}", { n: compact(own) }));
      say(student.text, t("student {n}", { n: compact(other) }));
      say(ratio, sizeRatio(own, other));
    },
  };
}
