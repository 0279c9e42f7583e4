// The privacy view's curves: log axes, and the share of members found at a share of false ones.

import assert from "node:assert/strict";
import test from "node:test";

import { curvePath, logPlace, lowestShare, trueAt } from "../../kdviz/widgets/privacy/numbers.js";

const CURVE = [[0, 0.001, 0.01, 0.1, 1], [0, 0.1, 0.2, 0.5, 1]];

test("axes go down to a power of ten below one example", () => {
  assert.equal(lowestShare(2000), 1e-4);
  assert.ok(Math.abs(lowestShare(100) - 0.01) < 1e-12);
  assert.equal(logPlace(1, 1e-4), 1);
  assert.ok(Math.abs(logPlace(0.01, 1e-4) - 0.5) < 1e-12);
  assert.equal(logPlace(0, 1e-4), 0);
});

test("a share of false ones has the highest share of members that needs no more", () => {
  assert.equal(trueAt(CURVE, 0.01), 0.2);
  assert.equal(trueAt(CURVE, 0.0999), 0.2);
  assert.equal(trueAt(CURVE, 1), 1);
});

test("the curve is drawn in steps from the left edge of the axes", () => {
  const path = curvePath(CURVE, 0.001, (v) => 100 * v, (v) => 100 - 100 * v);
  assert.ok(path.startsWith("M0.0 33.3"), path);
  assert.equal(path.match(/H/g).length, 3);
  assert.ok(path.endsWith("H100.0V0.0"));
});
