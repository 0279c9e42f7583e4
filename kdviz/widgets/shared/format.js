// How numbers are written. The same number looks the same in every widget, with the marks of the page's language.

import { LANGUAGE, t } from "./words.js";

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
export const NO_NUMBER = "–";
const MARKS = marksOf(LANGUAGE);

/** What a language puts between thousands, and before decimals. */
export function marksOf(language) {
  const parts = new Intl.NumberFormat(language).formatToParts(12345.6);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

/** A number that is written in JavaScript's way, with a true minus and the language's mark before its decimals. */
export function written(text, marks = MARKS) {
  return text.replace("-", "−").replace(".", marks.decimal);
}

export function powerOfTen(exponent) {
  return "10" + String(exponent).replace(/./g, (digit) => SUPERSCRIPT[digit]);
}

/** A probability with four decimals; 3×10⁻⁷ where those would all be zero; never a rounded 1 or 0. */
export function probability(p) {
  if (p === null || Number.isNaN(p)) return NO_NUMBER;
  if (p === 0 || p === 1) return String(p);
  if (p > 0.99995) return written(">0.9999");
  if (p >= 0.0001) return fixed(p, 4);
  const exponent = Math.floor(Math.log10(p));
  const digit = Math.round(p / 10 ** exponent);
  return digit === 10 ? `1×${powerOfTen(exponent + 1)}` : `${digit}×${powerOfTen(exponent)}`;
}

/** A probability with two decimals, three where it is small; never a rounded 1 or 0. The exact one belongs in a tip. */
export function briefly(p) {
  if (p === null || Number.isNaN(p)) return NO_NUMBER;
  if (p === 0 || p === 1) return String(p);
  if (p < 0.001) return written("< 0.001");
  if (p > 0.995) return written("> 0.99");
  return fixed(p, p < 0.0095 ? 3 : 2);
}

/** A quantity with two significant digits, or as many as asked for; "< 0.001" for all below. The exact one belongs in a tip. */
export function about(x, digits = 2) {
  if (x === null || x === undefined || Number.isNaN(x)) return NO_NUMBER;
  if (x > 0 && x < 0.001) return written("< 0.001");
  if (Math.abs(x) >= 10 ** digits) return grouped(x);
  return written(String(Number(x.toPrecision(digits))));
}

/** A quantity with four significant digits (fewer below 0.1), in exponent form only when tiny or huge. */
export function quantity(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return NO_NUMBER;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-5) {
    const exponent = Math.floor(Math.log10(size));
    return `${fixed(x / 10 ** exponent, 1)}×${powerOfTen(exponent)}`;
  }
  if (size >= 1000) return fixed(x, 0);
  return written(x.toPrecision(size >= 0.1 ? 4 : size >= 0.001 ? 3 : 2));
}

/** A number with so many decimals; "–" where there is none. */
export function fixed(x, digits) {
  return x === null || x === undefined || Number.isNaN(x) ? NO_NUMBER : written(x.toFixed(digits));
}

/** 4 → "4", 0.55 → "0.55", 3.3712 → "3.37". */
export function short(x) {
  return written(String(Number(x.toPrecision(3))));
}

/** With its sign, and two decimals at most: "+1.5", "−2", "0". */
export function signed(x) {
  return (x > 0 ? "+" : "") + written(String(Number(x.toFixed(2))));
}

/** 4.5 → "4.50 %", 45 → "45.0 %", 0 → "0 %". */
export function percent(x) {
  if (x === 0) return "0\u00a0%";
  return `${fixed(x, Math.abs(x) < 10 ? 2 : 1)}\u00a0%`;
}

/** For labels, with two digits, three near 100: 4.86 → "4.9 %", 45.2 → "45 %", 99.0 → "99.0 %"; a part is never all. */
export function shortPercent(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return NO_NUMBER;
  if (x >= 99.95 && x < 100) return `${written("> 99.9")}\u00a0%`;
  return `${x > 90 && x < 100 ? fixed(x, 1) : written(String(Number(x.toPrecision(2))))}\u00a0%`;
}

/** A share of 1 in whole percent; a part is never rounded to nothing or to all. */
export function wholePercent(share) {
  if (share > 0 && share < 0.01) return t("less than {share}", { share: "1\u00a0%" });
  if (share > 0.99 && share < 1) return t("more than {share}", { share: "99\u00a0%" });
  return `${Math.round(100 * share)}\u00a0%`;
}

/** 12345 → "12,345". */
export function grouped(x, marks = MARKS) {
  return Math.round(x).toString().replace("-", "−").replace(/\B(?=(\d{3})+$)/g, marks.group);
}

/** 1234567 → "1.23 M", 50890 → "50.9 k". */
export function compact(x) {
  if (x >= 1e9) return `${short(x / 1e9)} G`;
  if (x >= 1e6) return `${short(x / 1e6)} M`;
  if (x >= 1e4) return `${short(x / 1e3)} k`;
  return grouped(x);
}

/** "48 × smaller", with one decimal below ten, and nothing claimed when they are equal. */
export function sizeRatio(teacher, student) {
  const ratio = teacher / student;
  if (!Number.isFinite(ratio) || ratio <= 0) return "";
  if (timesOf(ratio) === timesOf(1)) return t("same size");
  return ratio > 1 ? t("{times} × smaller", { times: timesOf(ratio) }) : t("{times} × larger", { times: timesOf(1 / ratio) });
}

export function timesOf(ratio) {
  return ratio >= 10 ? grouped(ratio) : fixed(ratio, 1);
}

/** Seconds as people say them: "under 1 s", "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds) {
  if (seconds < 1) return t("under 1 s");
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.round(s / 60)} min`;
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
}
