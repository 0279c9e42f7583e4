// A curve to draw over a few given places: with a pen, or by the arrow keys place by place.

import { plain, shareOf, valueAt } from "./marking.js";
import { namesBeside, pathOf, pen, plane } from "./plane.js";
import { reveal } from "./reveal.js";
import { node, put, say, svgNode } from "../shared/elements.js";
import { t, tn } from "../shared/words.js";

const STOPS = 100;
const CATCH = 24; // px beside a place in which the pen moves its point

export function curveEditor(life, { x: places, across, up, beside, start, fixed }, onDraft) {
  const view = plane(life, across, up, t("Curve to draw: {up} over {across}", { up: up.name, across: across.name }), () => grown.again(), places);
  const parts = partsOf(view.layer, places, beside, fixed);
  const byHand = new Set(start && !fixed ? places.keys() : []); // a start without an end to go on from is an answer too
  let values = start ? [...start] : places.map(() => valueAt(up, 0.5));
  let [locked, truth, active] = [false, null, -1];
  const inputs = places.map((at) => node("input", { type: "range", min: 0, max: STOPS, step: 1, "aria-label": `${across.name} = ${plain(at)}${across.unit}` }));
  const isDrawn = (i) => i < fixed || byHand.has(i);
  const left = () => places.length - fixed - byHand.size;
  const set = (changes) => {
    for (const [i, value] of changes) {
      byHand.add(i);
      values = values.map((old, k) => (k === i ? value : old));
    }
    drawHand();
    grown.again();
    onDraft(left() ? null : [...values]);
  };
  inputs.forEach((input, i) => {
    const activate = (on) => {
      active = on ? i : -1;
      grown.again();
    };
    life.listen(input, "input", () => (locked || i < fixed ? drawHand() : set([[i, valueAt(up, Number(input.value) / STOPS)]])));
    life.listen(input, "focus", () => activate(input.matches(":focus-visible")));
    life.listen(input, "blur", () => activate(false));
  });
  const stroke = (at, before) => {
    const xs = places.map(view.x);
    const apart = xs.map((x) => Math.abs(x - at.px));
    const near = apart.indexOf(Math.min(...apart));
    const crossed = xs.flatMap((x, i) => (before && (x - before.px) * (x - at.px) < 0 ? [[i, view.up(before.py + ((at.py - before.py) * (x - before.px)) / (at.px - before.px))]] : []));
    const caught = !before || apart[near] < CATCH ? [[near, at.y]] : [];
    const changes = [...crossed, ...caught].filter(([i]) => i >= fixed);
    active = changes.length ? near : active;
    if (changes.length) set(changes);
  };
  pen(life, view, stroke, () => {
    active = -1;
    grown.again();
  });
  const hint = node("p", { class: "kd-note" });
  const drawHand = () => {
    inputs.forEach((input, i) => {
      input.value = String(Math.round(STOPS * shareOf(up, values[i])));
      const [yours, came] = [`${plain(values[i])}${up.unit}`, truth ? `${plain(truth[i])}${up.unit}` : ""];
      put(input, "aria-valuetext", truth && i >= fixed ? t("yours {yours}, what came {came}", { yours, came }) : yours);
      put(input, "aria-disabled", locked || i < fixed ? "true" : null);
      put(input, "tabindex", locked || i < fixed ? "-1" : null);
    });
    const first = t("Draw from left to right, or use Tab and the arrow keys.");
    const more = byHand.size && left() ? tn("{n} point is left.", "{n} points are left.", left()) : first;
    say(hint, locked ? "" : more);
  };
  const grown = reveal(life, (share) => {
    const xs = places.map(view.x);
    const drawn = xs.map((x, i) => [x, view.y(values[i])]);
    const came = truth ? drawn.map(([x, y], i) => [x, y + share * (view.y(truth[i]) - y)]) : [];
    drawCurve(parts, view, { drawn, came, isDrawn, fixed, share, beside, xs });
    parts.dots.forEach((dot, i) => put(dot, "data-focus", i === active ? "true" : null));
    const [x, y] = drawn[active] ?? [0, 0];
    placed(parts.readout, x, y - 14 * view.unit, active < 0 || locked ? "" : `${plain(values[active])}${up.unit}`);
    say(parts.prompt, byHand.size || locked || active >= 0 ? "" : t("Draw here"));
    put(parts.prompt, "x", (fixed ? xs[fixed - 1] + view.box.right : view.box.left + view.box.right) / 2);
    put(parts.prompt, "y", (view.box.top + view.box.bottom) / 2 - (start ? 0 : 24 * view.unit)); // above the points, where they wait half-way up
  });
  return {
    root: node("div", {}, view.root, node("div", { class: "kd-unseen" }, ...inputs), hint),
    draw({ answer, solution, final, lively }) {
      locked = final;
      truth = solution?.truth ?? null;
      if (answer !== null) {
        values = [...answer];
        for (const i of places.keys()) if (i >= fixed) byHand.add(i);
      }
      put(view.svg, "data-locked", final ? "true" : null);
      drawHand();
      if (truth) grown.to(lively);
      else grown.again();
    },
  };
}

