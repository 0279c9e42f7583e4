// The heat map of mean soft targets: rows are true classes, columns what is said. One pixel a class pair on a canvas that
// CSS scales up; colours are read from the style sheet, so that they follow light and dark.

import { sayLimit } from "./sample.js";
import { definition } from "../shared/definition.js";
import { changing, commit, liveSentence, node, put, say, uniqueId } from "../shared/elements.js";
import { briefly, grouped, short } from "../shared/format.js";
import { palette } from "../shared/palette.js";
import { t, tn } from "../shared/words.js";

const HEAT_STOPS = { teacher: 4, student: 4, difference: 5 };
const HEAT_NAMES = { teacher: t("Teacher"), student: t("Student"), difference: t("Difference") };
const HEAT_CELL = { most: 40, gapFrom: 7 }; // px
const HEAT_MEANING = t("For the examples of each true class, the mean of the probabilities softened at T. One row is one true class and sums to 1.");
const HEAT_HINT = t("Hover a cell or press the arrow keys to read it. Click for the clearest example.");

export function heatMap(model, life, redraw) {
  const title = node("h3", { class: "kd-dark-title" }, definition(life, t("Mean soft targets of each true class"), HEAT_MEANING));
  const choice = heatChoice(model, life);
  const diagonal = node("input", { type: "checkbox" });
  life.listen(diagonal, "change", () => commit(model, { diagonal: diagonal.checked }));
  const colours = palette(life, "kd-heat", HEAT_STOPS, redraw);
  const chart = heatChart(model, life);
  const legend = heatLegend(colours.swatches);
  const reading = node("p", { class: "kd-note kd-heat-reading" });
  const limit = node("p", { class: "kd-note" });
  const sentence = liveSentence(life);
  const root = node("section", { class: "kd-dark-figure kd-heat", "aria-label": t("Heat map") },
    node("div", { class: "kd-head" }, title, choice.root), chart.root, reading, legend.root,
    node("label", { class: "kd-check" }, diagonal, node("span", {}, t("include the diagonal"))), limit, sentence.root);
  chart.onRead = (text) => {
    say(reading, text || HEAT_HINT);
    reading.classList.toggle("kd-heat-hint", !text);
  };
  const changed = changing();
  return {
    root,
    draw(view, width) {
      const [wanted, diagonals] = [model.get("heat_map"), model.get("diagonal")];
      if (!changed(view.teacher, view.student, view.classes, view.chosen.label, wanted, diagonals, colours.turn(), width, view.unit)) return;
      const heat = heatOf(view, wanted, diagonals);
      choice.draw(heat.shows, view.student !== null);
      diagonal.checked = heat.diagonal;
      chart.draw(view, heat, colours.table(heat.shows), width);
      legend.draw(view, heat);
      sayLimit(limit, heat.shown, view);
      sentence.say(heatSentence(view, heat), view.about);
    },
  };
}

/** What is drawn: which side, on which scale, with which largest cell off the diagonal. */
function heatOf(view, wanted, diagonal) {
  const shows = view.student ? wanted : "teacher";
  const { width, shown } = view.sample;
  const { teacher, student } = view;
  const value = (side) => (y, c) => side.means[y * width + c];
  const difference = (y, c) => student.means[y * width + c] - teacher.means[y * width + c];
  const at = shows === "difference" ? difference : value(shows === "student" ? student : teacher);
  let top = 0;
  let largest = null;
  for (const y of shown) {
    if (!view.sample.counts[y]) continue;
    for (const c of shown) {
      if (y === c && !diagonal) continue;
      const size = Math.abs(at(y, c));
      if (size > top) top = size;
      if (y !== c && (!largest || size > largest.size)) largest = { y, c, size };
    }
  }
  return { shows, diagonal, shown, at, top, largest };
}

function heatChoice(model, life) {
  const group = uniqueId("heat");
  const options = Object.keys(HEAT_STOPS).map((value) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { heat_map: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, HEAT_NAMES[value])) };
  });
  return {
    root: node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Heat map of")), ...options.map((o) => o.root)),
    draw(shows, hasStudent) {
      for (const { input, value } of options) {
        input.checked = value === shows;
        input.disabled = value !== "teacher" && !hasStudent;
      }
    },
  };
}

