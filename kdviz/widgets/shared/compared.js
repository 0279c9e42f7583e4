// What the views that count share: the examples counted, with both models' logits.

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

/** "500 tracked validation examples": those of the films. */
export function trackedOf(n, split) {
  const named = splitInWords(split);
  return named ? tn("{n} tracked {split} example", "{n} tracked {split} examples", n, { n: grouped(n), split: named })
    : tn("{n} tracked example", "{n} tracked examples", n, { n: grouped(n) });
}

/** "5,000 validation examples"; of a part, how many of them and why no more. */
export function countedOf(n, all, split) {
  if (n >= all) return examplesOf(n, split);
  return t("{n} tracked at random, of {all}; all are counted when the film rests", { n: grouped(n), all: examplesOf(all, split) });
}

/**
 * How many examples a view counts: all of them where both models' answers to all are known, else the random sample,
 * which the films track. `whole` is false where it is a part.
 */
export function countedPart(model, teacherRows, studentRows) {
  const all = model.get("counted") ?? 0;
  const known = all > 0 && teacherRows >= all && studentRows >= all;
  const count = known ? all : Math.min(model.get("sample") || teacherRows, teacherRows);
  return { count, all: Math.max(all, count), whole: count >= all };
}

/** The examples counted with both models' logits; `ready` is false while there is nothing to compare, and `empty` says why. */
export function comparedSample(model) {
  const classes = model.get("classes");
  const width = classes.length;
  const teacher = teacherLogits(model);
  const student = model.get("student_logits");
  const rowsIn = (logits) => (width ? Math.floor(logits.length / width) : 0);
  const counted = countedPart(model, rowsIn(teacher), rowsIn(student));
  const rows = rowsUpTo(counted.count);
  const { who, title } = shownStudent(model);
  const there = rows.length > 0 && rowsIn(student) >= rows.length;
  const broken = there && !allFinite(student.subarray(0, rows.length * width));
  const split = model.get("split");
  return {
    ready: there && !broken, classes, width, teacher, student, rows, who, title, split, whole: counted.whole, labels: model.get("labels"), step: model.get("student_step"),
    note: rows.length ? countedOf(rows.length, counted.all, split) : "",
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
