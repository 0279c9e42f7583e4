// Relations: three maps of a batch, how every two examples are related, and a table of who finds whom.

import { blocks, floats, shade, threeMaps } from "./numbers.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say, svgNode, uniqueId } from "../shared/elements.js";
import { fixed, wholePercent } from "../shared/format.js";
import { palette } from "../shared/palette.js";
import { t } from "../shared/words.js";
import "./style.css";

const STOPS = { alike: 3, apart: 5 };
const MAP_NAMES = { teacher: t("Teacher"), student: t("Student"), difference: t("Difference") };
const KIND_NAMES = { similarity: t("similarity"), distance: t("distance") };
const LEGENDS = {
  similarity: t("The stronger, the more alike. In the difference green is where the student finds them more alike than the teacher does, purple less."),
  distance: t("The stronger, the further apart. In the difference green is where the student sets them further apart than the teacher does, purple nearer."),
};
const MATRICES = ["teacher_similarity", "student_similarity", "teacher_distance", "student_distance"];
const HINT = t("Hover a cell, or press the arrow keys on a map, to read a pair of examples.");

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "relations", t("Relations"));
  const painter = drawing(life, () => draw());
  const kind = kindChoice(model, life);
  const colours = palette(life, "kd-relations", STOPS, () => painter.soon());
  const pair = { row: -1, column: -1 }; // the cell that is read on all three maps
  const reading = node("p", { class: "kd-note kd-relations-reading" });
  let now = null; // { maps, labels, classes } of the last drawing
  const read = (row, column) => {
    const count = now?.labels.length ?? 0;
    const inside = row >= 0 && column >= 0 && row < count && column < count;
    [pair.row, pair.column] = inside ? [row, column] : [-1, -1];
    for (const one of Object.values(maps)) one.cursor(pair, count);
    const text = inside ? pairText(now, row, column) : "";
    say(reading, text || HINT);
    for (const one of Object.values(maps)) put(one.handle, "aria-valuetext", text || HINT);
  };
  const maps = Object.fromEntries(Object.keys(MAP_NAMES).map((name) => [name, oneMap(life, name, () => now?.labels.length ?? 0, pair, read)]));
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-note" }, t("While the student learns: how alike it finds every two examples of a batch, and how alike the teacher does."));
  const figure = node("div", { class: "kd-relations-maps" }, ...Object.values(maps).map((one) => one.root));
  const table = scoreTable(life);
  const sentence = liveSentence(life);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Relations in a batch")), kind.root), empty, note, figure, reading, table.root, sentence.root);
  root.append(colours.swatches);
  const changed = changing();

  function draw() {
    const [shown, labels, classes] = [model.get("kind"), model.get("labels"), model.get("classes")];
    const [teacher, student] = [model.get(`teacher_${shown}`), model.get(`student_${shown}`)];
    const there = labels.length > 0 && Boolean(teacher?.byteLength) && Boolean(student?.byteLength);
    for (const part of [figure, reading, kind.root, note]) part.hidden = !there;
    empty.hidden = there;
    kind.draw(shown);
    say(note, `${model.get("note")} ${LEGENDS[shown]}`);
    table.draw(model.get("scores"));
    sentence.say(model.get("sentences")[shown] ?? "", shown);
    if (!there || !changed(teacher, student, labels, classes, colours.turn())) return;
    const found = threeMaps(floats(teacher), floats(student));
    now = { maps: found, labels, classes };
    for (const [name, one] of Object.entries(maps)) one.draw(found, labels, classes, colours.table(name === "difference" ? "apart" : "alike"));
    read(pair.row, pair.column);
  }
  life.watch(["classes", "labels", "kind", "scores", "note", "sentences", ...MATRICES], painter.soon);
  painter.now();
  return () => life.end();
}

function kindChoice(model, life) {
  const group = uniqueId("kind");
  const options = Object.keys(KIND_NAMES).map((value) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { kind: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, KIND_NAMES[value])) };
  });
  return {
    root: node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Relation")), ...options.map((one) => one.root)),
    draw(shown) {
      for (const { input, value } of options) input.checked = value === shown;
    },
  };
}

