// The difference in test errors between student and twin, in words and as numbers.

import { grouped, NO_NUMBER } from "../shared/format.js";
import { t, tn } from "../shared/words.js";

/** The whole number that counts in: the mean where there are several seeds. */
export function wholeDifference({ mean }) {
  return Math.round(mean);
}

/** "200 fewer test errors than its twin"; the number with `counted` in its place. */
export function differenceText(against, counted = Math.abs(wholeDifference(against))) {
  const difference = wholeDifference(against);
  const n = grouped(counted);
  const seeds = against.seeds.length;
  if (difference === 0) return t("as many test errors as its twin");
  if (seeds > 1) {
    return difference < 0 ? t("{n} fewer test errors than its twin, mean of {seeds} seeds", { n, seeds }) : t("{n} more test errors than its twin, mean of {seeds} seeds", { n, seeds });
  }
  return difference < 0
    ? tn("{n} fewer test error than its twin", "{n} fewer test errors than its twin", Math.abs(difference), { n })
    : tn("{n} more test error than its twin", "{n} more test errors than its twin", difference, { n });
}

/** "95 % CI 159 to 239", or with "fewer" and "more" where the interval holds 0; empty where there is none. */
export function intervalText({ low, high }) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "";
  if (low <= 0 && high >= 0) return t("could be chance: 95\u00a0% CI {low} to {high}", { low: signedCount(low), high: signedCount(high) });
  const [near, far] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b).map((value) => grouped(value));
  return t("95\u00a0% CI {low} to {high}", { low: near, high: far });
}

/** "12 fewer", "20 more", "0". */
export function signedCount(value) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  const n = grouped(Math.abs(value));
  if (Math.round(value) === 0) return n;
  return value < 0 ? t("{n} fewer", { n }) : t("{n} more", { n });
}
