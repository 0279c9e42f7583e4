// How a run is drawn: the same colour, dash and mark in the plot, in its legend and in the list of runs.

import { svgNode } from "./elements.js";
import { t } from "./words.js";

const BRANCH_LOOKS = 5;
const WARMEST = 20; // the end of the scale of temperatures
export const RUN_ORDER = ["student", "peer", "hinton", "twin", "smoothed", "branch", "teacher"];
const SHORT_NAMES = { twin: t("Twin"), smoothed: t("Smoothed twin") };

/** A run's name where there is little room; one that the reader gave stays. */
export function shortName({ role, name, named = false }) {
  return (!named && SHORT_NAMES[role]) || name;
}

/** What a run is called beside the teacher: the student by its role, unless the reader gave it a name. */
export function roleName(run) {
  return run.role === "student" && !run.named ? t("Student") : shortName(run);
}

// Branches differ in their marks as well as in their colour; (x, y) is the middle, r the size.
const RUN_MARKS = [
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y - 1.2 * r}L${x + 1.2 * r} ${y + r}H${x - 1.2 * r}z`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y + 1.2 * r}L${x - 1.2 * r} ${y - r}H${x + 1.2 * r}z`,
  (x, y, r) => `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`,
];

/** The class that carries a run's colours and dash; the place of a branch or a peer among the branches' looks, or -1. */
export function runLook({ role, colour = 0 }) {
  const branch = role === "branch" || role === "peer" ? ((colour % BRANCH_LOOKS) + BRANCH_LOOKS) % BRANCH_LOOKS : -1;
  return { name: branch < 0 ? role : `branch-${branch}`, branch };
}

/** The class that carries the colour of a temperature, from 1 (cold) to 20 (warm) by its logarithm; grey where there is none. */
export function temperatureLook(temperature) {
  if (!(temperature > 0)) return "kd-by-t";
  const share = Math.log(temperature) / Math.log(WARMEST);
  return `kd-by-t kd-by-t-${Math.round(6 * Math.min(1, Math.max(0, share)))}`;
}

/** The path of a branch's mark around a point. */
export function runMark(look, x, y, r) {
  return RUN_MARKS[look.branch](Number(x.toFixed(1)), Number(y.toFixed(1)), r);
}

/** A short piece of a run's line, with its mark; of a band, with its area. */
export function runKey(look, band = false) {
  const key = svgNode("svg", { class: `kd-run-key kd-run-${look.name}`, viewBox: "0 0 24 12", "aria-hidden": "true" },
    svgNode("line", { x1: 1, x2: 23, y1: 6, y2: 6, class: "kd-run-line" }));
  if (look.branch >= 0) key.append(svgNode("path", { d: runMark(look, 12, 6, 3.5), class: "kd-run-mark" }));
  if (band) key.prepend(svgNode("rect", { x: 1, y: 1, width: 22, height: 10, class: "kd-band" }));
  return key;
}

/** How each model of a measured view is called and drawn, by its id and role: teacher, runs, models that are no runs. */
export function modelsOf(model, found) {
  return found.models.map(({ id, role, name }) => {
    const run = (model.get("runs") ?? []).find((one) => one.id === id);
    const title = { teacher: t("Teacher"), student: t("Student"), twin: t("Twin") }[role] ?? (run?.name || name || t("Student"));
    return { id, title, look: run ? runLook(run) : { name: role === "twin" ? "twin" : role === "teacher" ? "teacher" : "student", branch: -1 } };
  });
}