/** One map: a canvas of a pixel a pair, lines where classes end, and a cursor. */
function oneMap(life, name, count, pair, read) {
  const canvas = node("canvas", { class: "kd-relations-canvas", "aria-hidden": "true" });
  const lines = svgNode("svg", { class: "kd-relations-lines", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const cursor = node("div", { class: "kd-relations-cursor", hidden: "", "aria-hidden": "true" });
  const handle = node("div", { class: "kd-relations-handle", role: "slider", tabindex: "0", "aria-valuemin": 0, "aria-valuenow": 0, "aria-label": t("{name}: read the map pair by pair", { name: MAP_NAMES[name] }) });
  const names = node("div", { class: "kd-relations-names", "aria-hidden": "true" });
  const scale = node("p", { class: "kd-relations-scale" });
  const title = node("h3", { class: `kd-relations-title kd-relations-${name}` }, MAP_NAMES[name]);
  const root = node("figure", { class: "kd-relations-map" }, title, node("div", { class: "kd-relations-frame" }, canvas, lines, cursor, handle), names, scale);
  const context = canvas.getContext("2d");
  life.listen(handle, "pointermove", (event) => {
    const box = handle.getBoundingClientRect();
    const place = (from, size) => Math.min(count() - 1, Math.max(0, Math.floor((from / size) * count())));
    read(place(event.clientY - box.top, box.height), place(event.clientX - box.left, box.width));
  });
  life.listen(handle, "pointerleave", () => read(-1, -1));
  life.listen(handle, "blur", () => read(-1, -1));
  life.listen(handle, "keydown", (event) => {
    const [row, column, last] = [Math.max(0, pair.row), Math.max(0, pair.column), count() - 1];
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [0, column], PageDown: [last, column], Home: [row, 0], End: [row, last], Escape: [-1, -1],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [y, x] = moves[event.key].map((place) => (event.key === "Escape" ? -1 : Math.min(last, Math.max(0, place))));
    read(y, x);
  });
  return {
    root,
    handle,
    cursor(at, all) {
      cursor.hidden = at.row < 0;
      if (at.row >= 0) put(cursor, "style", `left: ${(100 * at.column) / all}%; top: ${(100 * at.row) / all}%; width: ${100 / all}%; height: ${100 / all}%`);
      put(handle, "aria-valuenow", at.row < 0 ? 0 : at.row * all + at.column);
    },
    draw(found, labels, classes, table) {
      const all = labels.length;
      if (canvas.width !== all) [canvas.width, canvas.height] = [all, all];
      const image = context.createImageData(all, all);
      found[name].forEach((value, i) => {
        const at = 3 * shade(found, name, value);
        image.data.set([...table.subarray(at, at + 3), 255], 4 * i);
      });
      context.putImageData(image, 0, 0);
      const runs = blocks(labels);
      const ends = runs.slice(1).map(({ from }) => (100 * from) / all);
      lines.replaceChildren(...ends.flatMap((at) => [svgNode("line", { x1: at, x2: at, y1: 0, y2: 100 }), svgNode("line", { y1: at, y2: at, x1: 0, x2: 100 })]));
      names.hidden = runs.some(({ label }) => (classes[label] ?? "").length > 2);
      put(names, "style", `grid-template-columns: ${runs.map(({ from, to }) => `${to - from}fr`).join(" ")}`);
      names.replaceChildren(...runs.map(({ label }) => node("span", {}, classes[label] ?? "")));
      const [low, high] = name === "difference" ? [-found.most, found.most] : [found.low, found.high];
      scale.replaceChildren(node("span", {}, fixed(low, 2)), node("span", { class: `kd-relations-bar kd-relations-bar-${name}`, "aria-hidden": "true" }), node("span", {}, fixed(high, 2)));
      put(handle, "aria-valuemax", all * all - 1);
    },
  };
}

function pairText({ maps, labels, classes }, row, column) {
  const at = row * labels.length + column;
  const named = (i) => t("example {n} ({name})", { n: i + 1, name: classes[labels[i]] ?? labels[i] });
  return t("{one} and {other}: teacher {teacher}, student {student}, difference {difference}.", {
    one: named(row), other: named(column), teacher: fixed(maps.teacher[at], 2), student: fixed(maps.student[at], 2), difference: fixed(maps.difference[at], 2),
  });
}

/** Who finds one of its class among the nearest, and who keeps the teacher's neighbors. */
function scoreTable(life) {
  const heads = [
    t("Model"),
    definition(life, t("Recall@1"), t("How many of the examples have one of their own class as the nearest other example.")),
    definition(life, t("Recall@5"), t("How many of the examples have one of their own class among the 5 nearest others.")),
    definition(life, t("Teacher’s 5 nearest kept"), t("Of the 5 examples nearest to each for the teacher, how many are among the 5 nearest for this model, too.")),
  ];
  const line = (role, cells, more = {}) => node("div", { class: "kd-relations-line", role: "row", ...more }, ...cells.map((text, i) => node("span", { role: i ? role : role === "cell" ? "rowheader" : role }, text)));
  const head = line("columnheader", heads);
  head.classList.add("kd-relations-head");
  const root = node("div", { class: "kd-relations-table", role: "table", "aria-label": t("Relations") }, head);
  const changed = changing();
  return {
    root,
    draw(scores) {
      root.hidden = scores.length === 0;
      if (!changed(JSON.stringify(scores))) return;
      const share = (value) => (value === null ? "–" : wholePercent(value));
      root.replaceChildren(head, ...scores.map((one) => line("cell", [one.name, ...[one.recall_1, one.recall_5, one.kept].map(share)], { "data-role": one.role })));
    },
  };
}

export default { render };