/** Labels, canvas, and on it a cursor that the pointer and the arrow keys move from cell to cell. */
function heatChart(model, life) {
  const canvas = node("canvas", { class: "kd-heat-canvas", role: "img" });
  const lines = node("div", { class: "kd-heat-lines", "aria-hidden": "true" });
  const cursor = node("div", { class: "kd-heat-cursor", hidden: "", "aria-hidden": "true" });
  const handle = node("div", { class: "kd-heat-handle", role: "slider", tabindex: "0", "aria-label": t("Read the heat map cell by cell") });
  const map = node("div", { class: "kd-heat-map" }, canvas, lines, cursor, handle);
  const rows = node("div", { class: "kd-heat-rows", "aria-hidden": "true" });
  const columns = node("div", { class: "kd-heat-columns", "aria-hidden": "true" });
  const root = node("div", { class: "kd-heat-chart" },
    node("span", { class: "kd-heat-axis kd-heat-axis-y", "aria-hidden": "true" }, t("true class")), rows, map, columns,
    node("span", { class: "kd-heat-axis kd-heat-axis-x", "aria-hidden": "true" }, t("predicted")));
  const context = canvas.getContext("2d");
  const labels = heatLabels(rows, columns);
  let now = null; // { view, heat } of the last drawing
  let cell = null; // the cell under the cursor, in places of the map
  const chart = {
    root,
    onRead: (_text) => {},
    draw(view, heat, table, width) {
      now = { view, heat };
      const count = heat.shown.length;
      if (cell && (cell.row >= count || cell.column >= count)) cell = null;
      const size = labels.fit(view, heat.shown, width);
      put(map, "style", `width: ${size * count}px; height: ${size * count}px; --kd-cell: ${size}px`);
      lines.hidden = size < HEAT_CELL.gapFrom;
      paintHeat(canvas, context, view, heat, table);
      put(canvas, "aria-label", t("{name}: {n} by {n} classes, rows are true classes.", { name: HEAT_NAMES[heat.shows], n: count }));
      put(handle, "aria-valuemin", 0);
      put(handle, "aria-valuemax", count * count - 1);
      labels.mark(view.chosen.label);
      read(cell);
    },
  };

  const read = (next) => {
    cell = next;
    if (!now?.heat.shown.length) return;
    const { view, heat } = now;
    const count = heat.shown.length;
    const at = cell ?? heatStart(heat);
    const text = cellText(view, heat, heat.shown[at.row], heat.shown[at.column]);
    cursor.hidden = cell === null;
    put(cursor, "style", `left: ${(100 * at.column) / count}%; top: ${(100 * at.row) / count}%; width: ${100 / count}%; height: ${100 / count}%`);
    put(handle, "aria-valuenow", at.row * count + at.column);
    put(handle, "aria-valuetext", text);
    chart.onRead(cell ? text : "");
  };
  const select = (at) => {
    const index = mostSaid(now.view, now.heat.shown[at.row], now.heat.shown[at.column]);
    if (index >= 0) commit(model, { selected: index });
  };
  followHeatPointer(life, handle, () => now?.heat.shown.length ?? 0, read, select, () => cell);
  followHeatKeys(life, handle, () => now?.heat, read, select, () => cell);
  return chart;
}

/** Where the keyboard begins: the largest cell off the diagonal. */
function heatStart(heat) {
  return heat.largest ? { row: heat.shown.indexOf(heat.largest.y), column: heat.shown.indexOf(heat.largest.c) } : { row: 0, column: 0 };
}

function paintHeat(canvas, context, view, heat, table) {
  const { shown, shows, diagonal, at, top } = heat;
  const count = shown.length;
  if (canvas.width !== count || canvas.height !== count) [canvas.width, canvas.height] = [count, count];
  const image = context.createImageData(count, count);
  const scale = top > 0 ? 255 / top : 0;
  let to = 0;
  for (const y of shown) {
    const known = view.sample.counts[y] > 0;
    for (const c of shown) {
      if (known && (diagonal || y !== c)) {
        const value = at(y, c) * scale;
        const i = 3 * Math.max(0, Math.min(255, Math.round(shows === "difference" ? 127.5 + value / 2 : value)));
        image.data[to] = table[i];
        image.data[to + 1] = table[i + 1];
        image.data[to + 2] = table[i + 2];
        image.data[to + 3] = 255;
      }
      to += 4;
    }
  }
  context.putImageData(image, 0, 0);
}