function partsOf(layer, places, beside, fixed) {
  const path = (look) => svgNode("path", { class: `kd-plane-line ${look}` });
  const text = (look) => svgNode("text", { class: `kd-plane-text kd-plane-name ${look}` });
  const parts = {
    beside: Object.keys(beside).map((name) => [path("kd-plane-beside"), svgNode("text", { class: "kd-plane-text" }, name)]),
    guides: path("kd-plane-guides"), gap: path("kd-plane-gap"), marker: path("kd-plane-marker"), yours: path("kd-plane-yours"),
    given: path("kd-plane-came"), came: path("kd-plane-came"),
    dots: places.map((_, i) => svgNode("circle", { r: 5.5, class: i < fixed ? "kd-plane-dot kd-plane-given" : "kd-plane-dot" })),
    readout: text("kd-yours-text"), prompt: text("kd-plane-prompt"), yoursName: text("kd-yours-text"), cameName: text("kd-came-text"),
  };
  put(parts.prompt, "text-anchor", "middle");
  layer.append(parts.guides, ...parts.beside.flat(), parts.gap, parts.marker, parts.yours, parts.given, parts.came, ...parts.dots,
    parts.prompt, parts.readout, parts.yoursName, parts.cameName);
  return parts;
}

function drawCurve(parts, view, { drawn, came, isDrawn, fixed, share, beside, xs }) {
  const { box } = view;
  Object.values(beside).forEach((values, k) => {
    const points = xs.map((x, i) => [x, view.y(values[i])]);
    put(parts.beside[k][0], "d", pathOf(points));
    put(parts.beside[k][1], "x", points[0][0] + 6);
    put(parts.beside[k][1], "y", Math.max(box.top + 4, points[0][1] - 8));
  });
  const line = pathOf(drawn.map((point, i) => (isDrawn(i) && i >= fixed - 1 ? point : null)));
  put(parts.guides, "d", came.length ? null : xs.map((x) => `M${x.toFixed(1)} ${box.top}V${box.bottom}`).join(""));
  put(parts.marker, "d", line);
  put(parts.yours, "d", line);
  put(parts.given, "d", fixed ? pathOf(drawn.slice(0, fixed)) : null);
  put(parts.came, "d", pathOf(came));
  put(parts.gap, "d", came.length ? `${pathOf(drawn)}L${pathOf([...came].reverse()).slice(1)}Z` : null);
  put(parts.gap, "opacity", share.toFixed(2));
  parts.dots.forEach((dot, i) => {
    put(dot, "cx", drawn[i][0].toFixed(1));
    put(dot, "cy", drawn[i][1].toFixed(1));
    put(dot, "data-untouched", isDrawn(i) ? null : "true");
  });
  const [x, y] = drawn.at(-1);
  const [yoursAt, cameAt] = came.length ? namesBeside(view, y, came.at(-1)[1]) : [0, 0];
  placed(parts.yoursName, x, yoursAt, came.length ? t("yours") : "", "end");
  placed(parts.cameName, x, cameAt, came.length ? t("what came") : "", "end");
}

function placed(text, x, y, words, anchor = "middle") {
  put(text, "x", x.toFixed(1));
  put(text, "y", y.toFixed(1));
  put(text, "text-anchor", anchor);
  say(text, words);
}
