// The same examples as a layer of each model arranges them: a point picked on either selects the example on the page.

import { nearestPoint, pointTowards, squareScale } from "./numbers.js";
import { node, put, say } from "../shared/elements.js";
import { grouped, wholePercent } from "../shared/format.js";
import { t } from "../shared/words.js";

const POINT_NEAR = 0.04; // of the side

/** The drawings of two or three models, with what the pointer or the keys are on; `choose(index)` selects an example. */
export function modelDrawings(life, choose) {
  const reading = node("p", { class: "kd-note kd-inside-reading", role: "status" });
  const sides = [0, 1, 2].map((place) => oneDrawing(life, place, read, choose));
  let view = null;
  let at = -1; // the point that is read
  function read(index) {
    at = index;
    for (const side of sides) side.mark(index);
    say(reading, index < 0 || !view ? t("Click a point, or move with the arrow keys: the example is shown on the page.") : view.words(index));
  }
  return {
    root: node("div", { class: "kd-inside-drawings" }, node("div", { class: "kd-inside-pair" }, ...sides.map((side) => side.root)), reading),
    draw(shown) {
      view = shown;
      sides.forEach((side, place) => {
        side.root.hidden = place >= shown.models.length;
        if (!side.root.hidden) side.draw(shown);
      });
      read(at < shown.count ? at : -1);
    },
  };
}

function oneDrawing(life, place, read, choose) {
  const canvas = node("canvas", { tabindex: "0", role: "application" });
  const caption = node("figcaption", {});
  const root = node("figure", { class: "kd-map" }, canvas, caption);
  let [view, places, hovered] = [null, new Float64Array(0), -1];
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return nearestPoint(places, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height], POINT_NEAR);
  };
  life.listen(canvas, "pointermove", (event) => read(at(event)));
  life.listen(canvas, "pointerleave", () => read(-1));
  life.listen(canvas, "click", (event) => {
    const index = at(event);
    if (index >= 0) choose(index);
  });
  life.listen(canvas, "keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!view || !(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const from = view.selected < view.count ? view.selected : 0;
    const next = pointTowards(places, from, ...moves[event.key]);
    choose(next);
    read(next);
  });
  const paint = () => {
    if (!view) return;
    const size = Math.max(120, Math.round(canvas.clientWidth || 240));
    const dense = Math.min(3, window.devicePixelRatio || 1);
    if (canvas.width !== Math.round(size * dense)) [canvas.width, canvas.height] = [Math.round(size * dense), Math.round(size * dense)];
    const context = canvas.getContext("2d");
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, size, size);
    const { color, outlineColor, fontFamily } = getComputedStyle(canvas);
    const own = view.labels[view.selected] ?? -1;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `11px ${fontFamily}`;
    for (const strong of [false, true]) {
      for (let i = 0; i < view.count; i++) {
        if ((own >= 0 && view.labels[i] === own) !== strong) continue;
        context.fillStyle = strong ? color : outlineColor;
        context.globalAlpha = strong ? 1 : 0.55;
        const [x, y] = [places[2 * i] * size, places[2 * i + 1] * size];
        const mark = view.marks[view.labels[i]];
        if (mark) context.fillText(mark, x, y);
        else context.fillRect(x - 2, y - 2, 4, 4);
      }
    }
    context.globalAlpha = 1;
    for (const index of new Set([view.selected, hovered])) {
      if (index < 0 || index >= view.count) continue;
      context.strokeStyle = color;
      context.lineWidth = index === view.selected ? 2.5 : 1.5;
      context.beginPath();
      context.arc(places[2 * index] * size, places[2 * index + 1] * size, 9, 0, 2 * Math.PI);
      context.stroke();
    }
  };
  return {
    root,
    mark(index) {
      if (index === hovered) return;
      hovered = index;
      paint();
    },
    draw(shown) {
      view = shown;
      const { points, title, look, layer, explained } = shown.models[place];
      put(canvas, "class", `kd-inside-canvas kd-run-text kd-run-${look.name}`);
      put(caption, "class", `kd-run-text kd-run-${look.name}`);
      const scale = squareScale(points);
      places = Float64Array.from(points, (v, i) => scale(v, i % 2));
      say(caption, t("{who}: {layer}, {share} of its variance", { who: title, layer, share: wholePercent(explained) }));
      put(canvas, "aria-label", t("{who}: {n} examples in two dimensions; arrow keys select a neighbor", { who: title, n: grouped(shown.count) }));
      paint();
    },
  };
}
