// Runs made on the page before: thin lines behind those of now, coloured by their temperature.

import { temperatureLook } from "../shared/run_key.js";
import { short } from "../shared/format.js";
import { t } from "../shared/words.js";
import "./earlier.css";

const EARLIER_APART = 15;

/** Students of earlier runs whose errors are of the same examples; hidden ones and those without a value are left out. */
export function earlierRuns(model, flip) {
  if (!model.scene) return [];
  return (model.get("earlier") ?? [])
    .filter((row) => row.role === "student" && row.same_page && !row.hidden && row.values.length > 1)
    .map((row) => ({ ...row, values: row.values.map(flip), look: temperatureLook(row.temperature), label: earlierLabel(row) }));
}

/** "T = 9", or the reader's name for it. */
export function earlierLabel(row) {
  if (row.named) return row.name;
  return row.temperature === null || row.temperature === undefined ? t("T changed") : `T\u00a0=\u00a0${short(row.temperature)}`;
}

/** The lines, and above the end of each its temperature. */
export function drawEarlier(view, pool) {
  const y = view.beyond ?? view.y;
  const ends = [];
  for (const run of view.earlier) {
    const points = run.steps.map((step, i) => [view.x(step), y(run.values[i])]);
    const path = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
    pool.take("bands", "path", { d: path, class: `kd-earlier-line ${run.look}` });
    ends.push({ run, x: points.at(-1)[0], at: view.y(run.values.at(-1)) - 5 });
  }
  ends.sort((a, b) => b.at - a.at);
  for (let i = 1; i < ends.length; i++) ends[i].at = Math.min(ends[i].at, ends[i - 1].at - EARLIER_APART * view.unit);
  for (const { run, x, at } of ends) {
    pool.take("marks", "text", { x: x - 4, y: Math.max(view.box.top + 4, at), class: `kd-earlier-text ${run.look}`, "text-anchor": "end" }, run.label);
  }
}
