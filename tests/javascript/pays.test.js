import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { curves, daysShown, decades, pays } from "../../kdviz/widgets/pays/sums.js";

const BY_HAND = JSON.parse(readFileSync(new URL("pays.json", import.meta.url), "utf8"));

const near = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test("the page's sums are those by hand, which Python's are held against too", () => {
  for (const { work, use, found } of BY_HAND) {
    const mine = pays(work, use);
    assert.equal(mine.verdict, found.verdict);
    if (found.day === null) assert.equal(mine.day, Infinity);
    else near(mine.day, found.day);
    for (const name of ["spent", "saved", "left"]) near(mine[name], found[name]);
  }
});

test("the curves meet on the day from which it pays, and are as far apart at the end as is left", () => {
  for (const { work, use, found } of BY_HAND) {
    const of = curves(work, use);
    if (found.day !== null) near(of.other(found.day), of.student(found.day));
    near(of.other(use.days) - of.student(use.days), found.left);
  }
});

test("the figure shows the lifetime and the day, unless that is very far, and rounds at powers of ten", () => {
  for (const day of [0.001, 3, 400, 40_000]) {
    const [low, high] = daysShown(day, 365);
    assert.ok(low < day && day < high && low < 365 && 365 < high);
  }
  assert.ok(daysShown(1e9, 1)[1] === 1000 && daysShown(Infinity, 100)[1] === 150);
  assert.deepEqual(decades(0.02, 300), [-1, 0, 1, 2]);
  assert.ok(decades(1e-9, 1e9).length <= 7);
});
