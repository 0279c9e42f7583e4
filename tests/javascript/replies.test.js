// What a page says to an answer without Python, against what Python says: replies.json is written by
// tests/widgets/test_question_replies.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fits, percentOf, plain, replyTo, shareOf, valueAt, verdictOn } from "../../kdviz/widgets/question/marking.js";

const { cases, numbers } = JSON.parse(readFileSync(new URL("replies.json", import.meta.url), "utf8"));

test("a page says what Python says, to every kind", () => {
  assert.ok(cases.length > 100);
  for (const { kind, asked, solution, answer, text } of cases) {
    const found = replyTo(kind, asked, solution, answer);
    assert.equal([verdictOn(found.right), found.text].filter(Boolean).join(" "), text.en, JSON.stringify({ kind, answer, solution }));
    assert.ok(fits(kind, asked, answer), `${kind} ${JSON.stringify(answer)}`);
  }
});

test("numbers are written as Python writes them", () => {
  for (const [value, written] of numbers) assert.equal(plain(value), written);
  assert.deepEqual([0.005, 0.015, 0.125, 0.995, 1].map(percentOf), ["0\u202f%", "2\u202f%", "12\u202f%", "100\u202f%", "100\u202f%"]);
});

test("a kept answer to another question is none to this one", () => {
  const axis = { low: 0, high: 1, log: false };
  for (const [kind, asked, answer] of [
    ["choice", { choices: ["a", "b"] }, "c"], ["several", { choices: ["a"] }, ["b"]], ["several", { choices: ["a"] }, "a"],
    ["number", { low: 0, high: null }, -1], ["number", { low: null, high: null }, "1"], ["order", { items: ["a", "b"] }, ["a", "a"]],
    ["order", { items: ["a", "b"] }, null], ["text", { longest: 2 }, "abc"], ["bars", { names: ["a"], axis }, [2]], ["bars", { names: ["a"], axis }, [0, 1]],
    ["curve", { x: [1, 2], up: axis }, [0.5]], ["heat-map", { most: 1, rows: ["a"], columns: ["b"] }, [[0, 1]]],
    ["heat-map", { most: 1, rows: ["a"], columns: ["b"] }, []], ["heat-map", { most: 1, rows: ["a"], columns: ["b"] }, ["00"]],
    ["point", { across: axis, up: axis }, [0.5]], ["point", { across: axis, up: axis }, [0.5, 1.5]],
  ]) assert.equal(fits(kind, asked, answer), false, `${kind} ${JSON.stringify(answer)}`);
});

test("a place on an axis and its number are each other's reverse; what lies beyond an end is at that end", () => {
  for (const axis of [{ low: 0, high: 10, log: false }, { low: 0.1, high: 1000, log: true }, { low: -5, high: 5, log: false }]) {
    assert.deepEqual([shareOf(axis, axis.low), shareOf(axis, axis.high), valueAt(axis, -1), valueAt(axis, 2)], [0, 1, axis.low, axis.high]);
    for (const share of [0.1, 0.25, 0.5, 0.99]) assert.ok(Math.abs(shareOf(axis, valueAt(axis, share)) - share) < 0.006);
    assert.deepEqual([shareOf(axis, axis.low - 1e-9), shareOf(axis, axis.high * 2)], [0, 1]);
  }
  assert.equal(valueAt({ low: 0, high: 1, log: false }, 0.12345), 0.123);
});
