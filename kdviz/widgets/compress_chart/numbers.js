// Scales of the chart: bytes and times by ratio, errors from 0 or by ratio, the third number as the area of a mark.

export const AXES = ["gzipped", "bytes", "ratio"];
const LEAST = 3.5; // radius of the smallest mark, in pixels
const MOST = 11;

/** Ends of an axis by ratio, with room on both sides; at least a factor of 2 apart. */
export function ratioEnds(values) {
  const positive = values.filter((v) => v > 0);
  if (!positive.length) return [1, 10];
  const [low, high] = [Math.min(...positive), Math.max(...positive)];
  const room = Math.max(Math.log10(high / low) * 0.07, 0.15);
  return [low / 10 ** room, high * 10 ** room];
}

/** Where a value lies between the ends, from 0 to 1, by ratio.
 *
 * @param {number} value
 * @param {number[]} ends
 */
export function byRatio(value, ends) {
  const [low, high] = ends;
  return Math.log(Math.max(value, low) / low) / Math.log(high / low);
}

/** Round numbers within the ends: 1, 2 and 5 times powers of ten; only powers where those would be many.
 *
 * @param {number[]} ends
 */
export function ratioTicks(ends, most = 6) {
  const [low, high] = ends;
  for (const mantissas of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const mantissa of mantissas) {
        const tick = Number((mantissa * 10 ** power).toPrecision(3));
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length <= most || mantissas.length === 1) return ticks;
  }
  return [];
}

/** The radius of a mark: its area grows with the logarithm of the number, the largest is the teacher's. */
export function radius(value, values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = high > low ? Math.log(value / low) / Math.log(high / low) : 0.5;
  return Math.sqrt(LEAST ** 2 + share * (MOST ** 2 - LEAST ** 2));
}

/** What the area of a mark shows beside an axis. */
export function thirdOf(across) {
  return across === "ratio" ? "gzipped" : "ratio";
}