/** Class names beside and below; as many as have room. */
function heatLabels(rows, columns) {
  let key = "";
  let size = 0;
  let made = [];
  let classes = [];
  let named = []; // the class of each label made
  const make = (names, cell, unit, upright) => {
    const every = Math.max(1, Math.ceil((15 * unit) / cell));
    const labelled = names.map((name, i) => [name, i]).filter(([, i]) => i % every === 0);
    const label = ([name, i], line) => node("span", { title: name, style: `${line}: ${i + 1} / ${Math.min(names.length, i + every) + 1}` }, name);
    made = labelled.map((entry) => label(entry, "grid-row"));
    named = labelled.map(([, i]) => classes[i]);
    rows.replaceChildren(...made);
    columns.replaceChildren(...labelled.map((entry) => label(entry, "grid-column")));
    columns.classList.toggle("kd-heat-upright", upright);
  };
  return {
    /** Return the side of a cell in px, and write the names for it. */
    fit(view, shown, width) {
      const unit = view.unit;
      const names = shown.map((c) => view.classes[c]);
      const next = [width, unit, ...names].join("|");
      if (next === key) return size;
      [key, classes] = [next, shown];
      const longest = Math.max(...names.map((name) => name.length));
      const beside = (26 + Math.min(92, 7.2 * longest)) * unit;
      size = Math.max(2, Math.floor(Math.min(HEAT_CELL.most * unit, (width - beside) / shown.length)));
      make(names, size, unit, 7.2 * longest * unit > size);
      put(rows, "style", `--kd-cell: ${size}px; grid-template-rows: repeat(${shown.length}, ${size}px)`);
      put(columns, "style", `--kd-cell: ${size}px; grid-template-columns: repeat(${shown.length}, ${size}px)`);
      return size;
    },
    /** The true class of the example selected stands out among the rows. */
    mark(label) {
      made.forEach((row, i) => put(row, "class", named[i] === label ? "kd-heat-true" : null));
    },
  };
}

/** "true 4, says 9: teacher 0.031, student 0.024; mean over 41 examples". */
function cellText(view, heat, y, c) {
  const { width, counts } = view.sample;
  const examples = counts[y];
  const told = { truth: view.classes[y], choice: view.classes[c], n: grouped(examples) };
  const start = t("True {truth}, predicted {choice}", told);
  if (!examples) return `${start}: ${t("no example of {truth} among those counted.", told)}`;
  const k = y * width + c;
  const values = [t("teacher {n}", { n: briefly(view.teacher.means[k]) })];
  if (view.student) values.push(t("student {n}", { n: briefly(view.student.means[k]) }));
  if (view.student && heat.shows === "difference") values.push(t("difference {n}", { n: signedProbability(heat.at(y, c)) }));
  return `${start}: ${values.join(", ")}; ${tn("mean over {n} example.", "mean over {n} examples.", examples, told)}`;
}

function signedProbability(x) {
  return `${x < 0 ? "−" : "+"}${briefly(Math.abs(x))}`;
}

/** The example of true class y to which the teacher gives the largest probability of c; -1 without an example. */
function mostSaid(view, y, c) {
  const { labels, rows, width } = view.sample;
  let best = -1;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== y) continue;
    if (best < 0 || view.teacher.soft.p[i * width + c] > view.teacher.soft.p[best * width + c]) best = i;
  }
  return best < 0 ? -1 : rows[best];
}

function followHeatPointer(life, handle, count, read, select, current) {
  const cellOf = (event) => {
    const box = handle.getBoundingClientRect();
    const place = (from, size) => Math.min(count() - 1, Math.max(0, Math.floor((from / size) * count())));
    return { row: place(event.clientY - box.top, box.height), column: place(event.clientX - box.left, box.width) };
  };
  life.listen(handle, "pointermove", (event) => {
    const next = cellOf(event);
    if (next.row !== current()?.row || next.column !== current()?.column) read(next);
  });
  life.listen(handle, "pointerleave", () => read(null));
  life.listen(handle, "click", (event) => {
    const at = cellOf(event);
    read(at);
    select(at);
  });
}

