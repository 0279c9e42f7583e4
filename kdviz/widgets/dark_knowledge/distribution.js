// How a number is spread over the examples: a histogram of the teacher (dashed outline) over one of the student (solid).

import { histogram } from "./numbers.js";
import { definition } from "../shared/definition.js";
import { changing, liveSentence, node, put, say, svgNode } from "../shared/elements.js";
import { about, briefly, grouped, probability, quantity, short } from "../shared/format.js";
import { t, tParts } from "../shared/words.js";

const BINS = 32;
const DISTRIBUTIONS = {
  entropy: {
    name: t("Entropy in bits"), top: (classes) => Math.log2(classes),
    meaning: t("Entropy of each example’s probabilities softened at T, in bits (yes-or-no questions): 0 when one class has everything, log₂ C when all C classes are equal."),
    text: (v) => t("{value} bits", { value: about(v) }), exact: quantity, ticks: (top) => (top > 5 ? [0, 2, 4, 6, 8, 10] : [0, 1, 2, 3, 4, 5]).filter((tick) => tick < 0.88 * top).concat(top),
  },
  mass: {
    name: t("Probability on wrong classes"), top: () => 1,
    meaning: t("Probability, softened at T, that each example has on all classes but the true one."),
    text: briefly, exact: probability, ticks: () => [0, 0.25, 0.5, 0.75, 1],
  },
};

export function distributions(life) {
  const panes = Object.entries(DISTRIBUTIONS).map(([key, kind]) => distribution(life, key, kind));
  const sentence = liveSentence(life);
  const changed = changing();
  return {
    root: node("section", { class: "kd-dark-figure kd-spread", "aria-label": t("Entropy and probability on wrong classes") },
      node("div", { class: "kd-spread-panes" }, ...panes.map((pane) => pane.root)), sentence.root),
    draw(view, width) {
      const { index, teacher, student } = view.chosen;
      if (!changed(view.teacher, view.student, index, teacher?.entropy, student?.entropy, width, view.unit)) return;
      for (const pane of panes) pane.draw(view, width);
      sentence.say(distributionSentence(view), view.about);
    },
  };
}

function distribution(life, key, kind) {
  const title = node("h3", { class: "kd-dark-title" }, definition(life, kind.name, kind.meaning));
  const svg = svgNode("svg", { class: "kd-spread-svg", role: "img" });
  const add = (tag, attributes) => svg.appendChild(svgNode(tag, attributes));
  const base = add("line", { class: "kd-spread-base" });
  const student = add("path", { class: "kd-spread-student" });
  const teacher = add("path", { class: "kd-spread-teacher" });
  const lines = { student: add("line", { class: "kd-spread-median kd-line-student" }), teacher: add("line", { class: "kd-spread-median kd-line-teacher" }) };
  const marks = { student: add("path", { class: "kd-spread-mark kd-spread-mark-student" }), teacher: add("path", { class: "kd-spread-mark kd-spread-mark-teacher" }) };
  const count = add("text", { class: "kd-spread-text", x: 0 });
  const axis = svg.appendChild(svgNode("g"));
  const legend = distributionLegend(kind);
  let drawn = "";
  return {
    root: node("div", { class: `kd-spread-pane kd-spread-${key}` }, title, svg, legend.root),
    draw(view, width) {
      const top = kind.top(view.sample.width);
      const box = { width, bottom: (92 * view.unit), top: 16 * view.unit, height: 126 * view.unit, edge: 9 };
      const x = (v) => box.edge + (Math.min(top, Math.max(0, v)) / top) * (width - 2 * box.edge);
      const stamp = `${width}|${view.unit}|${top}`;
      if (stamp !== drawn) drawAxisOf(svg, axis, base, kind, box, x, top);
      drawn = stamp;
      const sides = { teacher: histogram(view.teacher[key], top, BINS), student: view.student && histogram(view.student[key], top, BINS) };
      const most = Math.max(1, ...sides.teacher, ...(sides.student ?? []));
      put(teacher, "d", steps(sides.teacher, most, box, x, top));
      put(student, "d", sides.student ? steps(sides.student, most, box, x, top) : "");
      put(count, "y", 10 * view.unit);
      say(count, t("tallest bar: {n} of {total}", { n: grouped(most), total: grouped(view.sample.count) }));
      const medians = { teacher: view.teacher.medians[key], student: view.student?.medians[key] ?? null };
      const chosen = { teacher: view.chosen.teacher?.[key] ?? null, student: view.chosen.student?.[key] ?? null };
      for (const side of ["teacher", "student"]) {
        placeLine(lines[side], medians[side], box, x);
        placeMark(marks[side], chosen[side], box, x);
      }
      legend.draw(medians, chosen);
      put(svg, "aria-label", t("Histogram over {n} examples: {name}.", { n: grouped(view.sample.count), name: kind.name }));
    },
  };
}

