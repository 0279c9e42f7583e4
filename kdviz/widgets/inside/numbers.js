// What the drawings of the Inside view are computed with: bands of the loss, scales, and the nearest point.

export const BANDS = 12; // of the loss, on a log scale

/** Which band a loss lies in, 0 to BANDS − 1, between the lowest and the highest, by its logarithm. */
export function bandOf(loss, low, high) {
  if (!(high > low)) return 0;
  const floor = Math.max(low, 1e-6);
  const share = Math.log(Math.max(loss, floor) / floor) / Math.log(Math.max(high, floor * 1.000001) / floor);
  return Math.min(BANDS - 1, Math.max(0, Math.floor(share * BANDS)));
}

/** The lowest and the highest of all rows, without what is no number. */
export function endsOf(rows) {
  const known = rows.flat().filter(Number.isFinite);
  return known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
}

/** A scale that holds all points [x0, y0, x1, y1, ...], the same in both directions; places from 0 to 1. */
export function squareScale(points) {
  let [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  points.forEach((v, i) => {
    low[i % 2] = Math.min(low[i % 2], v);
    high[i % 2] = Math.max(high[i % 2], v);
  });
  if (!points.length) [low, high] = [[0, 0], [1, 1]];
  const size = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) * 1.08;
  const middle = [0, 1].map((k) => (low[k] + high[k]) / 2);
  return (v, k) => (k ? 0.5 - (v - middle[1]) / size : 0.5 + (v - middle[0]) / size);
}

/** The index of the point nearest to a place, within a distance; -1 where none is. */
export function nearestPoint(places, [x, y], within) {
  let [best, distance] = [-1, within * within];
  for (let i = 0; 2 * i + 1 < places.length; i++) {
    const d = (places[2 * i] - x) ** 2 + (places[2 * i + 1] - y) ** 2;
    if (d <= distance) [best, distance] = [i, d];
  }
  return best;
}

/** The nearest point in a direction (dx, dy), up to 45° beside it; where none is, the one where it is. */
export function pointTowards(places, from, dx, dy) {
  let [best, distance] = [from, Infinity];
  for (let i = 0; 2 * i + 1 < places.length; i++) {
    const [x, y] = [places[2 * i] - places[2 * from], places[2 * i + 1] - places[2 * from + 1]];
    const [along, aside] = [x * dx + y * dy, Math.abs(x * dy - y * dx)];
    if (i !== from && along > 1e-9 && aside <= along && along + aside < distance) [best, distance] = [i, along + aside];
  }
  return best;
}
