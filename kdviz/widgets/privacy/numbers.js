// Log axes of a ROC curve, and the curve's value at a share of false ones.

export const LOWEST = 1e-4; // of a share on a log axis, however many examples there are

/** The lowest share that the axes go down to: below one example of the others, by a whole power of ten. */
export function lowestShare(others) {
  return Math.max(LOWEST, 10 ** Math.floor(Math.log10(1 / Math.max(2, others)) + 1e-9));
}

/** Where a share lies between the lowest (0) and 1 (1) on a log axis; below the lowest it lies at 0. */
export function logPlace(share, lowest) {
  return share <= lowest ? 0 : 1 - Math.log(share) / Math.log(lowest);
}

/** The highest true positive rate that needs no more than so many false ones. */
export function trueAt([fpr, tpr], at) {
  let best = 0;
  for (let i = 0; i < fpr.length; i++) if (fpr[i] <= at + 1e-12 && tpr[i] > best) best = tpr[i];
  return best;
}

/** The curve as a path of steps between places on log axes, from where its false ones enter them. */
export function curvePath([fpr, tpr], lowest, x, y) {
  const places = fpr.map((share, i) => [logPlace(share, lowest), logPlace(tpr[i], lowest)]);
  const from = Math.max(0, fpr.findLastIndex((share) => share <= lowest));
  let path = `M${x(0).toFixed(1)} ${y(places[from][1]).toFixed(1)}`;
  for (const [px, py] of places.slice(from + 1)) path += `H${x(px).toFixed(1)}V${y(py).toFixed(1)}`;
  return path;
}
