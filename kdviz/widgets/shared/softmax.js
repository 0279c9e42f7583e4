// Numbers of one example. Everything stays in log-space and in float64, so that a class with
// probability 1e-40 still has a finite logarithm.

/** A Bytes trait of little-endian float32 numbers as a Float32Array (copied: the view may be unaligned). */
export function floats(bytes) {
  if (!bytes || !bytes.byteLength) return new Float32Array(0);
  const view = bytes.buffer ? bytes : new DataView(bytes);
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** A Bytes trait as a Uint8Array on the same memory. */
export function octets(bytes) {
  if (!bytes || !bytes.byteLength) return new Uint8Array(0);
  const view = bytes.buffer ? bytes : new DataView(bytes);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** log softmax(z / T) of one row. */
export function logSoftmax(logits, temperature) {
  let top = -Infinity;
  for (const z of logits) top = Math.max(top, z / temperature);
  let sum = 0;
  for (const z of logits) sum += Math.exp(z / temperature - top);
  const logSum = top + Math.log(sum);
  return Float64Array.from(logits, (z) => z / temperature - logSum);
}

/** softmax(z / T) of one row. */
export function softmax(logits, temperature) {
  return logSoftmax(logits, temperature).map(Math.exp);
}

/** Entropy in bits of the distribution with these logarithms; 0 · log 0 is 0. */
export function entropyBits(logP) {
  let sum = 0;
  for (const l of logP) if (l > -Infinity) sum -= Math.exp(l) * l;
  return Math.max(0, sum / Math.LN2);
}

/** KL(p ‖ q) in nats; never below zero by rounding. */
export function divergence(logP, logQ) {
  let sum = 0;
  for (let c = 0; c < logP.length; c++) {
    const p = Math.exp(logP[c]);
    if (p > 0) sum += p * (logP[c] - logQ[c]);
  }
  return Math.max(0, sum);
}

/** Probability on every class but one, summed over the others so that 1e-12 does not vanish beside 1. */
export function restMass(logP, target) {
  let sum = 0;
  for (let c = 0; c < logP.length; c++) if (c !== target) sum += Math.exp(logP[c]);
  return sum;
}

/** log of the probability on every class but one, summed; -Infinity where there is no other. */
export function logRest(logP, target) {
  let top = -Infinity;
  for (let c = 0; c < logP.length; c++) if (c !== target) top = Math.max(top, logP[c]);
  if (top === -Infinity) return top;
  let sum = 0;
  for (let c = 0; c < logP.length; c++) if (c !== target) sum += Math.exp(logP[c] - top);
  return top + Math.log(sum);
}

/**
 * The two parts of KL(p ‖ q), in nats: KL = target + rest · others (Zhao et al. 2022: TCKD and NCKD).
 * `target`: how much goes to the target class and how much to all others together. `others`: how the rest is spread
 * among the others, as distributions of their own. `rest` = 1 − p(target), `nonTarget` = rest · others.
 */
export function divergenceParts(logP, logQ, target) {
  const [restP, restQ] = [logRest(logP, target), logRest(logQ, target)];
  const rest = Math.exp(restP);
  let two = Math.exp(logP[target]) * (logP[target] - logQ[target]);
  if (rest > 0) two += rest * (restP - restQ);
  let [others, nonTarget] = [0, 0];
  for (let c = 0; c < logP.length; c++) {
    if (c === target || logP[c] === -Infinity) continue;
    const apart = logP[c] - restP - (logQ[c] - restQ);
    others += Math.exp(logP[c] - restP) * apart;
    nonTarget += Math.exp(logP[c]) * apart;
  }
  return { target: Math.max(0, two), rest, others: Math.max(0, others), nonTarget: Math.max(0, nonTarget) };
}

export function argmax(row) {
  let best = 0;
  for (let c = 1; c < row.length; c++) if (row[c] > row[best]) best = c;
  return best;
}

export function allFinite(row) {
  for (const z of row) if (!Number.isFinite(z)) return false;
  return true;
}

/** The class with the largest logit in each row of a long array; -1 where a row is not finite. */
export function firstChoices(logits, width) {
  const count = width ? Math.floor(logits.length / width) : 0;
  const chosen = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    let best = 0;
    let finite = true;
    for (let c = 0; c < width; c++) {
      const z = logits[i * width + c];
      if (!Number.isFinite(z)) finite = false;
      if (z > logits[i * width + best]) best = c;
    }
    chosen[i] = finite ? best : -1;
  }
  return chosen;
}

/** The losses that are multiplied by T². */
export const SQUARED = ["soft_targets", "reverse_kl"];

function taughtBy(loss, teacher, student, logT, logS, kl) {
  if (loss === "first_choice") return Math.max(0, -logSoftmax(student, 1)[argmax(teacher)]);
  return loss === "reverse_kl" ? divergence(logS, logT) : kl;
}

/**
 * All numbers of one probe, in the convention
 * L = α · T² · KL(σ_T(t) ‖ σ_T(s)) + (1 − α) · CE(s, y),
 * or with `loss` "without_t2" (no T²), "reverse_kl" (the divergence turned round) or "first_choice" (α · CE(s, argmax t)).
 * Fields that need a student or a label are null without one.
 */
export function probeNumbers(teacher, student, label, temperature, alpha, loss = "soft_targets") {
  const hasTeacher = teacher.length > 0 && allFinite(teacher);
  const hasStudent = student.length > 0 && allFinite(student);
  const logT = hasTeacher ? logSoftmax(teacher, temperature) : null;
  const logS = hasStudent ? logSoftmax(student, temperature) : null;
  const target = label >= 0 ? label : hasTeacher ? argmax(teacher) : -1;
  const kl = logT && logS ? divergence(logT, logS) : null;
  const scaledKl = kl === null ? null : temperature * temperature * kl;
  const ce = hasStudent && label >= 0 ? Math.max(0, -logSoftmax(student, 1)[label]) : null;
  const taught = kl === null ? null : taughtBy(loss, teacher, student, logT, logS, kl);
  const soft = taught === null ? null : alpha * (SQUARED.includes(loss) ? temperature * temperature * taught : taught);
  const hard = ce === null ? null : (1 - alpha) * ce;
  return {
    logT,
    logS,
    target,
    teacherEntropy: logT && entropyBits(logT),
    studentEntropy: logS && entropyBits(logS),
    teacherRest: logT && restMass(logT, target),
    studentRest: logS && target >= 0 ? restMass(logS, target) : null,
    kl,
    taught,
    scaledKl,
    parts: kl !== null && label >= 0 ? divergenceParts(logT, logS, label) : null,
    ce,
    soft,
    hard,
    loss: soft !== null && hard !== null ? soft + hard : null,
  };
}