function drawAxisOf(svg, axis, base, kind, box, x, top) {
  put(svg, "viewBox", `0 0 ${box.width} ${box.height}`);
  put(svg, "height", box.height);
  for (const [name, value] of [["x1", box.edge], ["x2", box.width - box.edge], ["y1", box.bottom], ["y2", box.bottom]]) put(base, name, value);
  const anchor = (v) => (v === 0 ? "start" : v === top ? "end" : "middle");
  const at = (v) => (v === 0 ? 0 : v === top ? box.width : x(v));
  axis.replaceChildren(...kind.ticks(top).map((v) => svgNode("text", { class: "kd-spread-text", x: at(v), y: box.height - 4, "text-anchor": anchor(v) }, short(v))));
}

/** The outline of a histogram as one path, from the axis up, along the bars, and down again. */
function steps(counts, most, box, x, top) {
  const y = (n) => (box.bottom - (n / most) * (box.bottom - box.top)).toFixed(1);
  let path = `M${x(0).toFixed(1)} ${box.bottom.toFixed(1)}`;
  counts.forEach((n, i) => {
    path += `V${y(n)}H${x(((i + 1) * top) / counts.length).toFixed(1)}`;
  });
  return `${path}V${box.bottom.toFixed(1)}`;
}

function placeLine(line, value, box, x) {
  put(line, "display", value === null ? "none" : null);
  if (value === null) return;
  const at = x(value).toFixed(1);
  for (const [name, v] of [["x1", at], ["x2", at], ["y1", box.top], ["y2", box.bottom]]) put(line, name, v);
}

/** A triangle below the axis that points at the value of the example selected. */
function placeMark(mark, value, box, x) {
  put(mark, "display", value === null ? "none" : null);
  if (value !== null) put(mark, "d", `M${x(value).toFixed(1)} ${(box.bottom + 2).toFixed(1)}l5 9h-10z`);
}

/** Medians, and the example selected, of both sides in words. */
function distributionLegend(kind) {
  const line = (side, name) => {
    const value = node("b", {});
    const own = node("span", {});
    const root = node("p", { class: `kd-spread-line kd-text-${side}` }, node("i", { class: `kd-key kd-key-${side}` }), node("span", {}, `${name} `, value),
      node("span", { class: "kd-spread-own" }, node("i", { class: "kd-spread-tip" }), own));
    return { root, value, own };
  };
  const lines = { teacher: line("teacher", t("Teacher")), student: line("student", t("Student")) };
  return {
    root: node("div", { class: "kd-spread-legend" }, node("p", { class: "kd-note" }, ...tParts("Median; {mark} selected example", { mark: node("i", { class: "kd-spread-tip" }) })),
      lines.teacher.root, lines.student.root),
    draw(medians, chosen) {
      for (const [side, { root, value, own }] of Object.entries(lines)) {
        root.hidden = medians[side] === null;
        if (root.hidden) continue;
        say(value, kind.text(medians[side]));
        put(value, "title", kind.exact(medians[side]));
        own.parentElement.hidden = chosen[side] === null;
        say(own, chosen[side] === null ? "" : kind.text(chosen[side]));
        put(own, "title", chosen[side] === null ? null : kind.exact(chosen[side]));
      }
    },
  };
}

function distributionSentence(view) {
  const { teacher, student } = view;
  const told = {
    T: short(view.temperature), n: grouped(view.sample.count), entropy: about(teacher.medians.entropy), mass: briefly(teacher.medians.mass),
    own: student && about(student.medians.entropy), ownMass: student && briefly(student.medians.mass),
  };
  if (!student) return t("At T = {T}, over {n} examples, the teacher’s median entropy is {entropy} bits and its median probability on wrong classes {mass}.", told);
  return t("At T = {T}, over {n} examples, the teacher’s median entropy is {entropy} bits, the student’s {own}; the median probability on wrong classes is {mass} and {ownMass}.", told);
}
