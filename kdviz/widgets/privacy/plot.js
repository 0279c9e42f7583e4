// The ROC curve on log axes, model beside model; a pointer or the arrow keys read it at a share of false ones.

import { curvePath, logPlace, lowestShare, trueAt } from "./numbers.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { shortPercent } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";
import { t } from "../shared/words.js";

const PRIVACY_STEP = 0.02; // of the axis, for one press of an arrow key

export function privacyPlot(life) {
  const svg = svgNode("svg", { class: "kd-privacy-plot", "aria-hidden": "true" });
  const frame = node("div", { class: "kd-privacy-frame", tabindex: "0", role: "group" }, svg);
  const reading = node("p", { class: "kd-note kd-privacy-reading", role: "status" });
  const legend = node("p", { class: "kd-privacy-legend" });
  let view = null;
  let place = null; // 0 to 1 along the axis
  const read = (to) => {
    place = to === null ? null : Math.min(1, Math.max(0, to));
    const line = svg.querySelector(".kd-privacy-cursor");
    if (!view || !line) return;
    line.style.display = place === null ? "none" : "";
    if (place === null) {
      say(reading, t("Hover the curves, or press →, to read them."));
      return;
    }
    const at = view.lowest ** (1 - place);
    for (const end of ["x1", "x2"]) put(line, end, view.x(place).toFixed(1));
    const told = view.shown.models.map((one) => `${one.short} ${shortPercent(100 * trueAt(one.curve, at))}`).join("; ");
    say(reading, t("At {at} false ones the attack finds of the members: {told}.", { at: shortPercent(100 * at), told }));
  };
  const placeAt = (event) => (view ? (event.clientX - svg.getBoundingClientRect().left - view.left) / (view.right - view.left) : null);
  life.listen(frame, "pointermove", (event) => read(placeAt(event)));
  life.listen(frame, "pointerdown", (event) => read(placeAt(event)));
  life.listen(frame, "pointerleave", (event) => event.pointerType === "mouse" && read(null));
  life.listen(frame, "blur", () => read(null));
  life.listen(frame, "keydown", (event) => {
    if (!view || event.altKey || event.ctrlKey || event.metaKey) return;
    const now = place ?? logPlace(view.shown.at, view.lowest) - PRIVACY_STEP;
    const moves = { ArrowRight: now + PRIVACY_STEP, ArrowLeft: now - PRIVACY_STEP, Home: 0, End: 1, Escape: null };
    if (!(event.key in moves)) return;
    event.preventDefault();
    read(moves[event.key]);
  });
  return {
    root: node("div", {}, legend, frame, reading),
    width: () => frame.clientWidth,
    draw(shown, width) {
      view = privacyLayout(shown, width);
      put(svg, "viewBox", `0 0 ${view.width} ${view.height}`);
      put(svg, "width", view.width);
      put(svg, "height", view.height);
      put(frame, "aria-label", t("ROC curves on log axes; arrow keys read them"));
      legend.replaceChildren(...shown.models.map((one) => node("span", { class: `kd-run-text kd-run-${one.look.name}` }, runKey(one.look), one.title)));
      svg.replaceChildren(...privacyAxes(view), ...shown.models.flatMap((one, i) => privacyCurve(view, one, i)),
        svgNode("line", { class: "kd-privacy-cursor", y1: view.top, y2: view.bottom, x1: 0, x2: 0, style: "display: none" }));
      read(place);
    },
  };
}

function privacyLayout(shown, room) {
  const width = Math.min(room, 520);
  const [left, right, top, bottom] = [58, width - 12, 8, Math.round(width * 0.66)];
  return {
    shown, width, left, right, top, bottom, height: bottom + 40, lowest: lowestShare(shown.others),
    x: (v) => left + v * (right - left), y: (v) => bottom - v * (bottom - top),
  };
}

function privacyAxes(view) {
  const parts = [];
  for (let share = view.lowest; share <= 1.0001; share *= 10) {
    const [x, y] = [view.x(logPlace(share, view.lowest)), view.y(logPlace(share, view.lowest))].map((v) => v.toFixed(1));
    const text = shortPercent(100 * share);
    parts.push(svgNode("line", { class: "kd-privacy-grid", x1: x, x2: x, y1: view.top, y2: view.bottom }));
    parts.push(svgNode("line", { class: "kd-privacy-grid", x1: view.left, x2: view.right, y1: y, y2: y }));
    parts.push(svgNode("text", { class: "kd-chart-text", x, y: view.bottom + 15, "text-anchor": share > 0.99 ? "end" : "middle" }, text));
    parts.push(svgNode("text", { class: "kd-chart-text", x: view.left - 6, y: Number(y) + 4, "text-anchor": "end" }, text));
  }
  const at = view.x(logPlace(view.shown.at, view.lowest)).toFixed(1);
  parts.push(svgNode("line", { class: "kd-privacy-guess", x1: view.x(0), x2: view.x(1), y1: view.y(0), y2: view.y(1) }, svgNode("title", {}, t("guessing"))));
  parts.push(svgNode("line", { class: "kd-privacy-at", x1: at, x2: at, y1: view.top, y2: view.bottom }));
  parts.push(svgNode("text", { class: "kd-chart-text", x: view.x(0.5), y: view.bottom + 33, "text-anchor": "middle" }, t("others taken for members")));
  parts.push(svgNode("text", { class: "kd-chart-text", transform: `translate(11 ${view.y(0.5)}) rotate(-90)`, "text-anchor": "middle" }, t("members found")));
  return parts;
}

/** A model's curve, and its interval where true ones are told. */
function privacyCurve(view, one, index) {
  const at = view.x(logPlace(view.shown.at, view.lowest)) + 4 * (index - 1);
  const [low, high] = one.tpr.slice(1).map((share) => view.y(logPlace(share, view.lowest)).toFixed(1));
  return [svgNode("g", { class: `kd-run-${one.look.name}` },
    svgNode("path", { class: "kd-run-line", d: curvePath(one.curve, view.lowest, view.x, view.y) }),
    svgNode("line", { class: "kd-run-line kd-privacy-band", x1: at.toFixed(1), x2: at.toFixed(1), y1: low, y2: high }))];
}
