import assert from "node:assert/strict";
import { test } from "node:test";

import { domain, ticksOf } from "../../kdviz/widgets/experiments/forest.js";

test("the axis begins at 0 where the numbers lie near it, else around them, and holds them all", () => {
  assert.deepEqual(domain([68, 411])[0], 0);
  const far = domain([1600, 1650, 1760]);
  assert.ok(far[0] > 1500 && far[0] < 1600 && far[1] > 1760);
  const one = domain([5, 5]);
  assert.ok(one[0] < 5 && one[1] > 5);
});

test("its ticks are round, rise, and lie within it", () => {
  for (const ends of [[0, 411], [1590, 1770], [0, 3], [560, 2300], [0, 12_000]]) {
    const ticks = ticksOf(ends);
    assert.ok(ticks.length >= 2 && ticks.length <= 7, `${ends}: ${ticks}`);
    assert.ok(ticks[0] >= ends[0] && ticks.at(-1) <= ends[1]);
    const steps = new Set(ticks.slice(1).map((tick, i) => Number((tick - ticks[i]).toPrecision(9))));
    assert.equal(steps.size, 1);
    assert.match(String([...steps][0]), /^0?\.?[125]0*$/);
  }
});
