import assert from "node:assert/strict";
import { test } from "node:test";

import { cellSentence, differenceText, looks, mapSentence, nextCell, outcomeText, verdict } from "../../kdviz/widgets/study_map/numbers.js";

const errors = { name: "errors", title: "Test errors", unit: "count", better: "lower", of_twin: true };
const agreement = { name: "agreement", title: "Agreement", unit: "share", better: "higher", of_twin: false };

function cell(name, value, difference, low, high, more = {}) {
  return { name, x: 0, y: 0, seeds: 3, of: 3, failed: "", values: { errors: { value, sd: 4, n: 3, twin: value - difference, difference, low, high } }, ...more };
}

const cells = [
  cell("a", 500, -80, -120, -40), // clearly better
  cell("b", 590, 10, -30, 50), // inside the noise
  cell("c", 700, 120, 60, 180), // clearly worse
  { name: "d", x: 1, y: 1, seeds: 0, of: 3, failed: "", values: {} },
];

test("a cell is inside the noise exactly where its interval holds 0", () => {
  const of = (low, high, better = "lower") => verdict({ low, high }, { ...errors, better });
  assert.deepEqual([of(-3, 4), of(0, 9), of(-9, 0)], ["noise", "noise", "noise"]);
  assert.deepEqual([of(-9, -1), of(1, 9)], ["better", "worse"]);
  assert.deepEqual([of(-9, -1, "higher"), of(1, 9, "higher")], ["worse", "better"]);
  assert.deepEqual([of(null, null), verdict(undefined, errors)], ["unknown", "unknown"]);
});

test("values are coloured from worst to best, and what is inside the noise is grey", () => {
  const drawn = looks(cells, errors, "value");
  assert.deepEqual(drawn.map((one) => one.tone), ["value", "noise", "value", "none"]);
  assert.deepEqual(drawn.map((one) => one.strength), [1, 0.55, 0, 0]);
  const higher = looks(cells, { ...errors, better: "higher" }, "value");
  assert.deepEqual([higher[0].strength, higher[2].strength], [0, 1]);
});

test("differences are coloured by their side and size, one scale to both sides", () => {
  const drawn = looks(cells, errors, "difference");
  assert.deepEqual(drawn.map((one) => one.tone), ["better", "noise", "worse", "none"]);
  assert.deepEqual(drawn.map((one) => one.number), [-80, 10, 120, null]);
  assert.deepEqual([drawn[0].strength, drawn[2].strength], [80 / 120, 1]);
});

test("one value alone, and an outcome that no twin has, are drawn too", () => {
  assert.equal(looks([cells[0]], errors, "value")[0].strength, 1);
  const alike = [{ ...cells[0], values: { agreement: { value: 0.9, sd: null, n: 1 } } }];
  const [look] = looks(alike, agreement, "value");
  assert.deepEqual([look.tone, look.verdict, look.number], ["value", "unknown", 0.9]);
  assert.equal(cellSentence(alike[0], agreement, look), "a: Agreement 90.0\u00a0% (1 seed).");
});

test("numbers are written by their unit, with a true minus", () => {
  assert.deepEqual([outcomeText(1234.3, "count"), outcomeText(3.25, "count"), outcomeText(0.0482, "share"), outcomeText(null, "count")], ["1,234", "3.3", "4.8\u00a0%", "–"]);
  assert.deepEqual([differenceText(-80, "count"), differenceText(12.6, "count"), differenceText(-0.0123, "share"), differenceText(0, "count")], ["−80", "+13", "−1.2 points", "0"]);
  assert.deepEqual([differenceText(-0.02, "nats"), differenceText(0.02, ""), differenceText(-0.000123, ""), differenceText(4e-8, "")], ["−0.02", "+0.02", "−0.00012", "0"]);
  assert.deepEqual([outcomeText(0.01454, "ms"), outcomeText(12.34, "ms"), outcomeText(-0.4051, "nats")], ["0.015 ms", "12.3 ms", "−0.405"]);
});

test("a cell is read as one sentence", () => {
  const [drawn] = looks(cells, errors, "value");
  assert.equal(cellSentence(cells[0], errors, drawn), "a: Test errors 500 (3 seeds); −80 against the twin (95\u202f% CI −120 to −40): better than the twin.");
  assert.equal(cellSentence(cells[3], errors, { verdict: "unknown" }), "d: not run yet.");
  assert.match(cellSentence({ ...cells[3], failed: "the loss became NaN" }, errors, {}), /failed. the loss became NaN/);
});

test("the map is read as one sentence that counts the noise", () => {
  assert.equal(mapSentence(cells, errors), "Test errors: from 500 (a) to 700 (c). Of 3 cells 1 are better than the twin, 1 worse, 1 inside the noise.");
  assert.equal(mapSentence([cells[3]], errors), "Nothing has finished yet.");
});

test("arrow keys stay on the map", () => {
  assert.deepEqual(nextCell("ArrowRight", { x: 1, y: 0 }, 3, 2), { x: 2, y: 0 });
  assert.deepEqual(nextCell("ArrowRight", { x: 2, y: 0 }, 3, 2), { x: 2, y: 0 });
  assert.deepEqual(nextCell("ArrowUp", { x: 2, y: 0 }, 3, 2), { x: 2, y: 0 });
  assert.deepEqual(nextCell("End", { x: 0, y: 1 }, 3, 2), { x: 2, y: 1 });
  assert.equal(nextCell("Enter", { x: 0, y: 1 }, 3, 2), null);
});
