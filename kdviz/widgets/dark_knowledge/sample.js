// What the views of many examples draw, computed no oftener than what it depends on changes: the sample, the student's
// frame, the temperature. α and the selection cost nothing here.

import {
  countedRows, entropies, examplesPerClass, hardGradientLength, meanSoftTargets, median, nearestClasses,
  nonTargetMass, roomFor, softened, softGradientLength, temperatureGrid,
} from "./numbers.js";
import { countedPart } from "../shared/compared.js";
import { changing, say } from "../shared/elements.js";
import { allFinite, floats } from "../shared/softmax.js";
import { t } from "../shared/words.js";

const GRID_NUMBERS = 100_000; // softened logits a curve over T may cost: 25 temperatures for 400 examples of 10 classes
const GRID = { fewest: 13, most: 25 };
const MOST_IN_MAP = 100; // classes; of more, the heat map shows as many as the table lists
const MOST_LISTED = 30;

export function darkSample(model) {
  const cache = {};
  const rooms = {};
  const since = (name, keys, compute) => {
    cache[name] ??= { changed: changing() };
    if (cache[name].changed(...keys)) cache[name].value = compute();
    return cache[name].value;
  };
  const room = (name, size) => {
    if (rooms[name]?.p.length !== size) rooms[name] = roomFor(size);
    return rooms[name];
  };

  const readSample = () => {
    const [bytes, labels, classes] = ["teacher_logits", "labels", "classes"].map((name) => model.get(name));
    const teacher = since("teacher", [bytes], () => floats(bytes));
    const rowsIn = (logits) => (classes.length ? Math.floor(logits.length / classes.length) : 0);
    const counted = countedPart(model, rowsIn(teacher), rowsIn(model.get("student_logits")));
    const sample = since("sample", [teacher, labels, counted.count, classes], () => sampleOf(teacher, labels, counted.count, classes));
    return Object.assign(sample, { of: counted.all, asked: counted.count });
  };
  const readStudent = (sample) => {
    const logits = model.get("student_logits");
    return since("student", [logits, sample], () => {
      if (!sample.count || logits.length < (sample.rows.at(-1) + 1) * sample.width) return null;
      const student = { logits, finite: sample.rows.every((row) => allFinite(logits.subarray(row * sample.width, (row + 1) * sample.width))) };
      if (!student.finite) return student;
      const plain = softened(logits, sample.rows, sample.width, 1, room("grid", sample.size));
      return { ...student, hard: hardGradientLength(plain, sample.labels, sample.width) };
    });
  };
  const softSide = (name, logits, sample, temperature) => since(`${name} at T`, [logits, sample, temperature], () => {
    const soft = softened(logits, sample.rows, sample.width, temperature, room(name, sample.size));
    const means = meanSoftTargets(soft.p, sample.labels, sample.width, sample.counts);
    const [entropy, mass] = [entropies(soft, sample.width), nonTargetMass(soft, sample.labels, sample.width)];
    return {
      soft, means, entropy, mass, medians: { entropy: median(entropy), mass: median(mass) },
      nearest: nearestClasses(means, sample.width),
    };
  });
  /** The teacher softened at each temperature of the curves, once; the student's part follows its frames. */
  const readGrid = (sample) => {
    const range = model.get("temperature_range");
    return since("grid", [sample, ...range], () => {
      const count = Math.max(GRID.fewest, Math.min(GRID.most, Math.floor(GRID_NUMBERS / sample.size)));
      const temperatures = temperatureGrid(range, count);
      return { temperatures, teacher: Array.from(temperatures, (T) => softened(sample.teacher, sample.rows, sample.width, T)) };
    });
  };
  const readCurve = (sample, student, reversed) => {
    const grid = readGrid(sample);
    return since("curve", [grid, student, reversed], () => ({
      temperatures: grid.temperatures,
      soft: grid.temperatures.map((T, k) => softGradientLength(
        softened(student.logits, sample.rows, sample.width, T, room("grid", sample.size)), grid.teacher[k], sample.width, T, reversed,
      )),
    }));
  };

  return {
    /** Everything one drawing needs, but for widths and colours. */
    read() {
      const sample = readSample();
      const temperature = model.get("temperature");
      const view = {
        sample, temperature, alpha: model.get("alpha"), loss: model.get("loss"), range: model.get("temperature_range"),
        classes: model.get("classes"), split: model.get("split"), student: null, teacher: null, gradient: null,
      };
      if (!sample.count) return view;
      const known = readStudent(sample);
      const student = known?.finite ? known : null;
      const reversed = view.loss === "reverse_kl";
      view.broken = known !== null && !known.finite;
      view.teacher = softSide("teacher", sample.teacher, sample, temperature);
      view.student = student && softSide("student", student.logits, sample, temperature);
      view.chosen = chosenOne(model, sample, student, temperature);
      view.gradient = student && {
        ...readCurve(sample, student, reversed), hard: student.hard,
        here: softGradientLength(view.student.soft, view.teacher.soft, sample.width, temperature, reversed),
      };
      return view;
    },
  };
}

function sampleOf(teacher, labels, sample, names) {
  const width = names.length;
  const rows = width ? countedRows(labels, Math.min(sample, Math.floor(teacher.length / width)), width) : [];
  const known = Int32Array.from(rows, (row) => labels[row]);
  const counts = examplesPerClass(known, width);
  const all = names.map((_, c) => c);
  const listed = width <= MOST_LISTED || !rows.length ? all : mostOffDiagonal(teacher, rows, known, counts, width);
  return {
    teacher, rows, width, counts, labels: known, all: labels, count: rows.length, size: rows.length * width,
    listed, shown: width <= MOST_IN_MAP ? all : listed,
  };
}

/** The 30 classes with most of the teacher's probability off the diagonal, in rows and columns; at T = 1, so that they stand still. */
function mostOffDiagonal(teacher, rows, labels, counts, width) {
  const means = meanSoftTargets(softened(teacher, rows, width, 1).p, labels, width, counts);
  const mass = new Float64Array(width);
  for (let y = 0; y < width; y++) {
    for (let c = 0; c < width; c++) {
      if (c === y || !counts[y]) continue;
      mass[y] += means[y * width + c];
      mass[c] += means[y * width + c];
    }
  }
  const ranked = Array.from(mass.keys()).filter((c) => counts[c]).sort((a, b) => mass[b] - mass[a]);
  return ranked.slice(0, MOST_LISTED).sort((a, b) => a - b);
}

/** Say which classes are left out, if any. */
export function sayLimit(element, shown, view) {
  const [some, all] = [shown.length, view.classes.length];
  element.hidden = some === all;
  say(element, some === all ? "" : t("Showing the {shown} of {total} classes with most of the teacher’s probability off the diagonal, at T\u00a0=\u00a01.", { shown: some, total: all }));
}

/** Entropy and non-target mass of the example selected, which need not be one of the sample. */
function chosenOne(model, sample, student, temperature) {
  const index = model.get("selected");
  const label = sample.all[index] ?? -1;
  const side = (logits) => {
    if (!logits || (index + 1) * sample.width > logits.length) return null;
    const soft = softened(logits, [index], sample.width, temperature);
    const known = label >= 0 && label < sample.width;
    return { entropy: entropies(soft, sample.width)[0], mass: known ? nonTargetMass(soft, [label], sample.width)[0] : null };
  };
  return { index, label, teacher: side(sample.teacher), student: side(student?.logits) };
}
