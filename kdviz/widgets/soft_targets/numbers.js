// One example in a few numbers, each with its definition, and in one sentence.

import { definition } from "../shared/definition.js";
import { node, put, say } from "../shared/elements.js";
import { about, briefly, quantity, short } from "../shared/format.js";
import { argmax } from "../shared/softmax.js";
import { t } from "../shared/words.js";

const MEANINGS = {
  entropy: t("Entropy of the softened probabilities, in bits: 0 when one class has everything, log₂ C when all C classes are equal."),
  rest: t("Probability on all classes but the true one (where the label is unknown, but the teacher’s first choice), at temperature T."),
  kl: t("KL(σ_T(t) ‖ σ_T(s)), in nats: how far the student’s softened probabilities are from the teacher’s. 0 only when they are equal."),
  scaledKl: t("T² times the divergence. At large T, T² keeps the gradient from fading as 1/T²; at small T the gradient still grows with T."),
  ce: t("Cross-entropy of the student with the true label at T = 1, in nats: minus the logarithm of the probability it gives the true class."),
  loss: t("The loss of this one example: the formula’s two terms together. Training averages it over the batch."),
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
  const studentHead = side("student", t("Student"));
  const table = node("div", { class: "kd-pairs", role: "table", "aria-label": t("Softened probabilities as single numbers") },
    row(node("span", { role: "columnheader" }, node("span", { class: "kd-unseen" }, t("Number"))), side("teacher", t("Teacher")), studentHead),
    line(t("Entropy"), MEANINGS.entropy, ["teacherEntropy", "studentEntropy"], t("bits")),
    line(t("Probability on wrong classes"), MEANINGS.rest, ["teacherRest", "studentRest"]));
  const term = (name, meaning, key, unit) => node("div", { class: "kd-loss-number" }, definition(life, name, meaning), value(key, unit));
  const ofTraining = [term("T² · KL", MEANINGS.scaledKl, "scaledKl", t("nats")), term("L", MEANINGS.loss, "loss", t("nats"))];
  const list = node("div", { class: "kd-numbers" }, term("KL", MEANINGS.kl, "kl", t("nats")), ofTraining[0],
    term(t("CE at T = 1"), MEANINGS.ce, "ce", t("nats")), ofTraining[1]);
  return {
    root: node("div", { class: "kd-number-block" }, table, list),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("numbers");
      this.root.classList.toggle("kd-one-sided", !view.hasStudent);
      say(studentHead, view.studentTitle);
      for (const one of ofTraining) one.hidden = !view.trains;
      for (const [key, { data, small }] of Object.entries(values)) {
        const number = view.numbers[key];
        say(data, key.endsWith("Rest") ? briefly(number) : about(number));
        put(data, "title", number === null ? null : quantity(number));
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
  if (!logT) return view.inScene ? t("The teacher’s outputs for this example are not finite numbers.") : t("The teacher’s outputs for this probe are not finite numbers.");
  const named = (c, logP) => `${state.classes[c]} (${briefly(Math.exp(logP[c]))})`;
  const first = argmax(logT);
  const second = logT.length > 1 ? argmax(Array.from(logT, (l, c) => (c === first ? -Infinity : l))) : -1;
  const told = { T: short(view.temperature), who: view.who, first: named(first, logT), second: second >= 0 ? named(second, logT) : "" };
  const clauses = [second >= 0 ? t("At T = {T} the teacher says {first}, then {second}", told) : t("At T = {T} the teacher says {first}", told)];
  if (view.label >= 0 && view.label !== first) clauses.push(t("the label is {name}", { name: state.classes[view.label] }));
  if (view.hasStudent) clauses.push(logS ? replyOf(view, state, first, named) : t("the {who}’s outputs are not finite numbers", told));
  return `${clauses.join("; ")}.`;
}

/** What the student says beside the teacher's first choice. */
function replyOf(view, state, first, named) {
  const { logS } = view.numbers;
  const choice = argmax(logS);
  if (choice === first) return t("the {who} agrees: {choice}", { who: view.who, choice: named(choice, logS) });
  const left = { left: briefly(Math.exp(logS[first])), name: state.classes[first] };
  return t("the {who} says {choice} and gives {name} only {left}", { who: view.who, choice: named(choice, logS), ...left });
}
