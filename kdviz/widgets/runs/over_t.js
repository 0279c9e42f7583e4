// Errors over T: the test errors of the runs made on this page, student and twin, against their temperature.

import { node, say, svgNode, uniqueId } from "../shared/elements.js";
import { grouped, short } from "../shared/format.js";
import { nodePool } from "../shared/curve_axes.js";
import { t } from "../shared/words.js";

const HEIGHT = 176;
const ROOM = { left: 46, right: 64, top: 22, bottom: 40 };
const APART = 30; // px between two labels

/** { T, student, twin, now, otherwise } of each run that was tested at one temperature, by rising T. */
export function testedAtT(runs, earlier) {
  const known = (value) => value !== null && value !== undefined;
  const rows = [...earlier.filter((row) => row.same_page), ...runs.map((row) => ({ ...row, round: "now", otherwise: "" }))];
  return rows
    .filter((row) => row.role === "student" && known(row.test) && row.temperature > 0)
    .map((row) => ({
      T: row.temperature, student: row.test, now: row.round === "now", otherwise: row.otherwise,
      twin: rows.find((other) => other.round === row.round && other.role === "twin")?.test ?? null,
    }))
    .sort((a, b) => a.T - b.T || a.student - b.student);
}

export function overTPart() {
  const svg = svgNode("svg", { class: "kd-over-t-svg", "aria-hidden": "true" });
  const layers = Object.fromEntries(["grid", "lines", "marks", "labels"].map((name) => [name, svg.appendChild(svgNode("g", {}))]));
  const pool = nodePool(layers);
  const body = node("div", { role: "rowgroup" });
  const head = node("div", { role: "row" }, ...[t("T"), t("Student"), t("Twin, no teacher"), t("Otherwise")].map((text) => node("span", { role: "columnheader" }, text)));
  const caption = uniqueId("over-t");
  const table = node("div", { class: "kd-unseen", role: "table", "aria-labelledby": caption }, head, body);
  const note = node("p", { class: "kd-note" });
  const root = node("figure", { class: "kd-over-t" }, node("figcaption", { id: caption }, t("Test errors over T, of the runs made here")), svg, table, note);
  return {
    root,
    draw(points) {
      root.hidden = new Set(points.map((point) => point.T)).size < 2;
      if (root.hidden) return;
      const stamp = JSON.stringify([points, root.clientWidth]);
      if (root.dataset.stamp === stamp) return;
      root.dataset.stamp = stamp;
      drawPoints(svg, pool, points, root.clientWidth || 560);
      body.replaceChildren(...points.map((p) => node("div", { role: "row" }, ...[short(p.T), grouped(p.student), p.twin === null ? "–" : grouped(p.twin), p.otherwise || "–"]
        .map((text) => node("span", { role: "cell" }, text)))));
      say(note, points.some((p) => p.otherwise) ? t("One run each, so small differences may be chance. Open dots: other settings differ too.")
        : t("One run each, so small differences may be chance."));
    },
  };
}

function drawPoints(svg, pool, points, width) {
  const box = { left: ROOM.left, right: width - ROOM.right, top: ROOM.top, bottom: HEIGHT - ROOM.bottom };
  const x = within(points.map((p) => Math.log(p.T)), box.left + 14, box.right - 14);
  const values = points.flatMap((p) => (p.twin === null ? [p.student] : [p.student, p.twin]));
  const y = within(values, box.bottom - 10, box.top + 8);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  pool.begin();
  for (const value of [Math.min(...values), Math.max(...values)]) {
    pool.take("grid", "line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), class: "kd-grid" });
    pool.take("grid", "text", { x: box.left - 8, y: y(value), dy: "0.34em", class: "kd-tick-text", "text-anchor": "end" }, grouped(value));
  }
  let last = -Infinity;
  for (const T of new Set(points.map((p) => p.T))) {
    const at = x(Math.log(T));
    if (at - last < APART) continue;
    last = at;
    pool.take("grid", "text", { x: at, y: box.bottom + 18, class: "kd-tick-text", "text-anchor": "middle" }, short(T));
  }
  pool.take("grid", "text", { x: (box.left + box.right) / 2, y: box.bottom + 35, class: "kd-tick-text", "text-anchor": "middle" }, t("temperature T"));
  for (const role of ["twin", "student"]) drawRole(pool, role, points.filter((p) => p[role] !== null), (p) => x(Math.log(p.T)), (p) => y(p[role]), box);
  pool.finish();
}

/** A line through the runs that differ in T alone, a dot for each run, and the name at the end. */
function drawRole(pool, role, points, x, y, box) {
  if (!points.length) return;
  const alike = points.filter((p) => !p.otherwise);
  const path = alike.map((p, i) => `${i ? "L" : "M"}${x(p).toFixed(1)} ${y(p).toFixed(1)}`).join("");
  pool.take("lines", "path", { d: path || "M0 0", class: `kd-run-line kd-run-${role}` });
  for (const p of points) {
    pool.take("marks", "circle", {
      cx: x(p).toFixed(1), cy: y(p).toFixed(1), r: p.now ? 5.5 : 4, class: `kd-over-t-dot kd-run-${role}${p.otherwise ? " kd-open" : ""}`,
    });
  }
  const end = points.at(-1);
  const name = role === "twin" ? t("Twin") : t("Student");
  pool.take("labels", "text", { x: box.right + 2, y: y(end), dy: "0.34em", class: `kd-over-t-text kd-run-text kd-run-${role}` }, name);
}

/** A linear scale from the smallest to the largest value; in the middle where all are one. */
function within(values, from, to) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}
