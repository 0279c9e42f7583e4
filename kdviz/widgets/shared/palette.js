// Colours of maps, read from the style sheet: 256 from the first stop to the last, in tables that a canvas is filled from.

import { node } from "./elements.js";

const SHADES = 256;

/**
 * A table for each name, of the stops `--PREFIX-NAME-0` and on; made anew when the page turns light or dark, which
 * `redraw` is called for. Its `swatches` have to stand on the page, where the style sheet finds them.
 *
 * @param {any} life
 * @param {string} prefix
 * @param {Record<string, number>} stops  how many each name has
 * @param {() => void} redraw
 */
export function palette(life, prefix, stops, redraw) {
  const marks = Object.fromEntries(Object.entries(stops).map(([name, count]) => [
    name, Array.from({ length: count }, (_, i) => node("i", { style: `color: var(--${prefix}-${name}-${i})` })),
  ]));
  const swatches = node("span", { hidden: "", "aria-hidden": "true" }, ...Object.values(marks).flat());
  let tables = {};
  let turns = 0;
  const forget = () => {
    tables = {};
    turns += 1;
    redraw();
  };
  life.listen(matchMedia("(prefers-color-scheme: dark)"), "change", forget);
  const theme = new MutationObserver(forget);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  life.onEnd(() => theme.disconnect());
  const made = (name) => shades(marks[name].map((mark) => getComputedStyle(mark).color.match(/[\d.]+/g).slice(0, 3).map(Number)));
  return { swatches, turn: () => turns, table: (name) => (tables[name] ??= made(name)) };
}

/** Red, green and blue of each shade in turn, between colours at equal distances. */
export function shades(colours) {
  const table = new Uint8ClampedArray(SHADES * 3);
  for (let i = 0; i < SHADES; i++) {
    const place = (i / (SHADES - 1)) * (colours.length - 1);
    const k = Math.min(colours.length - 2, Math.floor(place));
    for (let j = 0; j < 3; j++) table[3 * i + j] = colours[k][j] + (place - k) * (colours[k + 1][j] - colours[k][j]);
  }
  return table;
}
