// The plane with the teacher's two humps, which are dragged by their tops, and the student's one hump for each loss.

import { bell, density } from "./fits.js";
import { textSize } from "../shared/curve_axes.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { fixed, wholePercent } from "../shared/format.js";
import { t } from "../shared/words.js";

const [LOW, HIGH] = [-6, 6];
const [LEFT, RIGHT] = [-4, 4]; // how far a hump is dragged
const [LEAST, MOST] = [0.05, 0.95]; // of its share
const POINTS = 300;
const KEYS = { ArrowLeft: ["place", -1], ArrowRight: ["place", 1], ArrowUp: ["share", 1], ArrowDown: ["share", -1], PageUp: ["place", 5], PageDown: ["place", -5] };

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** `moved(values)` while a hump is dragged, `rested()` when it is let go; places are rounded to a hundredth. */
export function humpsPlot(life, { moved, rested }) {
  const [grid, area, curves, handles] = Array.from({ length: 4 }, () => svgNode("g"));
  put(grid, "aria-hidden", "true");
  const line = svgNode("path", { class: "kd-run-teacher kd-run-line" });
  const fill = svgNode("path", { class: "kd-humps-area" });
  const fits = Object.fromEntries(["forward", "reverse"].map((name) => [name, { path: svgNode("path", { class: `kd-humps-${name} kd-run-line` }), text: svgNode("text", { class: `kd-humps-${name} kd-run-text kd-humps-name`, "text-anchor": "middle" }) }]));
  const svg = svgNode("svg", { class: "kd-humps-plot", role: "group" }, grid, area, curves, handles);
  const root = node("div", { class: "kd-humps-room" }, svg);
  area.append(fill, line);
  for (const { path, text } of Object.values(fits)) curves.append(path, text);
  let now = { first: -2, second: 2, share: 0.5, width: 0.6 };
  let view = null;
  const tops = ["first", "second"].map((name) => handle(name));
  handles.append(...tops.map(({ root: one }) => one));

  function handle(name) {
    const ring = svgNode("circle", { r: 13, class: "kd-humps-grip" });
    const dot = svgNode("circle", { r: 6, class: "kd-humps-dot" });
    const one = svgNode("g", { class: "kd-humps-handle", tabindex: "0", role: "slider", "aria-valuemin": LEFT, "aria-valuemax": RIGHT, "data-hump": name }, ring, dot);
    let held = null;
    life.listen(one, "pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      one.focus({ preventScroll: true });
      one.setPointerCapture(event.pointerId);
      const [x, y] = where(event);
      held = [x - now[name], y - height(name)];
    });
    life.listen(one, "pointermove", (event) => {
      if (!held) return;
      const [x, y] = where(event);
      const part = (y - held[1]) * now.width * Math.sqrt(2 * Math.PI);
      moved({ [name]: rounded(clamp(x - held[0], LEFT, RIGHT)), share: shareFor(name, part) });
    });
    for (const end of ["pointerup", "pointercancel"]) {
      life.listen(one, end, () => {
        if (held) rested();
        held = null;
      });
    }
    life.listen(one, "keydown", (event) => {
      const [what, by] = KEYS[event.key] ?? [];
      if (!what) return;
      event.preventDefault();
      moved(what === "place" ? { [name]: rounded(clamp(now[name] + 0.1 * by, LEFT, RIGHT)) } : { share: shareFor(name, shareOf(name) + 0.05 * by) });
    });
    life.listen(one, "keyup", (event) => KEYS[event.key] && rested());
    return { name, root: one };
  }

  const shareOf = (name) => (name === "first" ? now.share : 1 - now.share);
  const shareFor = (name, part) => rounded(clamp(name === "first" ? part : 1 - part, LEAST, MOST));
  const height = (name) => shareOf(name) / (now.width * Math.sqrt(2 * Math.PI));
  const where = (event) => {
    const { left, top } = svg.getBoundingClientRect();
    return [view.back(event.clientX - left), view.up(event.clientY - top)];
  };

  return {
    root,
    draw(humps, shown) {
      now = humps;
      const width = root.clientWidth;
      if (!width) return;
      view = viewOf(width, humps);
      put(svg, "viewBox", `0 0 ${width} ${view.height}`);
      put(svg, "height", view.height);
      drawGrid(grid, view);
      const path = pathOf((x) => density(humps, x), view);
      put(line, "d", path);
      put(fill, "d", `${path}L${view.x(HIGH).toFixed(1)} ${view.box.bottom}L${view.x(LOW).toFixed(1)} ${view.box.bottom}Z`);
      for (const [name, { path: one, text }] of Object.entries(fits)) {
        const fit = shown?.[name];
        put(one, "display", fit ? null : "none");
        put(text, "display", fit ? null : "none");
        if (!fit) continue;
        put(one, "d", pathOf((x) => bell(fit, x), view));
        put(text, "x", clamp(view.x(fit.mean), view.box.left + 30, view.box.right - 30).toFixed(1));
        put(text, "y", Math.max(14, view.y(bell(fit, fit.mean)) - 9).toFixed(1));
        say(text, fit.name);
      }
      for (const { name, root: one } of tops) {
        const left = name === "first" ? humps.first <= humps.second : humps.second < humps.first;
        put(one, "transform", `translate(${view.x(now[name]).toFixed(1)} ${view.y(height(name)).toFixed(1)})`);
        put(one, "aria-label", left ? t("Left hump of the teacher") : t("Right hump of the teacher"));
        put(one, "aria-valuenow", now[name]);
        put(one, "aria-valuetext", t("at {place}, with {share} of the probability", { place: fixed(now[name], 1), share: wholePercent(shareOf(name)) }));
      }
    },
  };
}

const rounded = (value) => Math.round(100 * value) / 100;

function viewOf(width, humps) {
  const unit = textSize();
  const height = Math.round(Math.min(300, Math.max(200, width * 0.42)) * (0.5 + 0.5 * unit));
  const box = { left: 10, right: width - 10, top: 26 * unit, bottom: height - 24 * unit };
  const highest = 1.06 / (humps.width * Math.sqrt(2 * Math.PI)); // as high as one hump alone: it stands still while a hump is dragged
  const x = (value) => box.left + ((value - LOW) / (HIGH - LOW)) * (box.right - box.left);
  const y = (value) => box.bottom - (value / highest) * (box.bottom - box.top);
  return {
    height, box, unit, x, y,
    back: (px) => LOW + ((px - box.left) / (box.right - box.left)) * (HIGH - LOW),
    up: (py) => ((box.bottom - py) / (box.bottom - box.top)) * highest,
  };
}

function pathOf(of, view) {
  const points = Array.from({ length: POINTS + 1 }, (_, i) => LOW + ((HIGH - LOW) * i) / POINTS);
  return `M${points.map((x) => `${view.x(x).toFixed(1)} ${view.y(of(x)).toFixed(1)}`).join("L")}`;
}

function drawGrid(grid, { box, x, unit }) {
  const ticks = [-4, -2, 0, 2, 4];
  grid.replaceChildren(svgNode("line", { class: "kd-chart-base", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }),
    ...ticks.map((tick) => svgNode("text", { class: "kd-chart-text", x: x(tick).toFixed(1), y: box.bottom + 17 * unit, "text-anchor": "middle" }, fixed(tick, 0))));
}
