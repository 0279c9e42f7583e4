// What a stroke did to the teacher's certainty, the way it went, and a small challenge. All of it at T = 1.

import { definition } from "../shared/definition.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { fixed, short } from "../shared/format.js";
import { argmax, softmax } from "../shared/softmax.js";
import { t, tParts } from "../shared/words.js";

const SURE = t("How sure a model is: the probability of its first choice at T = 1, wherever the temperature slider is.");
const HALF = 0.5;
const HALF_IN_WORDS = "50\u00a0%";
const DID = {
  pen: (told) => t("At T = 1 that stroke took the teacher from {from} for {name} to {to}", told),
  eraser: (told) => t("At T = 1 that erasing took the teacher from {from} for {name} to {to}", told),
  undo: (told) => t("At T = 1 undoing that took the teacher from {from} for {name} to {to}", told),
};
const LEFT = {
  pen: (told) => t("At T = 1 that stroke left the teacher at {to} for {name}", told),
  eraser: (told) => t("At T = 1 that erasing left the teacher at {to} for {name}", told),
  undo: (told) => t("At T = 1 undoing that left the teacher at {to} for {name}", told),
};

/** A probability with two decimals; never a rounded 1 or 0. */
export function roughly(p) {
  if (p > 0.995 && p < 1) return `>${fixed(0.99, 2)}`;
  return p > 0 && p < 0.005 ? `<${fixed(0.01, 2)}` : fixed(p, 2);
}

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
  const named = (c) => `${classes[c]} (${roughly(now.p[c])})`;
  if (!before) {
    const told = { first: named(now.first), second: named(now.second) };
    return kind === "example" ? t("For the example as it is the teacher says, at T = 1, {first}; its second choice is {second}.", told)
      : t("After the first stroke the teacher says, at T = 1, {first}; its second choice is {second}.", told);
  }
  const was = certainty(before.teacher);
  const told = { from: roughly(was.p[was.first]), to: roughly(now.p[was.first]), name: classes[was.first] };
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
  const title = node("h3", {}, t("Fool the teacher"));
  const scale = node("p", { class: "kd-note kd-pad-scale-note" }, ...tParts("all of it at {T}", { T: definition(life, "T = 1", SURE) }));
  return {
    root: node("div", { class: "kd-pad-sure" }, node("div", { class: "kd-pad-sure-head" }, title, scale), told, challenge, line.root),
    draw(sheet, classes, student) {
      const answered = sheet.steps.filter((step) => step.answer);
      say(told, sheet.told || t("Each stroke’s effect appears here."));
      told.classList.toggle("kd-pad-quiet", !sheet.told);
      line.draw(answered.map((step) => ({ teacher: step.answer.teacher, student: student(step.answer) })), classes);
      const reached = sheet.reached !== null;
      const unsure = answered.length > 0 && !reached && (({ p, first }) => p[first] < HALF)(certainty(answered.at(-1).answer.teacher));
      challenge.classList.toggle("kd-reached", reached);
      say(mark, reached ? "✓" : "");
      say(words, reached ? t("Reached with {what}: the teacher was below {half} for every class.", { what: sheet.reached, half: HALF_IN_WORDS })
        : unsure ? t("The teacher is already below {half}.", { half: HALF_IN_WORDS })
        : t("Can one more stroke push it below {half}?", { half: HALF_IN_WORDS }));
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
    const text = values.length ? t("{who}’s probability of {name} at T = 1: {value}", { ...told, value: roughly(values.at(-1)) }) : "";
    say(labels[role], text);
    return values.length > 1 ? t("{who}’s probability of {name} at T = 1, step by step: {values}.", { ...told, values: values.map(roughly).join(", ") }) : text;
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
