// Two humps of equal width, p, and the one hump q = N(m, s²) that is nearest to them: by KL(p ‖ q), and by KL(q ‖ p).

const REACH = 8; // in standard deviations: beyond it a hump has nothing
const FINE = 0.03; // the largest step of a sum over x, in units of x
const MOST_NODES = 1601;
const STEPS = 60; // of Newton; some ten are needed
const FLAT = 1e-7; // a slope at which a step goes nowhere
const LOG_2PI = Math.log(2 * Math.PI);

/** p = share · N(first, width²) + (1 − share) · N(second, width²). */
function logDensity({ first, second, share, width }, x) {
  const [a, b] = [first, second].map((place, i) => Math.log(i ? 1 - share : share) - ((x - place) / width) ** 2 / 2);
  const top = Math.max(a, b);
  return top + Math.log(Math.exp(a - top) + Math.exp(b - top)) - Math.log(width) - LOG_2PI / 2;
}

export function density(humps, x) {
  return Math.exp(logDensity(humps, x));
}

export function bell({ mean, width }, x) {
  return Math.exp(-(((x - mean) / width) ** 2) / 2 - LOG_2PI / 2) / width;
}

/** How much of p's probability the first hump has at x, and the first two derivatives of log p there. */
function slopes({ first, second, share, width }, x) {
  const odds = Math.log(share / (1 - share)) + (((x - second) / width) ** 2 - ((x - first) / width) ** 2) / 2;
  const own = 1 / (1 + Math.exp(-odds));
  const slope = (own * first + (1 - own) * second - x) / width ** 2;
  const bend = -1 / width ** 2 + (own * (1 - own) * (first - second) ** 2) / width ** 4;
  return [slope, bend];
}

/** KL(p ‖ q) is least where q has p's mean and variance. */
export function forwardFit(humps) {
  const { first, second, share, width } = humps;
  const mean = share * first + (1 - share) * second;
  const spread = Math.sqrt(width ** 2 + share * (1 - share) * (first - second) ** 2);
  return { mean, width: spread, divergence: (LOG_2PI + 1) / 2 + Math.log(spread) - entropy(humps) };
}

/** The entropy of p in nats. */
function entropy(humps) {
  const { first, second, width } = humps;
  const [low, high] = [Math.min(first, second) - REACH * width, Math.max(first, second) + REACH * width];
  const count = Math.ceil((high - low) / Math.min(FINE, width / 20));
  const step = (high - low) / count;
  let sum = 0;
  for (let i = 0; i <= count; i++) {
    const log = logDensity(humps, low + i * step);
    sum -= Math.exp(log) * log;
  }
  return sum * step;
}

/** The places over which an expectation under q is summed, in its standard deviations, with their weights. */
function nodesFor(width) {
  const count = Math.min(MOST_NODES, Math.max(161, Math.ceil((2 * REACH * width) / FINE)));
  const step = (2 * REACH) / (count - 1);
  return Array.from({ length: count }, (_, i) => {
    const z = -REACH + i * step;
    return [z, step * Math.exp(-(z ** 2) / 2 - LOG_2PI / 2)];
  });
}

/** KL(q ‖ p) in nats, with its slopes and bends in the mean m and in a = log s. */
export function reverseKl(humps, mean, logWidth) {
  const width = Math.exp(logWidth);
  const sums = { value: -logWidth - (LOG_2PI + 1) / 2, m: 0, a: -1, mm: 0, ma: 0, aa: 0 };
  for (const [z, weight] of nodesFor(width)) {
    const x = mean + width * z;
    const [slope, bend] = slopes(humps, x);
    sums.value -= weight * logDensity(humps, x);
    sums.m -= weight * slope;
    sums.a -= weight * slope * width * z;
    sums.mm -= weight * bend;
    sums.ma -= weight * bend * width * z;
    sums.aa -= weight * (bend * (width * z) ** 2 + slope * width * z);
  }
  return sums;
}

/** From a place downhill: Newton's step where the valley is bowl-shaped, else that of the gradient; halved until it helps. */
function downhill(humps, mean, logWidth) {
  let now = { mean, logWidth, ...reverseKl(humps, mean, logWidth) };
  for (let i = 0; i < STEPS && Math.abs(now.m * Math.exp(now.logWidth)) + Math.abs(now.a) > FLAT; i++) {
    const det = now.mm * now.aa - now.ma ** 2;
    const bowl = now.mm > 0 && det > 0;
    let [dm, da] = bowl ? [(now.aa * now.m - now.ma * now.a) / det, (now.mm * now.a - now.ma * now.m) / det] : [now.m * Math.exp(2 * now.logWidth), now.a];
    const size = Math.max(1, Math.abs(dm) / 2, Math.abs(da));
    [dm, da] = [dm / size, da / size];
    let next = null;
    for (let half = 0; half < 20 && next === null; half++, dm /= 2, da /= 2) {
      const tried = { mean: now.mean - dm, logWidth: now.logWidth - da };
      const found = reverseKl(humps, tried.mean, tried.logWidth);
      if (found.value < now.value) next = { ...tried, ...found };
    }
    if (next === null) return now;
    now = next;
  }
  return now;
}

/** The places where KL(q ‖ p) is least among their neighbours, the lowest first. */
export function reverseFits(humps) {
  const wide = forwardFit(humps);
  const starts = [[humps.first, humps.width], [humps.second, humps.width], [wide.mean, wide.width]];
  const ends = starts.map(([mean, width]) => downhill(humps, mean, Math.log(width))).sort((a, b) => a.value - b.value);
  const apart = ends.filter((one, i) => ends.slice(0, i).every((other) => Math.abs(one.mean - other.mean) > 0.05 * humps.width));
  return apart.map(({ mean, logWidth, value }) => ({ mean, width: Math.exp(logWidth), divergence: Math.max(0, value) }));
}

/** The probability that N(mean, width²) has between two places. */
export function between({ mean, width }, low, high) {
  return normal((high - mean) / width) - normal((low - mean) / width);
}

/** Of N(0, 1) below z, with seven digits (Abramowitz and Stegun 7.1.26). */
function normal(z) {
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const rest = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-(z ** 2) / 2);
  return z >= 0 ? 1 - rest / 2 : rest / 2;
}

/** The valley between the humps: the middle half of the way, and how much p has there. */
export function valley(humps) {
  const { first, second, share, width } = humps;
  const [middle, half] = [(first + second) / 2, Math.abs(first - second) / 4];
  const [low, high] = [middle - half, middle + half];
  const held = share * between({ mean: first, width }, low, high) + (1 - share) * between({ mean: second, width }, low, high);
  return { low, high, held };
}

/** Where a fit stands: on the "left" or the "right" hump, or "between" them. */
export function standsAt({ mean }, humps) {
  const { low, high } = valley(humps);
  return mean < low ? "left" : mean > high ? "right" : "between";
}

/** Whether p has a valley at all: two humps nearer than two widths, of equal share, are one. */
export function hasValley({ first, second, width }) {
  return Math.abs(first - second) > 2 * width;
}
