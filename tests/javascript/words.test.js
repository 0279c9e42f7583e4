import assert from "node:assert/strict";
import { test } from "node:test";

import { LANGUAGE, t, tn } from "../../kdviz/widgets/shared/words.js";

test("without a catalogue the page is English, and a text is its own key", () => {
  assert.equal(LANGUAGE, "en");
  assert.equal(t("Showing the {shown} largest of {total} groups.", { shown: 8, total: 14 }), "Showing the 8 largest of 14 groups.");
});

test("places are filled once: a value with braces stays as it is", () => {
  assert.equal(t("{a} and {b}", { a: "{b}", b: "x" }), "{b} and x");
  assert.equal(t("{unknown} stays"), "{unknown} stays");
  assert.equal(t("{n}", { n: 0 }), "0");
});

test("a plural follows its number, which may be written otherwise", () => {
  const said = (n, values) => tn("{n} example", "{n} examples", n, values);
  assert.deepEqual([said(0), said(1), said(2), said(1234, { n: "1,234" })], ["0 examples", "1 example", "2 examples", "1,234 examples"]);
});

test("a catalogue that is there before the module is used", async () => {
  globalThis.kdvizWords = { language: "de", texts: { Bias: "Bias", "Step {n}": "Schritt {n}", "{n} run": ["{n} Lauf", "{n} Läufe"] } };
  const german = await import("../../kdviz/widgets/shared/words.js?german");
  delete globalThis.kdvizWords;
  assert.equal(german.LANGUAGE, "de");
  assert.equal(german.t("Step {n}", { n: 3 }), "Schritt 3");
  assert.equal(german.tn("{n} run", "{n} runs", 2), "2 Läufe");
  assert.equal(german.t("Not translated"), "Not translated");
  assert.deepEqual(german.tParts("Step {n}", { n: 7 }), ["Schritt ", 7]);
});
