// How numbers are written. The same number looks the same in every widget.

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export function powerOfTen(exponent) {
  return "10" + String(exponent).replace(/./g, (digit) => SUPERSCRIPT[digit]);
}

/** A probability with four decimals; 3×10⁻⁷ where those would all be zero; never a rounded 1 or 0. */
export function probability(p) {
  if (p === null || Number.isNaN(p)) return "–";
  if (p === 0 || p === 1) return String(p);
  if (p > 0.99995) return ">0.9999";
  if (p >= 0.0001) return p.toFixed(4);
  const exponent = Math.floor(Math.log10(p));
  const digit = Math.round(p / 10 ** exponent);
  return digit === 10 ? `1×${powerOfTen(exponent + 1)}` : `${digit}×${powerOfTen(exponent)}`;
}

/** A quantity with four significant digits (fewer below 0.1), in exponent form only when tiny or huge. */
export function quantity(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-5) {
    const exponent = Math.floor(Math.log10(size));
    return `${(x / 10 ** exponent).toFixed(1)}×${powerOfTen(exponent)}`;
  }
  if (size >= 1000) return x.toFixed(0);
  return x.toPrecision(size >= 0.1 ? 4 : size >= 0.001 ? 3 : 2);
}

/** 4 → "4", 0.55 → "0.55", 3.3712 → "3.37". */
export function short(x) {
  return String(Number(x.toPrecision(3)));
}

export function percent(x) {
  const size = Math.abs(x);
  return `${x.toFixed(size < 1 ? 2 : size < 10 ? 2 : 1)}\u00a0%`;
}

/** 12345 → "12,345". */
export function grouped(x) {
  return Math.round(x).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 1234567 → "1.2 M", 50890 → "50.9 k". */
export function compact(x) {
  if (x >= 1e9) return `${short(x / 1e9)} G`;
  if (x >= 1e6) return `${short(x / 1e6)} M`;
  if (x >= 1e4) return `${short(x / 1e3)} k`;
  return grouped(x);
}

/** Seconds as people say them: "under 1 s", "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.round(s / 60)} min`;
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
}
