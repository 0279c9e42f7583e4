// Drawing a line from a layer of the teacher to one of the student: in the browser, until it is let go.

import { choiceAt, drawnLink, writeLinks } from "./links.js";
import { choose } from "../shared/address.js";
import { put, svgNode } from "../shared/elements.js";

const REACH = 14; // px around a box that still count as it

/**
 * Follow drags on the picture.
 *
 * @param {any} model
 * @param {any} life
 * @param {SVGSVGElement} svg
 * @param {() => any} shown  what is drawn: { drawing, view }
 * @param {(sentence: string) => void} tell  says what fits while a line is drawn
 */
export function followDrags(model, life, svg, shown, tell) {
  const line = svgNode("path", { class: "kd-link kd-link-drawn", hidden: "" });
  let from = null; // the place of the teacher's layer where the line begins
  let over = null; // the place of the student's layer it would end at

  const point = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = shown().view.width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  };
  const layerAt = (who, { x, y }) => {
    const { view, drawing } = shown();
    const left = view.left[who];
    if (x < left - REACH || x > left + view.column + REACH) return null;
    const place = drawing[who].findIndex((box, at) => box.name && y >= view.y(who, at) - REACH / 2 && y <= view.y(who, at) + view.box + REACH / 2);
    return drawing.choices.some((one) => one[who] === place) ? place : null;
  };
  /** The end of a link at the student's side may be taken too: it is the line of its teacher's layer. */
  const beginning = (at) => {
    const { view, drawing } = shown();
    const layer = layerAt("teacher", at);
    if (layer !== null) return layer;
    const link = view.links.find((one) => !one.second && Math.hypot(one.to.x - at.x, one.to.y - at.y) < 2 * REACH);
    return link ? drawing.links.find((one) => !one.second && one.teacher === link.teacher && one.student === link.student)?.teacher ?? null : null;
  };
  const mark = () => {
    const { drawing } = shown();
    for (const box of /** @type {NodeListOf<SVGElement>} */ (svg.querySelectorAll("[data-place]"))) {
      const choice = from === null || box.dataset.who !== "student" ? null : choiceAt(drawing, from, Number(box.dataset.place));
      put(box, "data-fits", choice ? (choice.fits ? "yes" : "no") : null);
      put(box, "data-over", choice !== null && Number(box.dataset.place) === over);
    }
  };
  const end = () => {
    from = null;
    over = null;
    line.remove();
    mark();
  };

  life.listen(svg, "pointerdown", (event) => {
    const { drawing } = shown();
    if (event.button !== 0 || !drawing?.choices?.length || model.get("locked")) return;
    from = beginning(point(event));
    if (from === null) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    svg.append(line);
    mark();
  });
  life.listen(svg, "pointermove", (event) => {
    if (from === null) return;
    const { view, drawing } = shown();
    const at = point(event);
    over = layerAt("student", at);
    const [x, y] = [view.left.teacher + view.column, view.y("teacher", from) + view.box / 2];
    put(line, "d", `M${x} ${y}L${at.x.toFixed(1)} ${at.y.toFixed(1)}`);
    mark();
    tell(over === null ? "" : choiceAt(drawing, from, over)?.says ?? "");
  });
  life.listen(svg, "pointerup", () => {
    if (from === null) return;
    const { drawing } = shown();
    const choice = over === null ? null : choiceAt(drawing, from, over);
    if (choice?.fits) {
      const layers = writeLinks(drawnLink(drawing, from, over));
      choose(model, { layers });
    }
    tell(choice && !choice.fits ? choice.says : "");
    end();
  });
  life.listen(svg, "pointercancel", end);
  life.listen(document, "keydown", (event) => {
    if (event.key === "Escape" && from !== null) end();
  });
}
