// What the label, the teacher and the student say of one example, in a sentence each.

import { short } from "../shared/format.js";
import { argmax, entropyBits } from "../shared/softmax.js";
import { t } from "../shared/words.js";

const NEARLY = 0.5; // the second choice beside the first
const ALSO = 0.1;
const ALIKE = 0.95; // the entropy beside that of chance

/** "The label says 4. The teacher says 4, but nearly 9." */
export function teacherSentence({ numbers, label, temperature }, classes) {
  const { logT } = numbers;
  if (!logT) return t("The teacher’s outputs for this example are not finite numbers.");
  const [first, second] = firstTwo(logT);
  const told = { label: named(classes[label]), first: named(classes[first]), second: named(classes[second]), T: short(temperature) };
  const says = label >= 0 ? t("The label says {label}.", told) : "";
  return [says, teacherClause(logT, [first, second], told)].filter(Boolean).join(" ");
}

function teacherClause(logT, [first, second], told) {
  if (isFlat(logT)) return t("At T = {T} the teacher gives every class a little, {first} the most.", told);
  const share = second < 0 ? 0 : Math.exp(logT[second] - logT[first]);
  if (share >= NEARLY) return t("The teacher says {first}, but nearly {second}.", told);
  if (share >= ALSO) return t("The teacher says {first}, and a little {second}.", told);
  return t("The teacher says {first}, and hardly anything else.", told);
}

/** "The student has learned nothing yet: all classes look alike to it." */
export function studentSentence({ numbers, step, trains, who }, classes) {
  const { logT, logS } = numbers;
  if (!logS) return "";
  const [first, second] = firstTwo(logS);
  const told = { first: named(classes[first]), second: named(classes[second]), who };
  if (trains && step === 0) return isFlat(logS) ? t("The {who} has learned nothing yet: all classes look alike to it.", told) : t("The {who} has learned nothing yet.", told);
  if (!logT) return t("The {who} says {first}.", told);
  const [wanted, then] = firstTwo(logT);
  if (first !== wanted) return t("The {who} says {first}.", told);
  if (second === then && second >= 0 && Math.exp(logT[then] - logT[wanted]) >= ALSO) return t("So does the {who}.", told);
  return t("The {who} says {first}, too.", told);
}

/** A class's name; one of several words is in quotes, so that the sentence can be read. */
function named(name) {
  return /\s/.test(name ?? "") ? t("“{name}”", { name }) : (name ?? "");
}

function firstTwo(row) {
  const first = argmax(row);
  return [first, row.length > 1 ? argmax(Array.from(row, (value, c) => (c === first ? -Infinity : value))) : -1];
}

function isFlat(logP) {
  return logP.length > 2 && entropyBits(logP) > ALIKE * Math.log2(logP.length);
}
