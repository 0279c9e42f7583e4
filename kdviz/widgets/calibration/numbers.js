// How often a model is right when it is so sure, as kdviz/measure/calibration.py has it; float64.

import { logSoftmax, softmax } from "../shared/softmax.js";

export const COLDEST = 0.01;
export const HOTTEST = 100;
export const FEW_IN_A_BIN = 30; // examples; of fewer, an accuracy says little
const Z95 = 1.959963984540054;

/** Confidence, correctness, NLL and Brier of each labelled row at a temperature. */
export function answersAt(logits, labels, rows, classes, temperature) {
  const known = rows.filter((row) => labels[row] >= 0 && labels[row] < classes);
  const n = known.length;
  const answers = { n, confidence: new Float64Array(n), right: new Uint8Array(n), nll: 0, brier: 0 };
  known.forEach((row, i) => {
    const logP = logSoftmax(logits.subarray(row * classes, (row + 1) * classes), temperature);
    let [best, squares] = [0, 0];
    for (let c = 0; c < classes; c++) {
      if (logP[c] > logP[best]) best = c;
      squares += Math.exp(2 * logP[c]);
    }
    const y = labels[row];
    answers.confidence[i] = Math.exp(logP[best]);
    answers.right[i] = best === y ? 1 : 0;
    answers.nll -= logP[y];
    answers.brier += squares - 2 * Math.exp(logP[y]) + 1;
  });
  answers.nll /= n;
  answers.brier /= n;
  return answers;
}

/** Edges of equal width from 0 to 1, or at quantiles of the confidences. */
export function binEdges(confidence, bins, strategy) {
  const places = Array.from({ length: bins + 1 }, (_, k) => k);
  if (strategy === "width") return places.map((k) => k / bins);
  const ordered = Float64Array.from(confidence).sort();
  const n = ordered.length;
  return places.map((k) => {
    const [below, rest] = [Math.floor((k * (n - 1)) / bins), (k * (n - 1)) % bins];
    const [a, b] = [ordered[below], ordered[Math.min(below + 1, n - 1)]];
    return a + (rest / bins) * (b - a);
  });
}

const POISSON95 = [0, 0.05129329438755053, 0.35536151069866195, 0.8176914471639534]; // means of which 5 % show so many hits or more

/** Wilson's interval of k right of n, at 95 %; with few hits or misses that end is Poisson's (Brown, Cai, DasGupta 2001). */
export function wilson95(k, n) {
  const z2 = Z95 * Z95;
  const middle = (k + z2 / 2) / (n + z2);
  const half = (Z95 / (n + z2)) * Math.sqrt((k * (n - k)) / n + z2 / 4);
  const few = n <= 50 ? 2 : 3;
  const low = k > 0 && k <= few ? Math.min(middle - half, POISSON95[k] / n) : middle - half;
  const high = k < n && n - k <= few ? Math.max(middle + half, 1 - POISSON95[n - k] / n) : middle + half;
  return [Math.max(0, low), Math.min(1, high)];
}

/** The reliability diagram's bins, ECE, MCE, accuracy and mean confidence. A bin holds its upper edge. */
export function reliability(answers, bins, strategy) {
  const edges = binEdges(answers.confidence, bins, strategy);
  const table = Array.from({ length: bins }, (_, b) => ({ low: edges[b], high: edges[b + 1], n: 0, sure: 0, right: 0 }));
  let [sure, right] = [0, 0];
  answers.confidence.forEach((p, i) => {
    let b = 0;
    while (b < bins - 1 && p > edges[b + 1]) b += 1;
    table[b].n += 1;
    table[b].sure += p;
    table[b].right += answers.right[i];
    sure += p;
    right += answers.right[i];
  });
  let [ece, mce] = [0, 0];
  const filled = table.filter((bin) => bin.n).map((bin) => {
    const gap = Math.abs(bin.sure - bin.right);
    ece += gap / answers.n;
    mce = Math.max(mce, gap / bin.n);
    const [low, high] = wilson95(bin.right, bin.n);
    return { ...bin, confidence: bin.sure / bin.n, accuracy: bin.right / bin.n, interval: [low, high] };
  });
  const mceOfMany = Math.max(...pooled(filled).map((bin) => Math.abs(bin.sure - bin.right) / bin.n));
  return { bins: filled, ece, mce, mceOfMany, accuracy: right / answers.n, confidence: sure / answers.n, gapInterval: gapInterval95(answers, sure / answers.n, right) };
}

/** Bins of at least so many examples: neighbours of fewer are pooled from the left, and what is left over with the last. */
export function pooled(bins, fewest = FEW_IN_A_BIN) {
  const made = [];
  const add = (to, bin) => ({ n: to.n + bin.n, sure: to.sure + bin.sure, right: to.right + bin.right });
  let open = { n: 0, sure: 0, right: 0 };
  for (const bin of bins) {
    open = add(open, bin);
    if (open.n < fewest) continue;
    made.push(open);
    open = { n: 0, sure: 0, right: 0 };
  }
  if (open.n) made.push(made.length ? add(made.pop(), open) : open);
  return made;
}

/** The interval of mean confidence − accuracy, as `of_overconfidence` of kdviz/measure/calibration_interval.py has it. */
function gapInterval95({ n, confidence, right }, mean, hits) {
  if (n < 2) return [NaN, NaN];
  const accuracy = hits / n;
  const [low, high] = wilson95(hits, n);
  let [squares, together] = [0, 0];
  confidence.forEach((p, i) => {
    squares += (p - mean) ** 2;
    together += (p - mean) * (right[i] - accuracy);
  });
  const half = (Z95 * Math.sqrt(squares / (n - 1))) / Math.sqrt(n);
  const spread = Math.sqrt(squares / n) * Math.sqrt(accuracy * (1 - accuracy));
  const r = spread > 0 ? together / n / spread : 0;
  const joined = (end) => Math.sqrt(Math.max(0, half ** 2 - 2 * r * half * end + end ** 2));
  return [mean - accuracy - joined(high - accuracy), mean - accuracy + joined(accuracy - low)];
}

/** The T in [0.01, 100] that gives these labels the highest likelihood: the NLL is convex in 1/T, so its slope is bisected. */
export function fittedTemperature(logits, labels, rows, classes) {
  const known = rows.filter((row) => labels[row] >= 0 && labels[row] < classes);
  const slope = (beta) => {
    let sum = 0;
    for (const row of known) {
      const z = logits.subarray(row * classes, (row + 1) * classes);
      const p = softmax(z, 1 / beta);
      for (let c = 0; c < classes; c++) sum += p[c] * (z[c] - z[labels[row]]);
    }
    return sum;
  };
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  if (slope(high) <= 0) return COLDEST;
  if (slope(low) >= 0) return HOTTEST;
  for (let i = 0; i < 40; i++) {
    const middle = Math.sqrt(low * high);
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 1 / Math.sqrt(low * high);
}
