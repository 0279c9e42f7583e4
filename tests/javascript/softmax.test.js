import assert from "node:assert/strict";
import { test } from "node:test";

import * as s from "../../kdviz/widgets/shared/softmax.js";

const near = (got, wanted, within = 1e-12) => assert.ok(Math.abs(got - wanted) <= within * Math.max(1, Math.abs(wanted)), `${got} is not ${wanted}`);

test("softmax at a temperature: ratios are exp of the logits' difference by T", () => {
  for (const T of [0.5, 1, 4, 100]) {
    const p = s.softmax([1, 3, 0], T);
    near(p.reduce((a, b) => a + b), 1);
    near(p[1] / p[0], Math.exp(2 / T));
    near(p[0] / p[2], Math.exp(1 / T));
  }
});

test("a probability of 1e-400 still has its logarithm", () => {
  near(s.logSoftmax([0, 1000], 1)[0], -1000);
  assert.equal(s.softmax([0, 1000], 1)[0], 0);
});

test("entropy in bits lies between 0 and log2 C", () => {
  near(s.entropyBits(s.logSoftmax([2, 2, 2, 2], 1)), 2);
  near(s.entropyBits(s.logSoftmax([1e4, 0], 1)), 0);
  near(s.entropyBits([0, -Infinity]), 0);
});

test("the divergence falls into target part and non-target part", () => {
  const [p, q] = [s.logSoftmax([2, 0.5, -1], 3), s.logSoftmax([-1, 0.25, 3], 3)];
  const parts = s.divergenceParts(p, q, 1);
  near(parts.target + parts.nonTarget, s.divergence(p, q));
  near(parts.rest * parts.others, parts.nonTarget);
  near(parts.rest, s.restMass(p, 1));
});

test("the loss of a probe is the formula's two terms", () => {
  const [t, z, T, alpha] = [[3, 1, 0], [0, 2, 0.5], 4, 0.9];
  const kl = s.divergence(s.logSoftmax(t, T), s.logSoftmax(z, T));
  const ce = -s.logSoftmax(z, 1)[2];
  near(s.probeNumbers(t, z, 2, T, alpha).loss, alpha * T * T * kl + (1 - alpha) * ce);
  near(s.probeNumbers(t, z, 2, T, alpha, "without_t2").loss, alpha * kl + (1 - alpha) * ce);
  const reversed = s.divergence(s.logSoftmax(z, T), s.logSoftmax(t, T));
  near(s.probeNumbers(t, z, 2, T, alpha, "reverse_kl").loss, alpha * T * T * reversed + (1 - alpha) * ce);
  const firstChoice = -s.logSoftmax(z, 1)[0];
  near(s.probeNumbers(t, z, 2, T, alpha, "first_choice").loss, alpha * firstChoice + (1 - alpha) * ce);
});

test("what cannot be known is null and never a number", () => {
  assert.equal(s.probeNumbers([1, 2], [], 0, 1, 0.5).loss, null);
  assert.equal(s.probeNumbers([1, NaN], [1, 2], 0, 1, 0.5).kl, null);
  assert.equal(s.probeNumbers([1, 2], [1, 2], -1, 1, 0.5).ce, null);
  assert.equal(s.probeNumbers([1, 2], [1, 2], -1, 1, 0.5).target, 1, "the teacher's first choice stands in for a label");
});

test("first choices: the first of equals, and -1 where a row is not finite", () => {
  assert.deepEqual([...s.firstChoices([1, 1, 0, 5, NaN, 1], 2)], [0, 1, -1]);
});

test("numbers are read from bytes at any offset", () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat32(1, 0.5, true);
  new DataView(bytes.buffer).setFloat32(5, -2, true);
  assert.deepEqual([...s.floats(new DataView(bytes.buffer, 1))], [0.5, -2]);
  assert.deepEqual([...s.octets(null)], []);
});
