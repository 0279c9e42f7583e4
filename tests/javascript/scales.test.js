import assert from "node:assert/strict";
import { test } from "node:test";

import { barLength } from "../../kdviz/widgets/shared/bars.js";
import { seedsAxis, stacked } from "../../kdviz/widgets/learning_curves/seeds.js";
import { afterGuessing, linearAxis, logAxis, stepTicks } from "../../kdviz/widgets/shared/curve_axes.js";
import { runLook } from "../../kdviz/widgets/shared/run_key.js";
import { raiseBias } from "../../kdviz/widgets/shared/scene.js";
import { ratioStops } from "../../kdviz/widgets/shared/slider.js";
import { placed } from "../../kdviz/widgets/tour/place.js";

test("a bar is as long as its probability, or as its logarithm down to 10⁻⁶", () => {
  const length = (p, scale) => Number(barLength(Math.log(p), scale).toFixed(9));
  assert.deepEqual([1, 0.5, 0.001].map((p) => length(p, "linear")), [1, 0.5, 0.001]);
  assert.deepEqual([1, 1e-3, 1e-6, 1e-9].map((p) => length(p, "log")), [1, 0.5, 0, 0]);
});

test("a logarithmic axis reaches from the tick below the least to just above the most", () => {
  const axis = logAxis([0.7, 19]);
  assert.deepEqual([axis.ticks[0], axis.ticks.at(-1), axis.at(0.5), axis.broken], [0.5, 10, 0, 0]);
  assert.ok(axis.at(19) > 0.97 && axis.at(19) < 1, "no third of the height above the curves");
  assert.ok(axis.at(90) > 1, "off the axis, and not at its end");
  const decade = axis.at(10) - axis.at(1);
  assert.ok(Math.abs(axis.at(5) - axis.at(0.5) - decade) < 1e-12, "ten times more is always as far");
  assert.ok(logAxis([1, 1]).ticks.length >= 3);
  assert.deepEqual([logAxis([]).ticks[0], logAxis([]).ticks.at(-1)], [1, 20]);
});

test("0 % has a row of its own below a break of the logarithmic axis", () => {
  const { ticks, at, broken } = logAxis([0.7, 0, 34]);
  assert.deepEqual(ticks.slice(0, 2), [0, 0.5]);
  assert.ok(broken > 0.05 && broken < 0.25);
  assert.deepEqual([at(0), at(0.5)], [0, broken], "not where the lowest grid line is");
});

test("an axis is made for what was measured after training had begun", () => {
  const run = { steps: [0, 32, 64], values: [89, 18, NaN] };
  assert.deepEqual(afterGuessing([run]), [18]);
  assert.deepEqual(afterGuessing([{ steps: [0], values: [89] }]), [89], "where nothing else was measured");
  assert.deepEqual(afterGuessing([{ steps: [0], values: [89] }, run]), [18]);
});

test("the axis of seeds holds 0 and every difference, and its dots never cover one another", () => {
  const { low, high, ticks } = seedsAxis([-209, -128, 12], 6);
  assert.ok(low <= -209 && high >= 12 && ticks.includes(0));
  assert.ok(ticks.length <= 8);
  assert.deepEqual(seedsAxis([-200], 4).high, 0);
  assert.deepEqual(stacked([10, 11, 40, 12], 10), [0, 1, 0, 2]);
});

test("an axis of accuracies ends at 100 with seven ticks at most", () => {
  for (const low of [0, 37, 91, 99.5]) {
    const { ticks, at } = linearAxis([low, 99]);
    assert.equal(ticks.at(-1), 100);
    assert.ok(ticks[0] <= low && ticks.length <= 8);
    assert.deepEqual([at(ticks[0]), at(100)], [0, 1]);
  }
});

test("ticks of steps are 1, 2 or 5 times a power of ten, and fit", () => {
  for (const [last, room] of [[1, 5], [7, 4], [1920, 6], [123456, 3]]) {
    const ticks = stepTicks(last, room);
    assert.equal(ticks[0], 0);
    assert.ok(ticks.at(-1) <= last && ticks.length <= room + 1);
    if (ticks.length > 1) assert.match(String(ticks[1]), /^[125]0*$/);
  }
});

test("stops of a ratio slider rise from end to end and hold the round numbers", () => {
  const stops = ratioStops(0.5, 100);
  assert.deepEqual([stops[0], stops.at(-1)], [0.5, 100]);
  assert.ok(stops.every((v, i) => !i || v > stops[i - 1]));
  for (const round of [1, 2, 4, 10, 20]) assert.ok(stops.includes(round), String(round));
});

test("the looks of branches repeat after five, whatever their number", () => {
  assert.deepEqual([0, 4, 5, -1].map((colour) => runLook({ role: "branch", colour }).branch), [0, 4, 0, 4]);
  assert.deepEqual(runLook({ role: "twin" }), { name: "twin", branch: -1 });
});

test("a raised bias moves one class of every row", () => {
  const logits = Float32Array.from([0, 1, 2, 3]);
  raiseBias(logits, 1, 0.5, 2);
  assert.deepEqual([...logits], [0, 1.5, 2, 3.5]);
  raiseBias(logits, -1, 9, 2);
  assert.deepEqual([...logits], [0, 1.5, 2, 3.5], "of no class");
});

test("a card stands below a part, else above it, else at the foot, always inside the window", () => {
  const [card, view] = [{ width: 300, height: 100 }, { width: 800, height: 600 }];
  const part = (left, top, bottom) => ({ left, top, bottom });
  assert.deepEqual(placed(part(20, 50, 200), card, view), { left: 20, top: 212 });
  assert.deepEqual(placed(part(700, 300, 580), card, view), { left: 488, top: 188 });
  assert.deepEqual(placed(part(-50, 10, 590), card, view), { left: 12, top: 488 });
  assert.deepEqual(placed(part(0, 0, 900), card, { width: 200, height: 80 }), { left: 12, top: 12 });
});
