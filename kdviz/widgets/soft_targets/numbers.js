// One example in a few numbers, each with its definition, and in one sentence.

import { definition } from "../shared/definition.js";
import { node, put, say } from "../shared/elements.js";
import { probability, quantity, short } from "../shared/format.js";
import { argmax } from "../shared/softmax.js";

const MEANINGS = {
  entropy: "Entropy of the softened probabilities, in bits: 0 when one class has everything, log₂ C when all C classes are equal.",
  rest: "Probability on all classes but the true one (but the teacher’s first choice where the label is unknown), at temperature T.",
  kl: "KL(σ_T(t) ‖ σ_T(s)), in nats: how far the student’s softened probabilities are from the teacher’s. 0 only when they are equal.",
  scaledKl: "T² times the divergence. The T² keeps the gradient from fading as 1/T² when T grows.",
  ce: "Cross-entropy of the student with the true label at T = 1, in nats: minus the logarithm of the probability it gives the true class.",
  loss: "The loss of this one example: the formula’s two terms together. Training averages it over the batch.",
};

/** Entropy and off-class mass of both sides as a small table; the terms of the loss beside it. */
export function numbersPart(life) {
  const values = {};
  const value = (key, unit = "") => {
    const data = node("data", { "data-number": key });
    const small = node("small", {}, unit ? ` ${unit}` : "");
    values[key] = { data, small };
    return node("span", { class: "kd-value" }, data, small);
  };
  const row = (...cells) => node("div", { role: "row", class: "kd-pair" }, ...cells);
  const line = (term, meaning, keys, unit) => row(
    node("span", { role: "rowheader" }, definition(life, term, meaning)),
    ...keys.map((key) => node("span", { role: "cell" }, value(key, unit))),
  );
  const side = (role, text) => node("b", { role: "columnheader", class: `kd-text-${role}` }, text);
  const studentHead = side("student", "Student");
  const table = node("div", { class: "kd-pairs", role: "table", "aria-label": "Softened probabilities in one number" },
    row(node("span", { role: "columnheader" }, node("span", { class: "kd-unseen" }, "Number")), side("teacher", "Teacher"), studentHead),
    line("Entropy", MEANINGS.entropy, ["teacherEntropy", "studentEntropy"], "bits"),
    line("Off the true class", MEANINGS.rest, ["teacherRest", "studentRest"]));
  const term = (name, meaning, key, unit) => node("div", { class: "kd-loss-number" }, definition(life, name, meaning), value(key, unit));
  const list = node("div", { class: "kd-numbers" }, term("KL", MEANINGS.kl, "kl", "nats"), term("T² · KL", MEANINGS.scaledKl, "scaledKl", "nats"),
    term("CE at T = 1", MEANINGS.ce, "ce", "nats"), term("L", MEANINGS.loss, "loss", "nats"));
  return {
    root: node("div", { class: "kd-number-block" }, table, list),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("numbers");
      this.root.classList.toggle("kd-one-sided", !view.hasStudent);
      say(studentHead, view.studentTitle);
      for (const [key, { data, small }] of Object.entries(values)) {
        const number = view.numbers[key];
        say(data, key.endsWith("Rest") ? probability(number) : quantity(number));
        put(data, "value", number === null ? "" : String(number));
        small.hidden = number === null;
      }
    },
  };
}

export function sentencePart() {
  const root = node("p", { class: "kd-sentence" });
  return {
    root,
    draw(view, state) {
      root.hidden = state.count === 0 || !view.shown.has("sentence");
      say(root, view.sentence);
    },
  };
}

/** One sentence, and only what the numbers of this probe show. */
export function probeSentence(view, state) {
  const { logT, logS } = view.numbers;
  if (!logT) return `The teacher’s outputs for this ${view.word} are not finite numbers.`;
  const name = (c) => state.classes[c];
  const t = argmax(logT);
  const second = logT.length > 1 ? argmax(Array.from(logT, (l, c) => (c === t ? -Infinity : l))) : -1;
  const start = `At T = ${short(view.temperature)} the teacher says ${name(t)} (${probability(Math.exp(logT[t]))})`;
  const next = second >= 0 ? `, then ${name(second)} (${probability(Math.exp(logT[second]))})` : "";
  const truth = view.label >= 0 && view.label !== t ? `; the label is ${name(view.label)}` : "";
  if (!view.hasStudent) return `${start}${next}${truth}.`;
  if (!logS) return `${start}${next}${truth}; the ${view.who}’s outputs are not finite numbers.`;
  const s = argmax(logS);
  const reply = s === t
    ? `the ${view.who} says ${name(s)} too (${probability(Math.exp(logS[s]))})`
    : `the ${view.who} says ${name(s)} (${probability(Math.exp(logS[s]))}) and leaves ${probability(Math.exp(logS[t]))} for ${name(t)}`;
  return `${start}${next}${truth}; ${reply}.`;
}
