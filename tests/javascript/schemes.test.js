import assert from "node:assert/strict";
import { test } from "node:test";

import { arrowLine, arrowPaths, arrowsOf, phaseAt, placedParties, titleLines } from "../../kdviz/widgets/scheme_picture/layout.js";
import { greyPixels } from "../../kdviz/widgets/scheme_view/images.js";
import { axisEnds, barShares, linePath, roundTicks, shadeOf, withoutOutliers } from "../../kdviz/widgets/scheme_view/scales.js";
import { foundRows, plainText } from "../../kdviz/widgets/schemes/found.js";
import { addressWith } from "../../kdviz/widgets/shared/address.js";

const party = (name, column, row = 0) => ({ name, title: name, kind: "peer", column, row });

test("boxes stand on their grid within the width, and a row too narrow becomes a column", () => {
  const chain = [0, 1, 2, 3].map((column) => party(`p${column}`, column));
  const wide = placedParties(chain, 700);
  assert.equal(wide.turned, false);
  assert.ok(wide.places.every((p, i) => p.x >= 0 && p.x + p.width <= 700 && (!i || p.x > wide.places[i - 1].x + p.width)));
  const narrow = placedParties(chain, 320);
  assert.equal(narrow.turned, true);
  assert.ok(narrow.places.every((p, i) => !i || p.y > narrow.places[i - 1].y + p.height));
  assert.ok(narrow.height > wide.height && narrow.places.every((p) => p.y + p.height <= narrow.height));
});

test("a title has at most three lines of so many letters", () => {
  assert.deepEqual(titleLines("Server: mean of logits", 12), ["Server: mean", "of logits"]);
  assert.deepEqual(titleLines("one two six four", 4), ["one", "two", "six…"]);
  assert.deepEqual(titleLines("Impressions", 6), ["Impre…"]);
});

test("an arrow runs from edge to edge, bends around a box, and two ways stand apart", () => {
  const { places } = placedParties([party("a", 0), party("b", 1), party("c", 2)], 700);
  const [a, b, c] = places;
  const near = arrowLine(a, b, places);
  assert.equal(near.start[0], a.x + a.width);
  assert.ok(Math.abs(near.end[0] - b.x) < 1e-9 && near.start[1] === near.middle[1]);
  const far = arrowLine(a, c, places);
  assert.ok(Math.abs(far.middle[1] - far.start[1]) > b.height / 2, "not through the box between");
  const [there, back] = [arrowLine(a, b, places, true), arrowLine(b, a, places, true)];
  assert.ok(Math.abs(there.start[1] - back.end[1]) > 8);
  assert.match(arrowPaths(near).line, /^M[\d.]+ [\d.]+Q[\d.]+ [\d.]+ [\d.]+ [\d.]+$/);
});

test("each arrow is drawn once, with its phases", () => {
  const phases = [{ arrows: [["a", "b"]] }, { arrows: [["a", "b"], ["b", "a"]] }];
  assert.deepEqual(arrowsOf(phases), [
    { from: "a", to: "b", phases: [0, 1], bothWays: true }, { from: "b", to: "a", phases: [1], bothWays: true },
  ]);
  assert.deepEqual([0, 3599, 3600, 11000].map((ms) => phaseAt(ms, 3, 3600)), [0, 0, 1, 0]);
  assert.equal(phaseAt(5, 0, 3600), 0);
});

test("ticks are round, and an axis holds its numbers", () => {
  assert.deepEqual(roundTicks(0, 1536), [0, 500, 1000, 1500]);
  assert.deepEqual(roundTicks(83.4, 84.2, 4), [83.4, 83.6, 83.8, 84, 84.2]);
  assert.deepEqual(roundTicks(3, 3), [3]);
  assert.deepEqual(axisEnds([2, 10])[0], 0);
  assert.ok(axisEnds([83, 84])[0] > 80);
  assert.deepEqual(axisEnds([]), [0, 1]);
  assert.deepEqual(axisEnds([0, 0]), [0, 1]);
  const y = [90, 30, 12, 9, 9, 8, 8, 8, 8, 8, 8, 8, 8];
  assert.ok(!withoutOutliers([{ y }]).includes(90) && withoutOutliers([{ y: [90, 8] }]).includes(90));
});

test("a number that is none breaks a line, and has no bar and no shade", () => {
  const identity = (v) => v;
  assert.equal(linePath([0, 1, 2, 3], [1, 2, NaN, 4], identity, identity), "M0.0 1.0L1.0 2.0M3.0 4.0");
  assert.deepEqual(barShares([2, 4, NaN]), [0.5, 1, 0]);
  assert.deepEqual(barShares([0, 0]), [0, 0]);
  assert.deepEqual([shadeOf(0.5, 0, 1), shadeOf(9, 0, 1), shadeOf(-1, 0, 1), shadeOf(null, 0, 1), shadeOf(1, 1, 1)], [0.5, 1, 0, 0, 0]);
  assert.deepEqual([...greyPixels([0, 255])], [255, 255, 255, 255, 0, 0, 0, 255]);
});

const ROWS = [
  { title: "Born-again networks", acronym: "BAN", found_by: "born again BAN generations Furlanello" },
  { title: "Quantized student", acronym: "QAT", found_by: "quantized QAT int8 Jacob" },
  { title: "Snapshot distillation", acronym: "SD", found_by: "snapshot SD Yang" },
];
const found = (text) => foundRows(ROWS, text).map(({ acronym }) => acronym);

test("schemes are found by name, acronym, author, in any case, with or without hyphens", () => {
  assert.deepEqual(found(""), ["BAN", "QAT", "SD"]);
  assert.deepEqual(["ban", "BORN-AGAIN", "born again", "furlanello"].map(found), [["BAN"], ["BAN"], ["BAN"], ["BAN"]]);
  assert.deepEqual(found("int8 jacob"), ["QAT"]);
  assert.deepEqual(found("nothing"), []);
  assert.deepEqual(found("s"), ["SD", "BAN", "QAT"], "what begins so comes first");
  assert.equal(plainText("Tramèr"), "tramer");
});

test("the address keeps what is not the page's own", () => {
  const own = ["scheme", "set"];
  assert.equal(addressWith("?lang=de&scheme=a&set=x%3A1", own, "?scheme=b"), "?lang=de&scheme=b");
  assert.equal(addressWith("?scheme=a", own, ""), "");
});
