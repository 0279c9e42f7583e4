// Numbers of the drawings of a scheme: axes, paths, lengths, shades.

/** Round numbers from about low to about high, some four to six of them. */
export function roundTicks(low, high, most = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = power * ([1, 2, 5, 10].find((step) => step * power >= rough * 0.999) ?? 10);
  const ticks = [];
  for (let i = Math.ceil(low / size - 1e-9); i * size <= high * (1 + 1e-9) + 1e-12; i++) ticks.push(Number((i * size).toPrecision(12)));
  return ticks;
}

/** The ends of an axis that holds all numbers, with some room; from 0 where that is not far away. */
export function axisEnds(values, { room = 0.06 } = {}) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (high === low) return high === 0 ? [0, 1] : [Math.min(0, high), Math.max(0, high) * 1.1];
  const pad = (high - low) * room;
  return [low >= 0 && low < 0.4 * high ? 0 : low - pad, high + pad];
}

/** Values far beyond most of the others (a network that has not begun to learn) are not what an axis is made for. */
export function withoutOutliers(lines) {
  const values = lines.flatMap(({ y }) => y).filter(Number.isFinite).sort((a, b) => a - b);
  if (values.length < 12) return values;
  const most = 2.5 * values[Math.floor(0.75 * (values.length - 1))];
  return values.filter((value) => value <= most || most <= 0);
}

/** The path of a line whose points are given in px; a number that is none breaks it. */
export function linePath(xs, ys, x, y) {
  let begun = false;
  return xs.map((at, i) => {
    if (!Number.isFinite(ys[i])) {
      begun = false;
      return "";
    }
    const command = begun ? "L" : "M";
    begun = true;
    return `${command}${x(at).toFixed(1)} ${y(ys[i]).toFixed(1)}`;
  }).join("");
}

/** How much of the room each bar has: the longest has all of it. */
export function barShares(values) {
  const most = Math.max(0, ...values.filter(Number.isFinite));
  return values.map((value) => (most > 0 && Number.isFinite(value) ? Math.max(0, value / most) : 0));
}

/** A number's place from low (0) to high (1). */
export function shadeOf(value, low, high) {
  if (!Number.isFinite(value) || value === null) return 0;
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
}