function followHeatKeys(life, handle, heat, read, select, current) {
  life.listen(handle, "focus", () => {
    if (handle.matches(":focus-visible") && !current() && heat()) read(heatStart(heat()));
  });
  life.listen(handle, "blur", () => read(null));
  life.listen(handle, "keydown", (event) => {
    const last = (heat()?.shown.length ?? 0) - 1;
    if (last < 0) return;
    const { row, column } = current() ?? heatStart(heat());
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [0, column], PageDown: [last, column], Home: [row, 0], End: [row, last],
    };
    if (event.key in moves) {
      const [y, c] = moves[event.key].map((place) => Math.min(last, Math.max(0, place)));
      read({ row: y, column: c });
    } else if (event.key === "Enter" || event.key === " ") select({ row, column });
    else if (event.key === "Escape") read(null);
    else return;
    event.preventDefault();
  });
}

function heatLegend(swatches) {
  const bar = node("span", { class: "kd-heat-bar", "aria-hidden": "true" });
  const [low, middle, high] = ["", "", ""].map(() => node("span", {}));
  const text = node("span", { class: "kd-heat-scale-text" });
  return {
    root: node("div", { class: "kd-heat-legend kd-note" }, node("div", { class: "kd-heat-scale" }, bar, low, middle, high), text, swatches),
    draw(view, heat) {
      put(bar, "data-shows", heat.shows);
      const both = heat.shows === "difference";
      say(low, both ? `−${briefly(heat.top)}` : "0");
      say(middle, both ? "0" : briefly(heat.top / 2));
      say(high, `${both ? "+" : ""}${briefly(heat.top)}`);
      const T = short(view.temperature);
      const what = both ? t("Student − teacher at T = {T}.", { T }) : t("Mean probability at T = {T}.", { T });
      const ends = heat.diagonal ? t("Color scale: largest cell.") : t("Color scale: largest off-diagonal cell (grey diagonal: off scale).");
      say(text, `${what} ${ends}`);
    },
  };
}

function heatSentence(view, heat) {
  if (!heat.largest) return t("No example of any class is counted, so there is nothing to show.");
  const { y, c } = heat.largest;
  const k = y * view.sample.width + c;
  const n = view.sample.counts[y];
  const told = {
    T: short(view.temperature), truth: view.classes[y], choice: view.classes[c], n: grouped(n),
    teacher: briefly(view.teacher.means[k]), student: view.student ? briefly(view.student.means[k]) : "",
  };
  if (heat.shows === "difference") {
    return tn("At T = {T} teacher and student differ most, off the diagonal, where {truth} is true: the student gives {student} to {choice}, the teacher {teacher}, in {n} example.",
      "At T = {T} teacher and student differ most, off the diagonal, where {truth} is true: the student gives {student} to {choice}, the teacher {teacher}, on average over {n} examples.", n, told);
  }
  if (heat.shows === "student") {
    return tn("At T = {T}, of all wrong classes, the student gives most to {choice} where {truth} is true: {student} in {n} example; the teacher gives {teacher} there.",
      "At T = {T}, of all wrong classes, the student gives most to {choice} where {truth} is true: {student} on average over {n} examples; the teacher gives {teacher} there.", n, told);
  }
  if (!view.student) {
    return tn("At T = {T}, of all wrong classes, the teacher gives most to {choice} where {truth} is true: {teacher} in {n} example.",
      "At T = {T}, of all wrong classes, the teacher gives most to {choice} where {truth} is true: {teacher} on average over {n} examples.", n, told);
  }
  return tn("At T = {T}, of all wrong classes, the teacher gives most to {choice} where {truth} is true: {teacher} in {n} example; the student gives {student} there.",
    "At T = {T}, of all wrong classes, the teacher gives most to {choice} where {truth} is true: {teacher} on average over {n} examples; the student gives {student} there.", n, told);
}
