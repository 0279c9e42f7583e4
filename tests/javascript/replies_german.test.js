// The same in German; a page has one language from its start, so that this is a process of its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const cases = JSON.parse(readFileSync(new URL("replies.json", import.meta.url), "utf8"));
globalThis.kdvizWords = { language: "de", texts: cases.words };
const { replyTo, verdictOn } = await import("../../kdviz/widgets/question/marking.js");
const { numberOf } = await import("../../kdviz/widgets/question/fields.js");

test("a page says in German what Python says in German", () => {
  for (const { kind, asked, solution, answer, text } of cases.cases) {
    const found = replyTo(kind, asked, solution, answer);
    assert.equal([verdictOn(found.right), found.text].filter(Boolean).join(" "), text.de);
  }
  assert.ok(cases.cases.some(({ text }) => text.de !== text.en));
});

test("a number is read as German writes it", () => {
  for (const [text, value] of [["1,5", 1.5], ["1.500", 1500], ["1.234.567,5", 1234567.5], ["0.123", 0.123], ["1.5", 1.5], ["1,500", 1.5], ["1 500", 1500]]) {
    assert.equal(numberOf(text), value, text);
  }
});
