// Reducers over many examples. Against Python's own they stand in tests/widgets; here are the edges.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as calibration from "../../kdviz/widgets/calibration/numbers.js";
import * as dark from "../../kdviz/widgets/dark_knowledge/numbers.js";
import { drawnPicture } from "../../kdviz/widgets/digit_pad/strokes.js";
import { fidelityNumbers, meanDivergence, rankAgreement } from "../../kdviz/widgets/fidelity/numbers.js";

test("the four cells of teacher and student count every labelled example once", () => {
  const teacher = [2, 0, 2, 0, 0, 2, 0, 2, 2, 0];
  const student = [2, 0, 0, 2, 2, 0, 0, 2, 2, 0];
  const found = fidelityNumbers(teacher, student, [0, 0, 0, 0, -1], [0, 1, 2, 3, 4], 2);
  assert.deepEqual(found.cells, { both_right: 1, errors_new: 1, errors_corrected: 1, errors_inherited: 1 });
  assert.deepEqual([found.n, found.labelled, found.agreed, found.same], [5, 4, 3, 1]);
});

test("the agreement of ranks is 1 for the same order, −1 for the reverse, and not defined for equals", () => {
  assert.equal(rankAgreement([1, 2, 3], [10, 20, 30], [0], 3), 1);
  assert.equal(rankAgreement([1, 2, 3], [3, 2, 1], [0], 3), -1);
  assert.ok(Number.isNaN(rankAgreement([1, 1, 1], [3, 2, 1], [0], 3)));
  assert.ok(Number.isNaN(meanDivergence(new Float32Array(0), new Float32Array(0), [], 2, 1)));
});

test("Wilson's interval holds the share, stays within [0, 1], and narrows with n", () => {
  for (const [k, n] of [[0, 5], [1, 5], [5, 5], [50, 100], [0, 1000]]) {
    const [low, high] = calibration.wilson95(k, n);
    assert.ok(low >= 0 && high <= 1 && low <= k / n && k / n <= high);
  }
  const width = ([low, high]) => high - low;
  assert.ok(width(calibration.wilson95(500, 1000)) < width(calibration.wilson95(50, 100)));
});

test("a bin holds its upper edge, and empty bins are left out", () => {
  const found = calibration.reliability({ n: 3, confidence: Float64Array.of(0.5, 0.5, 1), right: Uint8Array.of(1, 0, 1) }, 2, "width");
  assert.deepEqual(found.bins.map((b) => b.n), [2, 1]);
  assert.deepEqual([found.ece, found.mce, found.accuracy], [0, 0, 2 / 3]);
  assert.equal(calibration.reliability({ n: 1, confidence: Float64Array.of(0.9), right: Uint8Array.of(1) }, 10, "width").bins.length, 1);
});

test("the best temperature ends at its bounds where the likelihood has no summit", () => {
  const sure = Float32Array.of(10, 0, 0, 10);
  assert.equal(calibration.fittedTemperature(sure, [0, 1], [0, 1], 2), calibration.COLDEST);
  assert.equal(calibration.fittedTemperature(sure, [1, 0], [0, 1], 2), calibration.HOTTEST);
});

test("the mean soft targets of a class without examples are none", () => {
  const means = dark.meanSoftTargets([0.9, 0.1, 0.7, 0.3], [0, 0], 2);
  assert.deepEqual([...means.subarray(0, 2)].map((v) => Number(v.toFixed(12))), [0.8, 0.2]);
  assert.ok(means.subarray(2).every(Number.isNaN));
  assert.deepEqual([...dark.nearestClasses(means, 2, 2)], [1, -1, -1, -1]);
});

test("the share of the gradient is 0 and 1 at the ends of α, and none where nothing pulls", () => {
  assert.deepEqual([dark.gradientShare(2, 3, 0), dark.gradientShare(2, 3, 1), dark.gradientShare(3, 3, 0.5)], [0, 1, 0.5]);
  assert.ok(Number.isNaN(dark.gradientShare(0, 0, 0.5)));
});

test("a histogram counts every value once, its end included", () => {
  assert.deepEqual([...dark.histogram([0, 0.49, 0.5, 1], 1, 2)], [2, 2]);
  assert.equal(dark.median([3, 1, 2, 10]), 2.5);
});

test("a drawing is centred and fits, wherever and however small it was drawn", () => {
  const square = (x, size) => [{ kind: "pen", points: [x, x, x + size, x, x + size, x + size, x, x + size, x, x] }];
  for (const steps of [square(3, 20), square(15, 8)]) {
    const pixels = drawnPicture(steps, { height: 28, width: 28, fit: 20 });
    const inked = [...pixels.keys()].filter((i) => pixels[i] > 127).map((i) => i % 28);
    assert.deepEqual([Math.min(...inked), Math.max(...inked)], [5, 24]); // the centre of mass at 14
  }
  assert.ok(drawnPicture([], { height: 28, width: 28, fit: 20 }).every((v) => v === 0), "blank");
});
