// What is said to an answer: the mirror of kdviz/lessons/questions.py and predictions.py, for a page without Python.

import { grouped, powerOfTen, written } from "../shared/format.js";
import { t, tn } from "../shared/words.js";

/** `{ right: true, false or null, text }` for an answer, from what its kind tells. */
export function replyTo(kind, asked, solution, answer) {
  return REPLIES[kind](answer, solution, asked);
}

/** What is said first, where an answer is right or wrong. */
export function verdictOn(right) {
  return right === true ? t("Right.") : right === false ? t("Not this time.") : "";
}

/** A number as a reader wants it: whole ones and those from 1,000 on whole, others with three digits. */
export function plain(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return grouped(whole(value));
  const near = threeDigits(value);
  if (Math.abs(near) >= 1000) return grouped(near);
  if (Math.abs(near) >= 1e-4) return written(String(near));
  const [digits, exponent] = near.toExponential().split("e");
  return `${written(digits)}×${powerOfTen(Number(exponent))}`;
}

/** A number with three digits; a tie goes to the even one, as in Python. */
function threeDigits(value) {
  const tie = /^(-?\d\.\d[02468])50*(e.*)$/.exec(value.toExponential(60));
  return tie ? Number(tie[1] + tie[2]) : Number(value.toPrecision(3));
}

/** A share in whole percent. */
export function percentOf(share) {
  return `${grouped(whole(100 * share))}\u202f%`;
}

/** The nearest whole number, of a tie the even one, as in Python. */
function whole(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 ? near - 1 : near;
}

const joined = (...sentences) => sentences.filter(Boolean).join(" ");

/** @type {Record<string, (answer: any, solution: any, asked: any) => { right: boolean | null, text: string }>} */
const REPLIES = {
  choice: (answer, { said, right }, { choices }) => ({ right: right === null ? null : answer === right, text: said[choices.indexOf(answer)] }),
  several(answer, { said, right }, { choices }) {
    const wrong = choices.filter((one) => answer.includes(one) !== right.includes(one));
    const n = choices.length - wrong.length;
    const counted = tn("{n} of {all} is judged rightly.", "{n} of {all} are judged rightly.", n, { all: choices.length });
    return { right: !wrong.length, text: joined(counted, ...wrong.map((one) => t("“{answer}”: {why}", { answer: one, why: said[choices.indexOf(one)] }))) };
  },
  number(answer, { right, tolerance, said }, { unit }) {
    const apart = Math.abs(answer - right);
    const told = { right: plain(right), unit, answer: plain(answer), apart: plain(apart) };
    const exact = apart <= 1e-12 * Math.max(1, Math.abs(right));
    const sentence = exact ? t("It is {right}{unit}.", told)
      : answer > right ? t("It is {right}{unit}; you said {answer}, {apart} too high.", told) : t("It is {right}{unit}; you said {answer}, {apart} too low.", told);
    return { right: apart <= tolerance * (1 + 1e-12), text: joined(sentence, said) };
  },
  order(answer, { items, said }) {
    const places = answer.map((one) => items.indexOf(one));
    const pairs = places.flatMap((a, i) => places.slice(i + 1).map((b) => a > b));
    const n = pairs.filter(Boolean).length;
    const wrong = n ? tn("{n} of {all} pairs stands the other way round.", "{n} of {all} pairs stand the other way round.", n, { all: pairs.length }) : "";
    return { right: !n, text: joined(wrong, said) };
  },
  text: (_answer, { model }) => ({ right: null, text: t("A good answer: {model}", { model }) }),
  bars(answer, { truth, close, said }, { whole, axis }) {
    const drawn = scaled(answer, whole);
    const sum = drawn.reduce((all, value, i) => all + Math.abs(value - truth[i]), 0);
    const apart = whole === null ? sum / drawn.length : sum / (2 * whole);
    const sentence = whole === null ? t("Your bars are off by {distance}{unit} on average.", { distance: plain(apart), unit: axis.unit })
      : t("{share} of what you drew belongs on other bars.", { share: percentOf(apart) });
    return { right: within(apart, close), text: joined(sentence, said) };
  },
  curve(answer, { truth, close, said }, { up, fixed }) {
    const at = (value) => (up.log ? Math.log(Math.max(up.low, value)) : value);
    const apart = answer.map((value, i) => Math.abs(at(value) - at(truth[i]))).slice(fixed);
    const mean = apart.reduce((all, value) => all + value, 0) / apart.length;
    const distance = up.log ? Math.exp(mean) : mean;
    const sentence = up.log ? t("Your curve is off by a factor of {distance} on average.", { distance: plain(distance) })
      : t("Your curve is off by {distance}{unit} on average.", { distance: plain(distance), unit: up.unit });
    return { right: within(distance, close), text: joined(sentence, said) };
  },
  "heat-map"(answer, { largest, close, said }, { most }) {
    const n = answer.filter(([row, column]) => isAmong(largest, row, column)).length;
    const told = { n, cells: answer.length, most };
    const sentence = n === 1 ? t("{n} of your {cells} cells is among the {most} largest.", told) : t("{n} of your {cells} cells are among the {most} largest.", told);
    return { right: within(1 - n / most, close), text: joined(sentence, said) };
  },
  point([x, y], { truth, close, said }, { across, up }) {
    const apart = Math.hypot(shareOf(across, x) - shareOf(across, truth[0]), shareOf(up, y) - shareOf(up, truth[1]));
    const told = { x: `${plain(truth[0])}${across.unit}`, y: `${plain(truth[1])}${up.unit}`, share: percentOf(apart) };
    return { right: within(apart, close), text: joined(t("It lies at {x} and {y}; yours is {share} of an axis away.", told), said) };
  },
};

