// Colours of maps between the stops of the style sheet.

import assert from "node:assert/strict";
import { test } from "node:test";

import { shades } from "../../kdviz/widgets/shared/palette.js";

test("a table goes evenly from the first colour over all stops to the last", () => {
  const table = shades([[0, 0, 0], [255, 0, 100], [255, 255, 200]]);
  const at = (i) => [...table.subarray(3 * i, 3 * i + 3)];
  assert.equal(table.length, 256 * 3);
  assert.deepEqual([at(0), at(255)], [[0, 0, 0], [255, 255, 200]]);
  assert.deepEqual(at(51), [102, 0, 40]);
  assert.deepEqual(at(204), [255, 153, 160]);
});
