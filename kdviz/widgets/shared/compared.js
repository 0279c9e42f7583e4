// What the views of fidelity and calibration share: the sample with both models' logits.

import { grouped } from "./format.js";
import { allFinite, floats } from "./softmax.js";
import { shownStudent } from "./strip.js";
import { t, tn } from "./words.js";

/** What the examples were taken from: the names of kdviz's own parts are translated. */
export function splitInWords(split) {
  return { validation: t("validation"), test: t("test") }[split] ?? split;
}

/** "1,000 validation examples", or without a split where none is named. */
export function examplesOf(n, split) {
  const named = splitInWords(split);
  return named ? tn("{n} {split} example", "{n} {split} examples", n, { n: grouped(n), split: named }) : tn("{n} example", "{n} examples", n, { n: grouped(n) });
}

/** The sample with both models' logits; `ready` is false while there is nothing to compare, and `empty` says why. */
export function comparedSample(model) {
  const classes = model.get("classes");
  const width = classes.length;
  const teacher = teacherLogits(model);
  const student = model.get("student_logits");
  const count = width ? Math.floor(teacher.length / width) : 0;
  const rows = rowsUpTo(Math.min(model.get("sample") || count, count));
  const { who, title } = shownStudent(model);
  const broken = student.length === teacher.length && !rows.every((row) => allFinite(student.subarray(row * width, (row + 1) * width)));
  const ready = rows.length > 0 && student.length === teacher.length && !broken;
  const split = model.get("split");
  return {
    ready, classes, width, teacher, student, rows, who, title, split, labels: model.get("labels"), step: model.get("student_step"),
    note: rows.length ? examplesOf(rows.length, split) : "",
    empty: broken ? t("The {who}’s outputs are not finite numbers.", { who }) : rows.length ? t("There is no student yet: press Train.") : t("Nothing to show yet: choose a teacher."),
  };
}

const read = { of: null, logits: new Float32Array(0) };
let upTo = [];

/** The teacher's logits, copied once for each time that Python sends them. */
function teacherLogits(model) {
  const bytes = model.get("teacher_logits");
  if (read.of !== bytes) [read.of, read.logits] = [bytes, floats(bytes)];
  return read.logits;
}

function rowsUpTo(count) {
  if (upTo.length !== count) upTo = Array.from({ length: count }, (_, i) => i);
  return upTo;
}
