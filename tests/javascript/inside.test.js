// The Inside view's numbers: bands of the loss, and points that a place or a direction finds.

import assert from "node:assert/strict";
import test from "node:test";

import { BANDS, bandOf, endsOf, nearestPoint, pointTowards, squareScale } from "../../kdviz/widgets/inside/numbers.js";

test("bands go by the logarithm of the loss, from the lowest to the highest", () => {
  assert.equal(bandOf(0.01, 0.01, 10), 0);
  assert.equal(bandOf(10, 0.01, 10), BANDS - 1);
  assert.equal(bandOf(Math.sqrt(0.1), 0.01, 10), BANDS / 2);
  assert.equal(bandOf(1, 1, 1), 0);
  assert.equal(bandOf(0, 0, 10), 0);
  assert.deepEqual(endsOf([[1, 3], [Number.NaN, 2]]), [1, 3]);
});

test("points keep their proportions on a square", () => {
  const scale = squareScale([0, 0, 4, 1]);
  assert.ok(Math.abs(scale(2, 0) - 0.5) < 1e-12 && Math.abs(scale(0.5, 1) - 0.5) < 1e-12);
  assert.ok(scale(1, 1) < scale(0, 1), "upwards is up");
  assert.ok(Math.abs(scale(1, 0) - scale(0, 0) - (scale(0, 1) - scale(1, 1))) < 1e-12);
});

test("a place finds the nearest point within reach, a direction the nearest one that way", () => {
  const places = [0.5, 0.5, 0.6, 0.5, 0.9, 0.5, 0.5, 0.1];
  assert.equal(nearestPoint(places, [0.58, 0.51], 0.05), 1);
  assert.equal(nearestPoint(places, [0.2, 0.9], 0.05), -1);
  assert.equal(pointTowards(places, 0, 1, 0), 1);
  assert.equal(pointTowards(places, 1, 1, 0), 2);
  assert.equal(pointTowards(places, 0, 0, -1), 3);
  assert.equal(pointTowards(places, 0, -1, 0), 0, "nothing lies there");
});
