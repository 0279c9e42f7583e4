// Where a teacher is in doubt: what its second choice gets.

import { softmax } from "./softmax.js";

/** The so many examples whose second choice gets most of the teacher's probability at T = 1, the most doubtful first. */
export function mostDoubtful(logits, says, width, count) {
  const second = Array.from(says, (first, i) => {
    let largest = 0;
    softmax(logits.subarray(i * width, (i + 1) * width), 1).forEach((p, c) => {
      if (c !== first && p > largest) largest = p;
    });
    return largest;
  });
  return second.map((_, i) => i).sort((a, b) => second[b] - second[a]).slice(0, count);
}
