// The loss on a plane through student and twin, in bands; a pointer or the arrow keys read a point.

import { BANDS, bandOf, endsOf } from "./numbers.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { fixed } from "../shared/format.js";
import { palette } from "../shared/palette.js";
import { t } from "../shared/words.js";

export function lossPlane(life, redraw) {
  const canvas = node("canvas", { class: "kd-lossplane-canvas", "aria-hidden": "true" });
  const marks = svgNode("svg", { class: "kd-lossplane-marks", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const spots = node("div", { class: "kd-lossplane-spots", "aria-hidden": "true" });
  const frame = node("div", { class: "kd-lossplane-frame", tabindex: "0", role: "group" }, canvas, marks, spots);
  const low = node("span", {});
  const high = node("span", {});
  const ramp = node("canvas", { class: "kd-lossplane-ramp", width: BANDS, height: 1, "aria-hidden": "true" });
  const key = node("p", { class: "kd-note kd-lossplane-key" }, t("loss"), " ", low, ramp, high);
  const across = node("p", { class: "kd-note" });
  const reading = node("p", { class: "kd-note kd-inside-reading", role: "status" });
  const colours = palette(life, "kd-inside", { loss: 4 }, redraw);
  let [shown, at] = [null, null]; // [row, column]
  const read = (to) => {
    const inside = shown && to && to[0] >= 0 && to[1] >= 0 && to[0] < shown.across.length && to[1] < shown.along.length;
    at = inside ? to : null;
    marks.querySelector(".kd-lossplane-cursor")?.remove();
    if (!at) {
      say(reading, t("Hover the plane, or press an arrow key, to read the loss."));
      return;
    }
    const [row, column] = at;
    const [w, h] = [100 / shown.along.length, 100 / shown.across.length];
    marks.append(svgNode("rect", { class: "kd-lossplane-cursor", x: column * w, y: 100 - (row + 1) * h, width: w, height: h, "vector-effect": "non-scaling-stroke" }));
    say(reading, t("Loss {loss} at {along} along and {across} across.", { loss: fixed(shown.loss[row][column], 3), along: fixed(shown.along[column], 2), across: fixed(shown.across[row], 2) }));
  };
  const placeOf = (event) => {
    const box = frame.getBoundingClientRect();
    return [shown.across.length - 1 - Math.floor(((event.clientY - box.top) / box.height) * shown.across.length), Math.floor(((event.clientX - box.left) / box.width) * shown.along.length)];
  };
  for (const type of ["pointermove", "pointerdown"]) life.listen(frame, type, (event) => shown && read(placeOf(event)));
  life.listen(frame, "pointerleave", (event) => event.pointerType === "mouse" && read(null));
  life.listen(frame, "blur", () => read(null));
  life.listen(frame, "keydown", (event) => {
    if (!shown || event.altKey || event.ctrlKey || event.metaKey) return;
    const [row, column] = at ?? [zeroOf(shown.across), zeroOf(shown.along)];
    const [top, right] = [shown.across.length - 1, shown.along.length - 1];
    const moves = {
      ArrowUp: [Math.min(top, row + 1), column], ArrowDown: [Math.max(0, row - 1), column], ArrowRight: [row, Math.min(right, column + 1)],
      ArrowLeft: [row, Math.max(0, column - 1)], Escape: null,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    read(at || !moves[event.key] ? moves[event.key] : [row, column]);
  });
  return {
    root: node("div", { class: "kd-lossplane" }, frame, key, across, reading, colours.swatches),
    draw(plane, titles) {
      shown = plane;
      const [bottom, top] = endsOf(plane.loss);
      const [rows, columns] = [plane.across.length, plane.along.length];
      const table = colours.table("loss");
      fillCanvas(canvas, columns, rows, table, (i) => bandOf(plane.loss[rows - 1 - Math.floor(i / columns)][i % columns], bottom, top));
      fillCanvas(ramp, BANDS, 1, table, (i) => i);
      say(low, fixed(bottom, 3));
      say(high, fixed(top, 2));
      const spot = (index, place) => {
        const left = (100 * (plane.along.findIndex((v) => Math.abs(v - place) < 1e-9) + 0.5)) / columns;
        const up = (100 * (zeroOf(plane.across) + 0.5)) / rows;
        return node("span", { class: `kd-lossplane-spot kd-lossplane-spot-${index}`, style: `left: ${left.toFixed(2)}%; bottom: ${up.toFixed(2)}%` }, titles[index]);
      };
      spots.replaceChildren(...plane.ids.map((_, index) => spot(index, index)));
      say(across, plane.ids.length > 1
        ? t("To the right from {first} to {second}; upwards a random direction, filter by filter as long as the weights.", { first: titles[0], second: titles[1] })
        : t("Both directions are random, filter by filter as long as the weights."));
      put(frame, "aria-label", t("Loss on a plane of weights; arrow keys read it"));
      read(at);
    },
  };
}

function zeroOf(values) {
  return values.reduce((best, v, i) => (Math.abs(v) < Math.abs(values[best]) ? i : best), 0);
}

/** A pixel for each place, in the colour of its band. */
function fillCanvas(canvas, width, height, table, band) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const shade = Math.round((band(i) / (BANDS - 1)) * 255);
    for (let c = 0; c < 3; c++) frame.data[4 * i + c] = table[3 * shade + c];
    frame.data[4 * i + 3] = 255;
  }
  context.putImageData(frame, 0, 0);
}
