// Numbers as they are typed, ticks, marks in texts, and where names of lines stand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { numberOf } from "../../kdviz/widgets/question/fields.js";
import { bare } from "../../kdviz/widgets/question/marks.js";
import { namesBeside, pathOf, ticksOf } from "../../kdviz/widgets/question/plane.js";

test("a number is read as people type it", () => {
  for (const [text, value] of [
    ["12", 12], [" 1 234 ", 1234], ["1,234", 1234], ["1,234,567.5", 1234567.5], ["0,5", 0.5], ["12,5", 12.5], [".5", 0.5], ["5.", 5], ["+3", 3],
    ["−4", -4], ["-4.25", -4.25], ["1e-3", 0.001], ["2E+2", 200], ["1\u202f234", 1234], ["0.123", 0.123],
  ]) assert.equal(numberOf(text), value, text);
  for (const text of ["", " ", "-", "abc", "1.2.3", "1,23,4", "--1", "1e999", "0x10", "NaN", "Infinity", "12 errors"]) assert.equal(numberOf(text), null, text);
});

test("its unit may stand behind it", () => {
  assert.equal(numberOf("12 errors", " errors"), 12);
  assert.equal(numberOf("12.5%", "\u202f%"), 12.5);
  assert.equal(numberOf("errors", " errors"), null);
});

test("ticks are few and round, inside the axis", () => {
  const linear = (low, high) => ticksOf({ low, high, log: false });
  const log = (low, high) => ticksOf({ low, high, log: true });
  assert.deepEqual(linear(0, 1000), [0, 200, 400, 600, 800, 1000]);
  assert.deepEqual(linear(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(linear(-5, 5), [-4, -2, 0, 2, 4]);
  assert.deepEqual(linear(0.1, 0.3), [0.1, 0.15, 0.2, 0.25, 0.3]);
  assert.deepEqual(log(1, 16), [1, 2, 5, 10]);
  assert.deepEqual(log(0.1, 100), [0.1, 1, 10, 100]);
  assert.deepEqual(log(1e4, 1e6), [1e4, 1e5, 1e6]);
  for (const [low, high] of [[3, 4], [0.11, 0.19], [999, 1001], [1e-6, 1e6], [1, 1.01]]) {
    for (const ticks of [linear(low, high), log(low, high)]) {
      assert.ok(ticks.length > 1 && ticks.length <= 13, `${low} ${high} ${ticks}`);
      assert.ok(ticks.every((tick) => tick >= low - 1e-4 * (high - low) && tick <= high + 1e-4 * (high - low)));
    }
  }
});

test("code and emphasis are marks; multiplication and names with stars are none", () => {
  assert.equal(bare("Is *this* `softmax(z)`?"), "Is this softmax(z)?");
  for (const text of ["2 * 3 * 4", "a*b*c", "**", "`", "* a list", "T²·KL", "<b>&amp;</b>"]) assert.equal(bare(text), text);
});

test("names at the ends of two lines never stand on each other, whichever is higher", () => {
  const view = { unit: 1, box: { left: 0, right: 100, top: 12, bottom: 200 } };
  for (let first = 12; first <= 200; first += 4) {
    for (let second = 12; second <= 200; second += 4) {
      const [a, b] = namesBeside(view, first, second);
      assert.ok(Math.abs(a - b) >= 17.9, `${first} ${second} ${a} ${b}`);
      assert.ok(first === second || Math.sign(a - b) === Math.sign(first - second));
      assert.ok(Math.min(a, b) > 8 && Math.max(a, b) < 216);
    }
  }
});

test("a line leaves out what is not drawn", () => {
  assert.equal(pathOf([[0, 1], null, [2, 3.25]]), "M0.0 1.0L2.0 3.3");
  assert.equal(pathOf([null]), null);
});
