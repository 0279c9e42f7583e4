// What a stroke did to the teacher's certainty, the way it went, and a small challenge. All of it at T = 1.

import { definition } from "../shared/definition.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { probability, short } from "../shared/format.js";
import { argmax, softmax } from "../shared/softmax.js";
import { t, tParts } from "../shared/words.js";

const SURE = t("How sure a model is: the probability of its first choice at T = 1, wherever the temperature slider is.");
const HALF = 0.5;
const DID = {
  pen: (told) => t("That stroke took the teacher from {from} for {name} to {to}", told),
  eraser: (told) => t("That erasing took the teacher from {from} for {name} to {to}", told),
  undo: (told) => t("Undoing that took the teacher from {from} for {name} to {to}", told),
};
const LEFT = {
  pen: (told) => t("That stroke left the teacher at {to} for {name}", told),
  eraser: (told) => t("That erasing left the teacher at {to} for {name}", told),
  undo: (told) => t("Undoing that left the teacher at {to} for {name}", told),
};

/** Probabilities at T = 1 with first and second choice. */
function certainty(logits) {
  const p = softmax(logits, 1);
  const first = argmax(p);
  const second = p.length > 1 ? argmax(p.map((v, c) => (c === first ? -1 : v))) : first;
  return { p, first, second };
}

/** "That stroke took the teacher from 0.98 for 7 to 0.61; its second choice is now 1 (0.3)." */
export function changeInWords(kind, before, after, classes) {
  const now = certainty(after.teacher);
  const named = (c) => `${classes[c]} (${probability(now.p[c])})`;
  if (!before) {
    const told = { first: named(now.first), second: named(now.second) };
    return kind === "example" ? t("For the example as it is the teacher says {first}; its second choice is {second}.", told)
      : t("After the first stroke the teacher says {first}; its second choice is {second}.", told);
  }
  const was = certainty(before.teacher);
  const told = { from: probability(was.p[was.first]), to: probability(now.p[was.first]), name: classes[was.first] };
  const path = told.from === told.to ? LEFT[kind](told) : DID[kind](told);
  const reply = now.first !== was.first ? t("it now says {choice}", { choice: named(now.first) })
    : now.second === was.second ? t("its second choice is still {choice}", { choice: named(now.second) })
    : t("its second choice is now {choice}", { choice: named(now.second) });
  return `${path}; ${reply}.`;
}

/** Whether this step took the teacher from at least HALF for something to less than HALF for everything. */
export function becameUnsure(before, after) {
  if (!before) return false;
  const top = ({ p, first }) => p[first];
  return top(certainty(before.teacher)) >= HALF && top(certainty(after.teacher)) < HALF;
}

export function surePart(life) {
  const told = node("p", { class: "kd-sentence kd-pad-told" });
  const line = waySparkline();
  const mark = node("span", { class: "kd-pad-mark", "aria-hidden": "true" });
  const words = node("span", {});
  const challenge = node("p", { class: "kd-note kd-pad-challenge" }, mark, words);
  const term = definition(life, t("sure"), SURE);
  const title = node("h3", {}, ...tParts("What would make the teacher less {sure}?", { sure: term }));
  return {
    root: node("div", { class: "kd-pad-sure" }, title, told, challenge, line.root),
    draw(sheet, classes, student) {
      const answered = sheet.steps.filter((step) => step.answer);
      say(told, sheet.told || t("The effect of each stroke, undo and erasure appears here."));
      told.classList.toggle("kd-pad-quiet", !sheet.told);
      line.draw(answered.map((step) => ({ teacher: step.answer.teacher, student: student(step.answer) })), classes);
      const reached = sheet.reached !== null;
      const unsure = answered.length > 0 && !reached && (({ p, first }) => p[first] < HALF)(certainty(answered.at(-1).answer.teacher));
      challenge.classList.toggle("kd-reached", reached);
      say(mark, reached ? "✓" : "");
      say(words, reached ? t("Reached with {what}: the teacher was less than {half} sure of any class.", { what: sheet.reached, half: short(HALF) })
        : unsure ? t("The teacher is already less than {half} sure.", { half: short(HALF) })
        : t("Can you make the teacher less than {half} sure with one more stroke?", { half: short(HALF) }));
    },
  };
}

/** Probability, step by step, of the class that each of the two named first. */
function waySparkline() {
  const path = (role) => svgNode("path", { class: `kd-pad-line kd-pad-line-${role}`, "vector-effect": "non-scaling-stroke" });
  const dot = (role) => svgNode("path", { class: `kd-pad-dot kd-pad-dot-${role}`, "vector-effect": "non-scaling-stroke" });
  const half = svgNode("path", { d: "M0 50H100", class: "kd-pad-half", "vector-effect": "non-scaling-stroke" });
  const lines = { teacher: path("teacher"), student: path("student") };
  const ends = { teacher: dot("teacher"), student: dot("student") };
  const plot = svgNode("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", class: "kd-pad-way" },
    half, lines.student, lines.teacher, ends.student, ends.teacher);
  const labels = { teacher: node("span", { class: "kd-text-teacher" }), student: node("span", { class: "kd-text-student" }) };
  const scale = node("div", { class: "kd-pad-scale", "aria-hidden": "true" }, ...["1", short(0.5), "0"].map((text) => node("span", {}, text)));
  const root = node("div", { class: "kd-pad-spark" }, scale, plot, node("p", { class: "kd-note kd-pad-labels" }, labels.teacher, labels.student));

  const follow = (role, rows, classes) => {
    const known = rows.filter((logits) => logits.length);
    const first = known.length ? certainty(known[0]).first : -1;
    const values = known.map((logits) => softmax(logits, 1)[first]);
    const at = (p, i) => `${values.length > 1 ? (100 * i) / (values.length - 1) : 0} ${100 - 100 * p}`;
    put(lines[role], "d", values.length ? `M${values.map(at).join("L")}` : "");
    put(ends[role], "d", values.length ? `M${at(values.at(-1), values.length - 1)}h0` : "");
    const told = { who: role === "teacher" ? t("Teacher") : t("Student"), name: classes[first] };
    const text = values.length ? t("{who}’s probability of {name}: {value}", { ...told, value: probability(values.at(-1)) }) : "";
    say(labels[role], text);
    return values.length > 1 ? t("{who}’s probability of {name}, step by step: {values}.", { ...told, values: values.map(probability).join(", ") }) : text;
  };
  return {
    root,
    draw(way, classes) {
      const words = ["teacher", "student"].map((role) => follow(role, way.map((answer) => answer[role]), classes));
      root.classList.toggle("kd-pad-blank", way.length === 0);
      put(plot, "aria-label", words.filter(Boolean).join(" ") || t("No stroke yet"));
    },
  };
}
