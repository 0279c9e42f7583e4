import assert from "node:assert/strict";
import { test } from "node:test";

import * as f from "../../kdviz/widgets/shared/format.js";

const GERMAN = f.marksOf("de");

test("a probability is never rounded to 0 or 1", () => {
  const cases = [[0, "0"], [1, "1"], [0.5, "0.5000"], [0.99996, ">0.9999"], [0.0001, "0.0001"], [3.2e-7, "3×10⁻⁷"], [9.7e-6, "1×10⁻⁵"], [null, "–"], [NaN, "–"]];
  for (const [p, text] of cases) assert.equal(f.probability(p), text);
});

test("a quantity has four significant digits, and an exponent when it is tiny or huge", () => {
  const cases = [
    [0, "0"], [2, "2.000"], [12.345, "12.35"], [1234.5, "1235"], [0.05, "0.0500"], [0.0004, "0.00040"],
    [2.5e6, "2.5×10⁶"], [-3e-6, "−3.0×10⁻⁶"], [-0.25, "−0.2500"], [undefined, "–"],
  ];
  for (const [x, text] of cases) assert.equal(f.quantity(x), text);
});

test("a minus is a true one, wherever it stands", () => {
  assert.equal(f.signed(-2), "−2");
  assert.equal(f.signed(1.504), "+1.5");
  assert.equal(f.signed(0), "0");
  assert.equal(f.fixed(-0.126, 2), "−0.13");
  assert.equal(f.short(-3.3712), "−3.37");
  assert.equal(f.percent(-4.5), "−4.50\u00a0%");
  assert.equal(f.grouped(-12345), "−12,345");
  assert.equal(f.powerOfTen(-12), "10⁻¹²");
});

test("a percent sign follows a no-break space", () => {
  assert.equal(f.percent(0.5), "0.50\u00a0%");
  assert.equal(f.percent(99.44), "99.4\u00a0%");
  assert.equal(f.wholePercent(0.456), "46\u00a0%");
});

test("a share in whole percent is neither nothing nor all unless it is", () => {
  assert.deepEqual([0, 0.004, 0.994, 1].map(f.wholePercent), ["0\u00a0%", "less than 1\u00a0%", "more than 99\u00a0%", "100\u00a0%"]);
});

test("thousands are set apart", () => {
  assert.deepEqual([0, 999, 1000, 1234567.8].map((x) => f.grouped(x)), ["0", "999", "1,000", "1,234,568"]);
  assert.deepEqual([9999, 50890, 1234567, 2e9].map(f.compact), ["9,999", "50.9 k", "1.23 M", "2 G"]);
});

test("German has its own marks", () => {
  assert.equal(f.written("-0.25", GERMAN), "−0,25");
  assert.equal(f.grouped(1234567, GERMAN), "1.234.567");
});

test("seconds are said as people say them", () => {
  assert.deepEqual([0.4, 12, 200, 240, 1200, 3900].map(f.duration), ["under 1 s", "12 s", "3 min 20 s", "4 min", "20 min", "1 h 5 min"]);
});
