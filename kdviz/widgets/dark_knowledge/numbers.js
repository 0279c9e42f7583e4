// Numbers over many examples, as kdviz/measure/dark_knowledge.py has them. Rows lie one after the other in typed arrays,
// n·C numbers; all is float64.

/** Indices of the examples that count: those with a label among the first `sample`. */
export function countedRows(labels, sample, classes) {
  const rows = [];
  for (let i = 0; i < Math.min(sample, labels.length); i++) if (labels[i] >= 0 && labels[i] < classes) rows.push(i);
  return rows;
}

export function roomFor(numbers) {
  return { p: new Float64Array(numbers), logP: new Float64Array(numbers) };
}

/** softmax(z / T) of these rows and its logarithm, written into `into`. */
export function softened(logits, rows, classes, temperature, into = roomFor(rows.length * classes)) {
  const { p, logP } = into;
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * classes;
    const to = i * classes;
    let top = -Infinity;
    for (let c = 0; c < classes; c++) {
      const z = logits[from + c] / temperature;
      logP[to + c] = z;
      if (z > top) top = z;
    }
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      logP[to + c] -= top;
      sum += p[to + c] = Math.exp(logP[to + c]);
    }
    const logSum = Math.log(sum);
    for (let c = 0; c < classes; c++) {
      p[to + c] /= sum;
      logP[to + c] -= logSum;
    }
  }
  return into;
}

export function examplesPerClass(labels, classes) {
  const counts = new Int32Array(classes);
  for (const y of labels) counts[y] += 1;
  return counts;
}

/** Mean of p over the examples of each true class, C·C numbers; NaN in the row of a class without one. */
export function meanSoftTargets(p, labels, classes, counts = examplesPerClass(labels, classes)) {
  const means = new Float64Array(classes * classes);
  for (let i = 0; i < labels.length; i++) {
    const row = labels[i] * classes;
    for (let c = 0; c < classes; c++) means[row + c] += p[i * classes + c];
  }
  for (let i = 0; i < means.length; i++) means[i] /= counts[Math.floor(i / classes)];
  return means;
}

/** The `count` classes with most of each class's mean soft targets beside itself, nearest first; -1 where there is none. */
export function nearestClasses(means, classes, count = 2) {
  const nearest = new Int32Array(classes * count).fill(-1);
  for (let y = 0; y < classes; y++) {
    for (let k = 0; k < count; k++) {
      let best = -1;
      for (let c = 0; c < classes; c++) {
        const value = means[y * classes + c];
        const taken = c === y || nearest.subarray(y * count, y * count + k).includes(c) || Number.isNaN(value);
        if (!taken && (best < 0 || value > means[y * classes + best])) best = c;
      }
      nearest[y * count + k] = best;
    }
  }
  return nearest;
}

/** Entropy of each row in bits. */
export function entropies({ p, logP }, classes) {
  const bits = new Float64Array(p.length / classes);
  for (let i = 0; i < bits.length; i++) {
    let sum = 0;
    for (let k = i * classes; k < (i + 1) * classes; k++) if (p[k] > 0) sum -= p[k] * logP[k];
    bits[i] = Math.max(0, sum / Math.LN2);
  }
  return bits;
}

/** Probability on all classes but the true one, of each row; summed over the others, so that 1e-12 is not lost beside 1. */
export function nonTargetMass({ p }, labels, classes) {
  const masses = new Float64Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) if (c !== labels[i]) sum += p[i * classes + c];
    masses[i] = sum;
  }
  return masses;
}

/**
 * Mean length of the soft term's gradient with respect to the student's logits, without its weight α:
 * of T² · KL(p ‖ q), which is T (q − p); `reversed`, of T² · KL(q ‖ p), which is T q_c (log q_c − log p_c − KL(q ‖ p)).
 */
export function softGradientLength(student, teacher, classes, temperature, reversed) {
  let total = 0;
  for (let from = 0; from < student.p.length; from += classes) {
    const square = reversed ? reversedSquare(student, teacher, from, classes) : forwardSquare(student.p, teacher.p, from, classes);
    total += Math.sqrt(square);
  }
  return (temperature * total * classes) / student.p.length;
}

export function forwardSquare(q, p, from, classes) {
  let square = 0;
  for (let k = from; k < from + classes; k++) square += (q[k] - p[k]) ** 2;
  return square;
}

export function reversedSquare(student, teacher, from, classes) {
  const q = student.p;
  let kl = 0;
  for (let k = from; k < from + classes; k++) kl += q[k] * (student.logP[k] - teacher.logP[k]);
  let square = 0;
  for (let k = from; k < from + classes; k++) square += (q[k] * (student.logP[k] - teacher.logP[k] - kl)) ** 2;
  return square;
}

/** Mean length of the hard term's gradient, σ(s) − onehot(y), without its weight; `student` at T = 1. */
export function hardGradientLength({ p }, labels, classes) {
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    let square = 0;
    for (let c = 0; c < classes; c++) square += (p[i * classes + c] - (c === labels[i] ? 1 : 0)) ** 2;
    total += Math.sqrt(square);
  }
  return total / labels.length;
}

/** α·g / (α·g + (1 − α)·h); NaN where both are 0. */
export function gradientShare(soft, hard, alpha) {
  return (alpha * soft) / (alpha * soft + (1 - alpha) * hard);
}

/** `count` temperatures from low to high, each the same multiple of the one before. */
export function temperatureGrid([low, high], count) {
  return Float64Array.from({ length: count }, (_, k) => low * (high / low) ** (k / (count - 1)));
}

/** Median of finite numbers: the mean of the two middle ones where their number is even. */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many values fall into each of `bins` equal parts of [0, top]; the last one includes its end. */
export function histogram(values, top, bins) {
  const counts = new Int32Array(bins);
  for (const v of values) counts[Math.min(bins - 1, Math.max(0, Math.floor((v / top) * bins)))] += 1;
  return counts;
}
