// The picture of a method: teacher's layers to the left, the student's to the right, and lines between what is compared.

import { methodSymbol } from "./symbols.js";
import { changing, node, put, svgNode } from "../shared/elements.js";
import { t } from "../shared/words.js";

const LAYER = { height: 40, apart: 16, symbol: 24, narrow: 440 };

/** An SVG that is drawn anew whenever a method or the width changes; some twenty boxes, so no node is kept. */
export function layersPart() {
  const svg = svgNode("svg", { class: "kd-tiers-svg", "aria-hidden": "true" });
  const root = node("div", { class: "kd-tiers" }, svg);
  const changed = changing();
  let shown = { drawing: null, view: null };
  return {
    root,
    svg,
    shown: () => shown,
    width: () => Math.round(root.clientWidth || 480),
    draw(drawing, width) {
      if (!drawing.teacher || !changed(drawing, width, textSizeHere())) return;
      const view = layersView(drawing, width);
      shown = { drawing, view };
      svg.classList.toggle("kd-tiers-drawable", Boolean(drawing.choices?.length));
      put(svg, "viewBox", `0 0 ${view.width} ${view.height}`);
      put(svg, "height", view.height);
      svg.replaceChildren(
        ...view.links.map((link) => linkLine(link)),
        ...["teacher", "student"].flatMap((who) => layerColumn(view, who, drawing)),
        ...view.links.flatMap((link) => linkMarks(view, link, link.symbol ?? drawing.symbol)),
        ...(drawing.labels ? labelsMark(view) : []),
      );
    },
  };
}

function textSizeHere() {
  return (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}

/** Where everything stands, in px. Both columns are as high as the larger one: their boxes are spread evenly. */
function layersView(drawing, width) {
  const unit = textSizeHere();
  const [height, apart] = [LAYER.height * unit, LAYER.apart * unit];
  const most = Math.max(drawing.teacher.length, drawing.student.length);
  const top = 30 * unit + (drawing.labels ? height : 0);
  const bottom = top + most * height + (most - 1) * apart;
  const middle = Math.max(88 * unit, Math.min(220 * unit, 0.3 * width));
  const column = Math.min(200 * unit, (width - middle) / 2);
  const left = { teacher: (width - middle) / 2 - column, student: (width + middle) / 2 };
  const y = (who, place) => {
    const count = drawing[who].length;
    return count < 2 ? bottom - height : bottom - height - (place * (bottom - top - height)) / (count - 1);
  };
  const links = drawing.links.map((link) => ({
    ...link, unit,
    from: { x: left.teacher + column, y: y("teacher", link.teacher) + height / 2 },
    to: { x: left.student, y: y("student", link.student) + height / 2 },
  }));
  return { unit, width, height: bottom + 4, box: height, column, left, top, y, links, middle, letters: Math.floor(column / (8.8 * unit)) };
}

function layerColumn(view, who, drawing) {
  const boxes = drawing[who];
  const x = view.left[who];
  const centre = x + view.column / 2;
  const nodes = [svgNode("text", { x: centre, y: 14 * view.unit, class: `kd-tiers-title kd-tiers-${who}-text`, "text-anchor": "middle" }, who === "teacher" ? t("Teacher") : t("Student"))];
  const asked = who === "student" || drawing.links.length > 0;
  boxes.forEach((box, place) => {
    const y = view.y(who, place);
    const apart = box.title || boxes[place + 1]?.title; // whole teachers stand beside one another
    if (place + 1 < boxes.length && !apart) nodes.push(svgNode("line", { x1: centre, x2: centre, y1: y, y2: view.y(who, place + 1) + view.box, class: "kd-tiers-flow" }));
    nodes.push(...(box.more ? moreBoxes(box.more, centre, y + view.box / 2) : layerBox(view, who, box, place, x, y, asked)));
  });
  return nodes;
}

function layerBox(view, who, box, place, x, y, asked) {
  const kind = place === 0 ? "input" : box.compared ? "compared" : "plain";
  const centre = x + view.column / 2;
  const full = box.title ?? box.name;
  const name = full.length > view.letters ? `${full.slice(0, view.letters - 1)}…` : full;
  return [
    svgNode("rect", { x, y, width: view.column, height: view.box, rx: 6, class: `kd-tier kd-tier-${who} kd-tier-${kind}${asked ? "" : " kd-tier-idle"}`, "data-layer": box.name, "data-who": who, "data-place": place }, svgNode("title", {}, full)),
    svgNode("text", { x: centre, y: y + 0.42 * view.box, class: "kd-tier-name", "text-anchor": "middle" }, name),
    svgNode("text", { x: centre, y: y + 0.8 * view.box, class: "kd-tier-shape", "text-anchor": "middle" }, box.shape),
  ];
}

function moreBoxes(count, x, y) {
  return [svgNode("text", { x, y, dy: "0.34em", class: "kd-tier-shape kd-tier-more", "text-anchor": "middle" }, `⋮ ${t("{n} more", { n: count })}`)];
}

function linkLine({ from, to, second }) {
  const bend = (to.x - from.x) / 2;
  return svgNode("path", { d: `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`, class: `kd-link${second ? " kd-link-second" : ""}`, "data-link": "" });
}

/** A symbol at both ends of a line, and what stands between: an adapter, or an opponent. */
function linkMarks(view, link, symbol) {
  const { from, to, unit } = link;
  const size = LAYER.symbol;
  const marks = symbol ? [methodSymbol(symbol, "teacher", from.x + 4, from.y - size / 2), methodSymbol(symbol, "student", to.x - 4 - size, to.y - size / 2)] : [];
  if (!link.through) return marks;
  const roomy = view.middle >= (LAYER.symbol * 2 + 90) * unit;
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2 - (roomy ? 0 : 21 * unit)];
  const lines = roomy ? [link.through] : link.through.split(", ");
  const width = Math.max(...lines.map((line) => line.length)) * 7 * unit + 14;
  const height = 17 * unit * lines.length;
  return [
    ...marks,
    svgNode("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 8, class: "kd-through" }),
    ...lines.map((line, i) => svgNode("text", { x, y: y + (i - (lines.length - 1) / 2) * 15 * unit, dy: "0.34em", class: "kd-through-text", "text-anchor": "middle" }, line)),
  ];
}

/** The labels, above the student's logits. */
function labelsMark(view) {
  const [x, y, height] = [view.left.student, 24 * view.unit, 24 * view.unit];
  const centre = x + view.column / 2;
  return [
    svgNode("line", { x1: centre, x2: centre, y1: y + height, y2: view.top, class: "kd-link", "data-labels": "" }),
    svgNode("rect", { x: centre - 34 * view.unit, y, width: 68 * view.unit, height, rx: 12 * view.unit, class: "kd-labels-box" }),
    svgNode("text", { x: centre, y: y + height / 2, dy: "0.34em", class: "kd-tier-name", "text-anchor": "middle" }, t("labels y")),
  ];
}
