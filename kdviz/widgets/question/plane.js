// The plane that curves and points are drawn in: two axes, and where a pointer is on them.

import { plain, shareOf, valueAt } from "./marking.js";
import { textSize } from "../shared/curve_axes.js";
import { node, onOtherWidth, put, svgNode } from "../shared/elements.js";

const SIZES = [1, 2, 5];
const MOST_TICKS = 6;
const LETTER = 7.6; // px, about, of a digit
const WIDEST = 8.9; // px of a digit in the widest of the usual faces
const LABEL = { rise: 12, drop: 20, apart: 18 }; // px between a line's end and its name, at the usual size of text

/**
 * Two axes: `root`, its `svg` with a layer for what is drawn, `x` and `y` from numbers to px, `at(event)` back to numbers.
 * `draw()` is called when it has got another size; `places`: the numbers along the lower axis.
 */
export function plane(life, across, up, name, draw, places = ticksOf(across)) {
  const grid = svgNode("g", { "aria-hidden": "true" });
  const layer = svgNode("g");
  const svg = svgNode("svg", { class: "kd-plane", role: "img", "aria-label": name }, grid, layer);
  const title = (sign, words) => node("p", { class: "kd-plane-axis", "aria-hidden": "true" }, sign === "↑" ? `${sign} ${words}` : `${words} ${sign}`);
  const root = node("div", { class: "kd-drawn-plane" }, up.name ? title("↑", up.name) : null, svg, across.name ? title("→", across.name) : null);
  const view = {
    root, svg, layer, unit: 1, box: { left: 0, right: 0, top: 0, bottom: 0 },
    x: (value) => view.box.left + inside(shareOf(across, value)) * (view.box.right - view.box.left),
    y: (value) => view.box.bottom - inside(shareOf(up, value)) * (view.box.bottom - view.box.top),
    at(event) {
      const { left, top } = svg.getBoundingClientRect();
      const { box } = view;
      const [px, py] = [event.clientX - left, event.clientY - top];
      return { px, py, x: valueAt(across, (px - box.left) / (box.right - box.left)), y: view.up(py) };
    },
    up: (py) => valueAt(up, (view.box.bottom - py) / (view.box.bottom - view.box.top)),
  };
  onOtherWidth(life, root, () => {
    const width = root.clientWidth;
    if (!width) return;
    lay(view, svg, width, Math.max(...ticksOf(up).map((tick) => tickText(up, tick).length)));
    drawGrid(view, grid, across, up, places);
    draw();
  });
  return view;
}

function lay(view, svg, width, letters) {
  const unit = textSize();
  const height = Math.round(Math.min(340, Math.max(230, width * 0.5)) * (0.4 + 0.6 * unit));
  put(svg, "viewBox", `0 0 ${width} ${height}`);
  put(svg, "height", height);
  view.unit = unit;
  view.box = { left: 12 + LETTER * unit * letters, right: width - 16, top: 12 * unit, bottom: height - 26 * unit };
}

const inside = (share) => Math.max(0, Math.min(1, share));
const tickText = (axis, tick) => `${plain(tick)}${axis.unit}`;

function drawGrid(view, grid, across, up, places) {
  const { box, unit } = view;
  const text = (attributes, words) => svgNode("text", { class: "kd-plane-text", ...attributes }, words);
  grid.replaceChildren();
  for (const tick of ticksOf(up)) {
    const y = view.y(tick).toFixed(1);
    grid.append(svgNode("line", { class: "kd-plane-grid", x1: box.left, x2: box.right, y1: y, y2: y }),
      text({ x: box.left - 8, y, dy: "0.34em", "text-anchor": "end" }, tickText(up, tick)));
  }
  let free = -Infinity;
  for (const tick of places) {
    const words = tickText(across, tick);
    const [half, y] = [(words.length * WIDEST * unit) / 2, box.bottom + 19 * unit];
    const x = Math.min(view.x(tick), box.right + 16 - half);
    if (x - half < free) continue;
    free = x + half + 8;
    const last = x < view.x(tick); // it ends with the drawing, however wide its letters are
    grid.append(text({ x: (last ? box.right + 15 : x).toFixed(1), y, "text-anchor": last ? "end" : "middle" }, words));
  }
}

/** Round numbers along an axis: powers of ten where it is logarithmic and long, else steps of 1, 2 or 5. */
export function ticksOf({ low, high, log }) {
  if (log) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) all.push(...SIZES.map((size) => Number(`${size}e${power}`)));
    const inRange = all.filter((tick) => tick >= low * 0.9999 && tick <= high * 1.0001);
    const tens = inRange.filter((tick) => Number.isInteger(Math.log10(tick)));
    if (inRange.length > 1) return inRange.length <= MOST_TICKS || tens.length < 2 ? inRange : tens;
  }
  const raw = (high - low) / (MOST_TICKS - 1);
  const power = Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((size) => Number(`${size}e${power}`)).find((one) => one >= raw * 0.9999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A press, and what is drawn until it ends: `onMove(at, before)`, where the pen is and where it was; none at the press. */
export function pen(life, view, onMove, onEnd = () => {}) {
  let before = null;
  const { svg } = view;
  const move = (event) => {
    const at = view.at(event);
    onMove(at, before);
    before = at;
  };
  life.listen(svg, "pointerdown", (event) => {
    if (event.button !== 0 || svg.hasAttribute("data-locked")) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    move(event);
  });
  life.listen(svg, "pointermove", (event) => before && move(event));
  for (const end of ["pointerup", "pointercancel"]) {
    life.listen(svg, end, () => {
      before = null;
      onEnd();
    });
  }
}

/** A line through points, without those that are null. */
export function pathOf(points) {
  const known = points.filter((point) => point !== null);
  return known.length ? `M${known.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` : null;
}

/** Where two names stand at the ends of two lines, so that neither hides the other: their heights in px. */
export function namesBeside({ box, unit }, first, second) {
  const [upper, lower] = [Math.min(first, second), Math.max(first, second)];
  let above = upper - LABEL.rise * unit;
  let below = lower + LABEL.drop * unit;
  if (above < box.top + 4 * unit) above = upper + LABEL.drop * unit;
  if (below > box.bottom - 4 * unit) below = lower - LABEL.rise * unit;
  if (below - above < LABEL.apart * unit) {
    const room = LABEL.apart * unit;
    [above, below] = above - room > box.top ? [below - room, below] : [above, above + room];
  }
  return first <= second ? [above, below] : [below, above];
}
