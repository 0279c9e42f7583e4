// Which images hang on the wall, and how many of them are answered right.

export const WALL = 40;

/** The first `WALL` of the class left out and of all others, of the random sample: nobody picked them. */
export function wallRows(labels, sample, omitted) {
  const [own, others] = [[], []];
  for (let i = 0; i < Math.min(sample, labels.length); i++) {
    if (labels[i] < 0) continue;
    const kind = labels[i] === omitted ? own : others;
    if (kind.length < WALL) kind.push(i);
  }
  return { own, others };
}

export function rightOf(rows, says, labels) {
  return rows.reduce((right, i) => right + (says[i] === labels[i] ? 1 : 0), 0);
}
