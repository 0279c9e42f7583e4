// Numbers of the matrices: what is drawn of two of them, and where one class ends.

/** float32 numbers as they came: little-endian bytes at any offset. */
export function floats(view) {
  if (!view?.byteLength) return new Float32Array(0);
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
}

/** Teacher, student and student − teacher, with the ends of their common scale and the largest difference. */
export function threeMaps(teacher, student) {
  const difference = new Float32Array(teacher.length);
  let [low, high, most] = [Infinity, -Infinity, 0];
  for (let i = 0; i < teacher.length; i++) {
    difference[i] = student[i] - teacher[i];
    low = Math.min(low, teacher[i], student[i]);
    high = Math.max(high, teacher[i], student[i]);
    most = Math.max(most, Math.abs(difference[i]));
  }
  return { teacher, student, difference, low, high: high > low ? high : low + 1, most: most || 1 };
}

/** A number's place among 256 colours: on the common scale, or around the middle for a difference. */
export function shade(maps, name, value) {
  const share = name === "difference" ? 0.5 + value / (2 * maps.most) : (value - maps.low) / (maps.high - maps.low);
  return Math.max(0, Math.min(255, Math.round(255 * share)));
}

/** Runs of equal labels: [{ label, from, to }], `to` excluded. */
export function blocks(labels) {
  const found = [];
  labels.forEach((label, i) => {
    if (found.length && found.at(-1).label === label) found.at(-1).to = i + 1;
    else found.push({ label, from: i, to: i + 1 });
  });
  return found;
}
