import assert from "node:assert/strict";
import { test } from "node:test";

import { differenceText, intervalText, wholeDifference } from "../../kdviz/widgets/learning_curves/difference.js";
import { compressed, gifWriter, paletteOf } from "../../kdviz/widgets/learning_curves/gif.js";
import { captionOf, fileName, mostProbable, pictureOf } from "../../kdviz/widgets/learning_curves/picture.js";
import { filmSteps } from "../../kdviz/widgets/learning_curves/sharing.js";
import { percent, shortPercent } from "../../kdviz/widgets/shared/format.js";

const against = (mean, low, high, seeds = [{ seed: 0, difference: mean }]) => ({ mean, low, high, seeds });

/** What a GIF's decoder makes of codes: the mirror of what wrote them. */
function decompressed(bytes) {
  const [clear, end] = [256, 257];
  const out = [];
  let [at, size, table, before] = [0, 9, [], null];
  const begin = () => [size, table, before] = [9, Array.from({ length: 258 }, (_, i) => [i]), null];
  for (;;) {
    let code = 0;
    for (let bit = 0; bit < size; bit++, at++) code |= ((bytes[at >> 3] >> (at & 7)) & 1) << bit;
    if (code === clear) begin();
    else if (code === end) return out;
    else {
      const entry = table[code] ?? [...before, before[0]];
      out.push(...entry);
      if (before && table.length < 4096) table.push([...before, entry[0]]);
      if (table.length === 1 << size && size < 12) size += 1;
      before = entry;
    }
  }
}

test("percents of labels have two digits, and nothing is nothing", () => {
  assert.deepEqual([4.86, 45.2, 95.14, 0, 100, 0.67].map(shortPercent), ["4.9\u00a0%", "45\u00a0%", "95.1\u00a0%", "0\u00a0%", "100\u00a0%", "0.67\u00a0%"]);
  assert.deepEqual([percent(0), shortPercent(undefined)], ["0\u00a0%", "–"]);
});

test("a difference is told as fewer or more, and as possible chance where its interval holds 0", () => {
  assert.equal(differenceText(against(-200, -239, -159)), "200 fewer test errors than its twin");
  assert.equal(differenceText(against(-200, -239, -159), 17), "17 fewer test errors than its twin", "while it counts");
  assert.equal(differenceText(against(1, -5, 7)), "1 more test error than its twin");
  assert.equal(differenceText(against(0, null, null)), "as many test errors as its twin");
  assert.equal(differenceText(against(-181.6, -225, -139, Array(5).fill({}))), "182 fewer test errors than its twin, mean of 5 seeds");
  assert.equal(intervalText(against(-200, -239, -159)), "95\u00a0% CI 159 to 239");
  assert.equal(intervalText(against(8, -12, 28)), "could be chance: 95\u00a0% CI 12 fewer to 28 more");
  assert.deepEqual([intervalText(against(0, null, null)), wholeDifference(against(-181.6))], ["", -182]);
});

test("the caption has this run's numbers, and its file says what it is", () => {
  const row = { name: "Student", role: "student", test: 460, temperature: 4, alpha: 0.9, seed: 3, edits: [{ step: 240, text: "T = 8" }] };
  const told = { row, twin: { test: 660 }, last: 1920, teacherName: "2×1200", studentName: "128" };
  assert.deepEqual(captionOf({ ...told, step: 1920 }), [
    "Student: 460 test errors; its twin without a teacher: 660", "T = 4 · α = 0.9 · T = 8 from step 240 · seed 3", "Student: 128. Teacher: 2×1200.",
  ]);
  assert.equal(captionOf({ ...told, step: 480 })[0], "Step 480 of 1,920", "no test errors before the end");
  assert.equal(fileName(row, 480), "kdviz-T4-alpha0.9-seed3-step480");
  assert.equal(fileName({ name: "Hints (FitNets)", role: "student", named: false }, 504), "kdviz-Hints-FitNets-step504");
});

test("a picture escapes what it is given, and its curves end at its step", () => {
  const colours = { surface: "#fff", ink: "#000", muted: "#555", line: "#ddd", teacher: "#00f", teacherText: "#00f", student: "#fa0", studentText: "#850", runs: { student: { line: "#fa0", text: "#850", dash: "" } } };
  const series = [{ look: { name: "student" }, bold: true, plain: "A<b>", steps: [0, 10, 20], values: [90, 20, 5] }];
  const view = { title: "Error", last: 20, ticks: [0, 10], vertical: { ticks: [5, 20], at: (v) => v / 20 }, series, teacher: 1 };
  const example = { image: "", caption: "label: <4>", label: 1, classes: ["a", "b"], temperature: 4, teacher: [0.2, 0.8], student: [0.5, 0.5] };
  const early = pictureOf(view, example, 10, ["one", "two"], colours);
  assert.match(early, /A&lt;b&gt; 20\u00a0%/);
  assert.match(early, /label: &lt;4&gt;/);
  assert.match(early, /opacity="0.18"/);
  const late = pictureOf(view, null, 20, ["one"], colours);
  assert.match(late, /A&lt;b&gt; 5\u00a0%/);
  assert.doesNotMatch(late, /opacity|label: /);
});

test("of many classes the likeliest are drawn, in their order", () => {
  assert.deepEqual(mostProbable([0.1, 0.5, 0, 0.4], [0.1, 0.2, 0, 0.7], 2), [1, 3]);
});

test("a film has the first and the last step, and not too many", () => {
  assert.deepEqual(filmSteps([0, 5, 9]), [0, 5, 9]);
  const some = filmSteps(Array.from({ length: 500 }, (_, i) => 4 * i), 48);
  assert.deepEqual([some.length, some[0], some.at(-1)], [48, 0, 1996]);
});

test("what LZW packs is unpacked again, over the end of its table too", () => {
  const random = Uint8Array.from({ length: 60_000 }, (_, i) => (i * i * 7919 + (i >> 3) * 31) & 255);
  for (const indices of [Uint8Array.of(7), new Uint8Array(5000), random]) assert.deepEqual(decompressed(compressed(indices)), [...indices]);
});

test("a GIF has a palette of its frames' colours, and says their sizes and times", () => {
  const red = Uint8ClampedArray.from({ length: 16 }, (_, i) => [200, 0, 0, 255][i % 4]);
  const palette = paletteOf([red]);
  assert.deepEqual([palette.count, ...palette.bytes.slice(0, 3)], [1, 200, 0, 0]);
  const writer = gifWriter(2, 2, palette);
  writer.add(red, 120);
  writer.add(red, 2500);
  const bytes = Buffer.concat(writer.end());
  assert.equal(bytes.subarray(0, 6).toString(), "GIF89a");
  assert.deepEqual([bytes.readUInt16LE(6), bytes.readUInt16LE(8), bytes.at(-1)], [2, 2, 0x3b]);
});
