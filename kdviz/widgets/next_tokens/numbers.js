// Numbers of a text: what each model expects at a place, and how surprised it is by what stands there.

import { divergence, logSoftmax } from "../shared/softmax.js";

/** The logits for the token at a place; of an empty array an empty row. */
export function rowAt(logits, place, first, width) {
  return logits.subarray((place - first) * width, (place - first + 1) * width);
}

/** −log₂ p of each token at T = 1; null of what was given. */
export function surprises(tokens, first, logits, width) {
  return tokens.map((token, place) => {
    if (place < first || !logits.length) return null;
    return Math.max(0, -logSoftmax(rowAt(logits, place, first, width), 1)[token] / Math.LN2);
  });
}

/** The tokens that either model gives the most at T = 1, and the one that stands there; in the order of the teacher's. */
export function likeliest(rows, token, most) {
  const probabilities = rows.filter((row) => row.length).map((row) => logSoftmax(row, 1));
  const best = (c) => Math.max(...probabilities.map((row) => row[c]));
  const all = Array.from(rows[0], (_, c) => c).sort((a, b) => best(b) - best(a) || a - b);
  const shown = all.slice(0, most);
  if (token >= 0 && !shown.includes(token)) shown[shown.length - 1] = token;
  return shown.sort((a, b) => rows[0][b] - rows[0][a] || a - b);
}

/** Log probabilities at T of both rows, and KL(teacher ‖ student) in nats; null without a student. */
export function softened(teacher, student, temperature) {
  const logT = logSoftmax(teacher, temperature);
  const logS = student.length ? logSoftmax(student, temperature) : null;
  return { logT, logS, kl: logS ? divergence(logT, logS) : null };
}
