import assert from "node:assert/strict";
import { test } from "node:test";

import { byRatio, radius, ratioEnds, ratioTicks, thirdOf } from "../../kdviz/widgets/compress_chart/numbers.js";

test("the ends of an axis hold all values with room, and are never one", () => {
  const [low, high] = ratioEnds([12_000, 300_000, 5_700_000]);
  assert.ok(low < 12_000 && high > 5_700_000 && high / low < 5_700_000 / 12_000 * 3);
  const [one, other] = ratioEnds([70, 70]);
  assert.ok(one < 70 && other > 70 && other / one > 1.9);
  assert.deepEqual(ratioEnds([]), [1, 10]);
});

test("places are by ratio, and what lies below stands at the end", () => {
  assert.deepEqual([byRatio(1, [1, 100]), byRatio(10, [1, 100]), byRatio(100, [1, 100]), byRatio(0, [1, 100])], [0, 0.5, 1, 0]);
});

test("ticks are round and few", () => {
  assert.deepEqual(ratioTicks([45, 950]), [50, 100, 200, 500]);
  assert.deepEqual(ratioTicks([9_000, 7_000_000], 7), [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000]);
  assert.deepEqual(ratioTicks([9_000, 7_000_000], 4), [10_000, 100_000, 1_000_000]);
  assert.deepEqual(ratioTicks([0.08, 1.4]), [0.1, 0.2, 0.5, 1]);
});

test("the area of a mark grows with the number", () => {
  const of = (value) => radius(value, [0.1, 0.3, 1]) ** 2;
  assert.ok(of(0.1) < of(0.3) && of(0.3) < of(1));
  assert.equal(radius(2, [2, 2]), radius(5, [5]));
  assert.deepEqual([thirdOf("ratio"), thirdOf("bytes"), thirdOf("gzipped")], ["gzipped", "ratio", "ratio"]);
});