/** Whether a browser's kept answer is one to this question still; the page may have been written anew since. */
export function fits(kind, asked, answer) {
  const has = (values, n) => Array.isArray(values) && values.length === n && values.every(Number.isFinite);
  const on = ({ low, high }, value) => value >= low && value <= high;
  const fitting = {
    choice: () => asked.choices.includes(answer),
    several: () => Array.isArray(answer) && answer.every((one) => asked.choices.includes(one)),
    number: () => Number.isFinite(answer) && (asked.low === null || answer >= asked.low) && (asked.high === null || answer <= asked.high),
    order: () => Array.isArray(answer) && answer.length === asked.items.length && asked.items.every((one) => answer.includes(one)),
    text: () => typeof answer === "string" && answer.length <= asked.longest,
    bars: () => has(answer, asked.names.length) && answer.every((value) => on(asked.axis, value)),
    curve: () => has(answer, asked.x.length) && answer.every((value) => on(asked.up, value)),
    "heat-map": () => Array.isArray(answer) && answer.length > 0 && answer.length <= asked.most
      && answer.every((cell) => has(cell, 2) && cell[0] in asked.rows && cell[1] in asked.columns),
    point: () => has(answer, 2) && on(asked.across, answer[0]) && on(asked.up, answer[1]),
  };
  return fitting[kind]();
}

/** Whether a cell is among others. */
export function isAmong(cells, row, column) {
  return cells.some(([r, c]) => r === row && c === column);
}

/** Bars as they count: scaled to the whole, where there is one. */
export function scaled(values, whole) {
  const sum = values.reduce((all, value) => all + value, 0);
  return whole === null || !sum ? values : values.map((value) => value * (whole / sum));
}

/** Where a number lies on an axis, from 0 at its low end to 1 at the high one. */
export function shareOf({ low, high, log }, value) {
  const at = (v) => (log ? Math.log(v) : v);
  const inside = Math.min(high, Math.max(low, value)); // what came beyond an end is drawn, and counts, at that end
  return (at(inside) - at(low)) / (at(high) - at(low));
}

/** The number at a share of an axis, with three digits; its ends are exact. */
export function valueAt({ low, high, log }, share) {
  if (share <= 0) return low;
  if (share >= 1) return high;
  const value = log ? Math.exp(Math.log(low) + share * Math.log(high / low)) : low + share * (high - low);
  return Math.min(high, Math.max(low, Number(value.toPrecision(3))));
}

function within(apart, close) {
  return close === null || close === undefined ? null : apart <= close * (1 + 1e-12);
}
