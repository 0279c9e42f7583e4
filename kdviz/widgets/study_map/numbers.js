// How a cell of a study looks and reads: its number, whether its difference is inside the noise, how strong its colour is.

import { fixed, grouped, NO_NUMBER, written } from "../shared/format.js";
import { t, tn } from "../shared/words.js";

const STRONGEST = 1;

/** "noise", "better", "worse", or "unknown" where there is no interval: student − twin, on the scale where less is better or more. */
export function verdict(numbers, kind) {
  const { low, high } = numbers ?? {};
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "unknown";
  if (low <= 0 && high >= 0) return "noise";
  return high < 0 === (kind.better === "lower") ? "better" : "worse";
}

/** What a cell shows: the student's own number, or its difference from the twin; null without it. */
export function shownNumber(cell, kind, shows) {
  const numbers = cell.values[kind.name];
  const number = shows === "difference" ? numbers?.difference : numbers?.value;
  return Number.isFinite(number) ? number : null;
}

/**
 * For each cell: its number, its verdict, its tone and how strong that is, from 0 to 1. Values are coloured from the worst
 * to the best, differences by their size, so that 0 has no colour.
 */
export function looks(cells, kind, shows) {
  const numbers = cells.map((cell) => shownNumber(cell, kind, shows));
  const known = numbers.filter((n) => n !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const widest = Math.max(Math.abs(least), Math.abs(most));
  return cells.map((cell, i) => {
    const number = numbers[i];
    const told = verdict(cell.values[kind.name], kind);
    if (number === null) return { number, verdict: "unknown", tone: "none", strength: 0 };
    if (shows === "difference") {
      const tone = told === "noise" ? "noise" : number === 0 ? "none" : (number < 0) === (kind.better === "lower") ? "better" : "worse";
      return { number, verdict: told, tone, strength: widest > 0 ? Math.abs(number) / widest : 0 };
    }
    const far = most > least ? (number - least) / (most - least) : 0;
    return { number, verdict: told, tone: told === "noise" ? "noise" : "value", strength: kind.better === "lower" ? STRONGEST - far : far };
  });
}

/** A number of a kind of outcome as a reader sees it. */
export function outcomeText(number, unit) {
  if (number === null || number === undefined || !Number.isFinite(number)) return NO_NUMBER;
  if (unit === "count") return Math.abs(number) < 10 && !Number.isInteger(number) ? fixed(number, 1) : grouped(number);
  if (unit === "share") return `${fixed(100 * number, 1)}\u00a0%`;
  return unit === "ms" ? t("{n} ms", { n: plain(number) }) : plain(number);
}

/** Three digits, two of what is small; below a millionth nothing. */
function plain(number) {
  const size = Math.abs(number);
  if (size < 1e-6) return "0";
  const digits = Number(number.toPrecision(size < 0.1 ? 2 : 3));
  return written(size < 0.001 ? digits.toFixed(Math.ceil(-Math.log10(size)) + 1).replace(/0+$/, "") : String(digits));
}

/** A difference with its sign; of shares in percentage points. */
export function differenceText(number, unit) {
  if (number === null || number === undefined || !Number.isFinite(number)) return NO_NUMBER;
  if (unit === "share") return t("{n} points", { n: (number > 0 ? "+" : "") + fixed(100 * number, 1) });
  const text = outcomeText(number, unit);
  return number > 0 && text !== "0" ? `+${text}` : text;
}

/** One sentence on a cell, for its button and the line below the map. */
export function cellSentence(cell, kind, look) {
  if (cell.failed) return t("{name}: failed. {why}", { name: cell.name, why: cell.failed });
  const numbers = cell.values[kind.name];
  if (!numbers) return t("{name}: not run yet.", { name: cell.name });
  const value = outcomeText(numbers.value, kind.unit);
  const seeds = tn("{n} seed", "{n} seeds", numbers.n);
  const told = { name: cell.name, outcome: kind.title, value, seeds };
  if (!Number.isFinite(numbers.difference)) return t("{name}: {outcome} {value} ({seeds}).", told);
  const against = { ...told, difference: differenceText(numbers.difference, kind.unit), verdict: VERDICTS[look.verdict] };
  if (!Number.isFinite(numbers.low)) return t("{name}: {outcome} {value} ({seeds}); {difference} against the twin.", against);
  const ends = { low: differenceText(numbers.low, kind.unit), high: differenceText(numbers.high, kind.unit) };
  return t("{name}: {outcome} {value} ({seeds}); {difference} against the twin (95\u202f% CI {low} to {high}): {verdict}.", { ...against, ...ends });
}

export const VERDICTS = {
  noise: t("inside the noise"),
  better: t("better than the twin"),
  worse: t("worse than the twin"),
  unknown: t("no interval"),
};

/** The map in one sentence: from where to where, and how many cells differ from the twin beyond the noise. */
export function mapSentence(cells, kind) {
  const done = cells.filter((cell) => Number.isFinite(cell.values[kind.name]?.value));
  if (!done.length) return t("Nothing has finished yet.");
  const value = (cell) => cell.values[kind.name].value;
  const sorted = [...done].sort((a, b) => (kind.better === "lower" ? value(a) - value(b) : value(b) - value(a)));
  const text = (cell) => t("{value} ({name})", { value: outcomeText(value(cell), kind.unit), name: cell.name });
  const [best, worst] = [sorted[0], sorted.at(-1)];
  const ends = sorted.length > 1 ? t("{outcome}: from {best} to {worst}.", { outcome: kind.title, best: text(best), worst: text(worst) })
    : t("{outcome}: {best}.", { outcome: kind.title, best: text(best) });
  const verdicts = done.map((cell) => verdict(cell.values[kind.name], kind)).filter((one) => one !== "unknown");
  if (!verdicts.length) return ends;
  const count = (one) => verdicts.filter((other) => other === one).length;
  const told = { better: count("better"), worse: count("worse"), noise: count("noise"), n: verdicts.length };
  return `${ends} ${t("Of {n} cells {better} are better than the twin, {worst} worse, {noise} inside the noise.", { ...told, worst: told.worse })}`;
}

/** The cell that an arrow key goes to, on a map of so many columns and rows; -1 for another key. */
export function nextCell(key, { x, y }, columns, rows) {
  const to = { ArrowLeft: [x - 1, y], ArrowRight: [x + 1, y], ArrowUp: [x, y - 1], ArrowDown: [x, y + 1], Home: [0, y], End: [columns - 1, y] }[key];
  if (!to) return null;
  return { x: Math.max(0, Math.min(columns - 1, to[0])), y: Math.max(0, Math.min(rows - 1, to[1])) };
}

/** An interval in words, or a dash. */
export function intervalText(numbers, unit) {
  if (!Number.isFinite(numbers?.low)) return NO_NUMBER;
  return t("{low} to {high}", { low: differenceText(numbers.low, unit), high: differenceText(numbers.high, unit) });
}

/** A standard deviation, with what it is of. */
export function withSd(numbers, unit) {
  const value = outcomeText(numbers?.value, unit);
  if (!Number.isFinite(numbers?.sd)) return value;
  const sd = unit === "share" ? fixed(100 * numbers.sd, 1) : unit === "count" ? grouped(numbers.sd) : plain(numbers.sd);
  return `${value} ± ${sd}`;
}
