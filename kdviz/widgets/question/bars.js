// Bars to draw: a native slider each, and a pen over all of them. What came grows out of what was drawn.

import { keyItem, keyRow } from "./key.js";
import { plain, scaled, shareOf, valueAt } from "./marking.js";
import { reveal } from "./reveal.js";
import { node, put, say } from "../shared/elements.js";
import { briefly } from "../shared/format.js";
import { t } from "../shared/words.js";

const STOPS = 100;

export function barsEditor(life, { names, axis, whole, start, beside, beside_name: besideName }, onDraft) {
  const rows = names.map((name, i) => barRow(name, beside ? inside(axis, beside[i]) : null));
  let values = start ? [...start] : names.map(() => axis.low);
  let [locked, truth, touched] = [false, null, false];
  const cameKey = keyItem("kd-swatch-came", t("what came"));
  const key = keyRow(keyItem("kd-swatch-yours", t("yours")), cameKey, beside ? keyItem("kd-swatch-beside", besideName) : null);
  const hint = node("p", { class: "kd-note" });
  const bars = node("div", { class: "kd-drawn-bars" }, ...rows.map((one) => one.root), scaleRow(axis, whole));
  const counted = () => (truth ? scaled(values, whole) : values);
  const set = (changes) => {
    for (const [i, value] of changes) values = values.map((old, k) => (k === i ? value : old));
    touched = true;
    drawHand();
    onDraft(whole !== null && !values.some((v) => v > 0) ? null : [...values]);
  };
  rows.forEach(({ input }, i) => life.listen(input, "input", () => (locked ? drawHand() : set([[i, valueAt(axis, Number(input.value) / STOPS)]]))));
  penOver(life, bars, rows, () => locked, (changes) => set(changes.map(([i, share]) => [i, valueAt(axis, share)])));
  const drawHand = () => {
    const [drawn, shares] = [counted(), scaled(values, whole)];
    const text = (value) => `${whole === 1 ? briefly(value) : plain(value)}${axis.unit}`;
    rows.forEach(({ input, track, yours, came }, i) => {
      input.value = String(Math.round(STOPS * inside(axis, values[i])));
      const mine = touched || start || locked ? text(shares[i]) : "";
      put(input, "aria-valuetext", truth ? t("yours {yours}, what came {came}", { yours: mine, came: text(truth[i]) }) : text(shares[i]));
      put(input, "aria-disabled", locked ? "true" : null);
      put(input, "tabindex", locked ? "-1" : null);
      track.style.setProperty("--kd-yours-at", inside(axis, drawn[i]).toFixed(4));
      say(yours, mine);
      say(came, truth ? text(truth[i]) : "");
    });
  };
  const grown = reveal(life, (share) => rows.forEach(({ track }, i) => {
    const from = inside(axis, counted()[i]);
    track.style.setProperty("--kd-came-at", (from + share * (inside(axis, truth[i]) - from)).toFixed(4));
  }));
  return {
    root: node("div", { class: "kd-drawn" }, key, bars, hint),
    draw({ answer, solution, final, lively }) {
      [locked, truth] = [final, solution?.truth ?? null];
      if (answer !== null) [values, touched] = [[...answer], true];
      bars.classList.toggle("kd-locked", final);
      bars.classList.toggle("kd-revealed", truth !== null);
      cameKey.hidden = !truth;
      drawHand();
      if (truth) grown.to(lively);
      say(hint, final ? "" : whole === null ? t("Draw the bars, or move them with the arrow keys.") : t("Draw the bars, or move them with the arrow keys. Only their shares count: they are scaled to add up."));
    },
  };
}

const inside = (axis, value) => Math.max(0, Math.min(1, shareOf(axis, value)));

function barRow(name, besideAt) {
  const input = node("input", { type: "range", min: 0, max: STOPS, step: 1, "aria-label": name });
  const beside = besideAt === null ? null : node("i", { class: "kd-drawn-beside", style: `--kd-beside: ${besideAt}` });
  const track = node("div", { class: "kd-drawn-track" }, node("i", { class: "kd-drawn-yours" }), node("i", { class: "kd-drawn-came" }), beside, input);
  const [yours, came] = ["kd-yours-text", "kd-came-text"].map((look) => node("span", { class: `kd-drawn-value ${look}`, "aria-hidden": "true" }));
  return { input, track, yours, came, root: node("div", { class: "kd-drawn-row" }, node("span", { class: "kd-drawn-name", "aria-hidden": "true" }, name), track, yours, came) };
}

/** What the ends of a bar's room stand for. */
function scaleRow(axis, whole) {
  const text = (value) => `${whole === 1 ? briefly(value) : plain(value)}${axis.unit}`;
  const ends = [text(axis.low), axis.name, text(axis.high)].map((words) => node("span", {}, words));
  return node("div", { class: "kd-drawn-row kd-drawn-scale", "aria-hidden": "true" }, node("span", {}), node("div", { class: "kd-drawn-ends" }, ...ends));
}

/** A pen: pressed anywhere on the bars it sets the one that it is over, and all that it crosses. */
function penOver(life, bars, rows, isLocked, onSet) {
  let before = null;
  const at = ({ clientX, clientY }) => {
    const { left, width } = rows[0].track.getBoundingClientRect();
    return { share: Math.max(0, Math.min(1, (clientX - left) / width)), y: clientY };
  };
  const move = (event) => {
    const now = at(event);
    const from = before ?? now;
    const [high, low] = [Math.min(from.y, now.y), Math.max(from.y, now.y)];
    const changes = rows.flatMap(({ root }, i) => {
      const { top, bottom } = root.getBoundingClientRect();
      const over = now.y >= top && now.y < bottom;
      if (!over && (bottom < high || top > low || (from.y >= top && from.y < bottom))) return [];
      const share = (Math.max(high, Math.min(low, (top + bottom) / 2)) - from.y) / (now.y - from.y || 1);
      return [[i, over ? now.share : from.share + share * (now.share - from.share)]];
    });
    before = now;
    if (changes.length) onSet(changes);
  };
  for (const { track, input } of rows) {
    life.listen(track, "pointerdown", (event) => {
      if (event.button !== 0 || isLocked()) return;
      event.preventDefault();
      input.focus({ preventScroll: true });
      bars.setPointerCapture(event.pointerId);
      move(event);
    });
  }
  life.listen(bars, "pointermove", (event) => before && move(event));
  for (const end of ["pointerup", "pointercancel"]) life.listen(bars, end, () => { before = null; });
}
