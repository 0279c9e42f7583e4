// Reading the learning curves at a step: pointer and keys on the plot, and the box that tells the values.

import { fitted } from "./lines.js";
import { commit, node, put, say, svgNode } from "../shared/elements.js";
import { grouped, percent } from "../shared/format.js";
import { t } from "../shared/words.js";

/** The recorded value at or before a step; null before the first one. */
function valueAt(s, step) {
  let found = null;
  for (let i = 0; i < s.steps.length && s.steps[i] <= step; i++) found = { step: s.steps[i], value: s.values[i] };
  return found;
}

/** The line of the reader's cursor and its read-out; their nodes are made once. */
export function readingPart(layer) {
  const line = layer.appendChild(svgNode("line", { class: "kd-cursor-line" }));
  const heading = node("b", {});
  const root = node("div", { class: "kd-readout", hidden: "" }, heading);
  const rows = [];
  return {
    root,
    /** Read at `step`; null or undefined: nothing is read, and the plot's handle tells the last values. */
    draw(view, step, handle) {
      const reading = step !== null && step !== undefined && view.series.length > 0;
      put(layer, "display", reading ? null : "none");
      put(line, "class", `kd-cursor-line${view.travels ? " kd-passing" : ""}`);
      root.hidden = !reading;
      root.parentElement?.classList.toggle("kd-reading", reading && view.wide);
      const at = reading ? Math.min(view.last, Math.max(0, step)) : view.last;
      const lines = view.series.map((s) => ({ s, found: valueAt(s, at) })).filter(({ found }) => found);
      if (!view.travels) tellHandle(handle, view, at, lines);
      if (!reading) return;
      const x = view.x(at);
      for (const [name, value] of [["x1", x], ["x2", x], ["y1", view.box.top], ["y2", view.box.bottom]]) put(line, name, value);
      say(heading, t("Step {step}", { step: grouped(at) }));
      const told = lines.map(({ s, found }) => [s.look.name, `${view.wide ? fitted(s.title, s.short, view.letters) : s.title} ${percent(found.value)}`]);
      if (view.teacher !== null) told.push(["teacher", `${t("Teacher")} ${percent(view.teacher)}`]);
      told.push(...view.edits.filter((edit) => Math.abs(view.x(edit.step) - x) < 6).map((edit) => ["edit", edit.text]));
      told.forEach(([look, text], i) => {
        rows[i] ??= root.appendChild(node("span", {}));
        put(rows[i], "class", `kd-run-text kd-run-${look}`);
        say(rows[i], text);
      });
      rows.forEach((row, i) => (row.hidden = i >= told.length));
      placeReadout(view, root);
    },
  };
}

function tellHandle(handle, view, at, lines) {
  put(handle, "aria-valuemin", 0);
  put(handle, "aria-valuemax", view.last);
  put(handle, "aria-valuenow", at);
  const values = lines.map(({ s, found }) => `${s.title} ${percent(found.value)}`);
  put(handle, "aria-valuetext", t("step {step}: {values}", { step: grouped(at), values: values.join(", ") || t("no value yet") }));
}

/** Over the names at the right or, in narrow places, over the legend above the plot: where it hides no curve. */
function placeReadout(view, readout) {
  readout.classList.toggle("kd-above", !view.wide);
  readout.style.left = view.wide ? `${view.box.right + 5}px` : "";
  readout.style.top = view.wide ? `${view.box.top}px` : "";
}

function recordedSteps(view) {
  return [...new Set(view.series.flatMap((s) => s.steps))].sort((a, b) => a - b);
}

function nearestRecorded(view, wanted) {
  let best = 0;
  let apart = Infinity;
  for (const s of view.series) {
    for (const step of s.steps) {
      const d = Math.abs(step - wanted);
      if (d < apart) [best, apart] = [step, d];
    }
  }
  return best;
}

/**
 * Moving reads values and sends nothing. Where the page travels in time, a press goes to the step under it and a drag
 * on from there; elsewhere a click keeps the cursor there (and tells Python).
 */
export function followPointer(model, life, handle, current, readAt, time) {
  let dragging = false;
  const stepAt = (event) => {
    const view = current();
    const inside = event.clientX - handle.getBoundingClientRect().left - view.box.left;
    return Math.min(view.last, Math.max(0, (inside / (view.box.right - view.box.left)) * view.last));
  };
  const active = () => current()?.series.length > 0;
  const travels = () => Boolean(current()?.travels) && time.ready();
  life.listen(handle, "pointermove", (event) => {
    if (dragging) time.go(stepAt(event));
    if (active()) readAt(dragging ? time.at() : nearestRecorded(current(), stepAt(event)));
  });
  life.listen(handle, "pointerleave", () => readAt(null));
  life.listen(handle, "pointerdown", (event) => {
    if (!travels() || event.button !== 0) return;
    dragging = true;
    handle.setPointerCapture(event.pointerId);
    time.take();
    time.go(stepAt(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    life.listen(handle, end, () => {
      if (dragging) time.settle();
      dragging = false;
    });
  }
  life.listen(handle, "click", (event) => {
    if (current()?.travels || !active()) return;
    const step = nearestRecorded(current(), stepAt(event));
    commit(model, { cursor: step === model.get("cursor") ? null : step });
  });
}

/** Arrow keys on the plot, where there is no scrubber to do it. */
export function followKeys(model, life, handle, current, readAt) {
  life.listen(handle, "keydown", (event) => {
    const view = current();
    if (!view?.series.length || view.travels) return;
    const steps = recordedSteps(view);
    const at = model.get("cursor") ?? steps.at(-1);
    const index = steps.indexOf(nearestRecorded(view, at));
    if (event.key === "Escape") model.set("cursor", null);
    else {
      const next = keyedIndex(event.key, index, steps.length);
      if (next === null) return;
      model.set("cursor", steps[next]);
    }
    event.preventDefault();
    readAt(null);
  });
  life.listen(handle, "keyup", (event) => {
    if (/^(Arrow|Page|Home|End|Escape)/.test(event.key) && !current()?.travels) model.save_changes();
  });
}

/** Where a key leads from one of `count` places; null for other keys. */
export function keyedIndex(key, index, count) {
  const page = Math.max(1, Math.round(count / 10));
  const moves = {
    ArrowRight: index + 1, ArrowUp: index + 1, ArrowLeft: index - 1, ArrowDown: index - 1,
    PageUp: index + page, PageDown: index - page, Home: 0, End: count - 1,
  };
  return key in moves ? Math.min(count - 1, Math.max(0, moves[key])) : null;
}
