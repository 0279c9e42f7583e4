// A native range input over a list of stops, or over a linear range.

import { node, put, say, uniqueId } from "./elements.js";

const KEYS_END_MS = 300;

/** Round numbers from low to high, about 75 a decade, so that equal moves are equal ratios. */
export function ratioStops(low, high) {
  const stops = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent++) {
    for (const [from, to, step] of [[100, 200, 5], [200, 500, 10], [500, 1000, 20]]) {
      for (let mantissa = from; mantissa < to; mantissa += step) {
        const value = Number((mantissa * 10 ** (exponent - 2)).toPrecision(3));
        if (value > low * 1.000001 && value < high * 0.999999) stops.push(value);
      }
    }
  }
  return [low, ...stops, high];
}

/** The stop nearest in ratio (or nearest in difference once a stop is zero). */
function nearestStop(stops, value) {
  let best = 0;
  const apart = (stop) => (stop > 0 && value > 0 ? Math.abs(Math.log(stop / value)) : Math.abs(stop - value));
  for (let i = 1; i < stops.length; i++) if (apart(stops[i]) < apart(stops[best])) best = i;
  return best;
}

/**
 * A labelled slider. `stops` holds the values; `text(value)` is the printed and spoken one.
 * `onInput(value)` follows the drag and stays in the browser; `onRelease(value)` comes once, at its end. Key presses
 * end when none has followed for KEYS_END_MS, or the focus goes.
 *
 * @param {any} life
 * @param {{ name: string, symbol?: string, hint?: string, text: (value: number) => string, spoken?: (value: number) => string,
 *   ticks?: number[], tickText?: (value: number) => string, onInput: (value: number) => void, onRelease: (value: number) => void }} options
 */
export function slider(life, { name, symbol, hint, text, spoken, ticks = [], tickText = text, onInput, onRelease }) {
  const id = uniqueId("slider");
  const input = node("input", { type: "range", id, class: "kd-range", min: 0, max: 1, step: 1 });
  const value = node("output", { class: "kd-slider-value", for: id, "aria-live": "off" });
  const named = node("span", { class: symbol ? "kd-slider-name" : null }, name);
  const label = node("label", { for: id, class: "kd-slider-label" }, named);
  if (symbol) label.append(" ", node("i", { class: "kd-symbol" }, symbol));
  const mark = node("span", { class: "kd-mark", hidden: "", "aria-hidden": "true" });
  const scale = node("div", { class: "kd-ticks", "aria-hidden": "true" });
  const track = node("div", { class: "kd-track" }, input, mark);
  const root = node("div", { class: "kd-slider" }, node("div", { class: "kd-slider-head" }, label, value), track, scale);
  if (hint) root.append(node("p", { class: "kd-hint" }, hint));
  let stops = [0, 1];
  let shown = null;

  const place = (v) => (stops.length > 1 ? nearestStop(stops, v) / (stops.length - 1) : 0);
  const paint = (v) => {
    shown = v;
    say(value, text(v));
    put(input, "aria-valuetext", (spoken ?? text)(v));
    input.style.setProperty("--kd-fill", `${100 * place(v)}%`);
  };
  life.listen(input, "input", () => {
    const chosen = stops[Number(input.value)];
    paint(chosen);
    onInput(chosen);
  });
  let byKey = false;
  let timer = 0;
  const release = () => {
    clearTimeout(timer);
    timer = 0;
    onRelease(stops[Number(input.value)]);
  };
  const flush = () => timer && release();
  life.listen(input, "keydown", () => (byKey = true));
  life.listen(input, "pointerdown", () => (byKey = false));
  life.listen(input, "change", () => {
    clearTimeout(timer);
    if (byKey) timer = setTimeout(release, KEYS_END_MS);
    else release();
  });
  for (const end of ["blur", "pointerup"]) life.listen(input, end, flush);
  life.onEnd(flush);

  return {
    root,
    input,
    setName(next) {
      say(named, next);
    },
    setStops(next) {
      if (next.length === stops.length && next.every((v, i) => v === stops[i])) return;
      stops = next;
      shown = null;
      put(input, "max", Math.max(1, stops.length - 1));
      put(input, "data-page", Math.max(1, Math.round(stops.length / 10)));
      scale.replaceChildren(...ticks.filter((t) => t >= stops[0] && t <= stops.at(-1)).map(tick));
    },
    set(v) {
      if (v === shown) return;
      input.value = String(nearestStop(stops, v));
      paint(v);
    },
    setMark(v, title) {
      mark.hidden = v === null;
      if (v === null) return;
      mark.style.setProperty("--kd-at", place(v));
      put(mark, "title", title);
    },
    setDisabled(disabled) {
      input.disabled = disabled;
    },
  };

  function tick(t) {
    const end = t === stops[0] ? " kd-tick-first" : t === stops.at(-1) ? " kd-tick-last" : "";
    const at = node("span", { class: `kd-tick${end}` }, tickText(t));
    at.style.setProperty("--kd-at", place(t));
    return at;
  }
}
