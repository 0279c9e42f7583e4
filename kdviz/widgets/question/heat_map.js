// Cells of a map to mark, by presses or by the arrow keys and Space; over a picture, if there is one.

import { keyItem, keyRow } from "./key.js";
import { isAmong } from "./marking.js";
import { reveal } from "./reveal.js";
import { node, put, say } from "../shared/elements.js";
import { t } from "../shared/words.js";

const BY = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function heatMapEditor(life, { rows, columns, most, without = [], picture, row_name: rowName, column_name: columnName }, onDraft) {
  let [marks, locked, solved] = [[], false, null];
  const named = rows.some(Boolean) || columns.some(Boolean);
  const counts = (r, c) => !isAmong(without, r, c);
  const cells = rows.map((row, r) => columns.map((column, c) => cellButton(row, column, r, c, named, counts(r, c))));
  const flat = cells.flat();
  const first = Math.max(0, flat.findIndex((cell) => !("none" in cell.dataset)));
  flat.forEach((cell, i) => put(cell, "tabindex", i === first ? "0" : "-1"));
  const grid = node("div", { class: "kd-marked-grid", role: "group", "aria-label": t("Mark {n} cells", { n: most }), style: `--kd-columns: ${columns.length}` });
  const title = (words, look) => node("span", { class: `kd-marked-name ${look}`, "aria-hidden": "true" }, words);
  if (named) grid.append(node("span", {}), ...columns.map((words) => title(words, "kd-marked-column")));
  cells.forEach((line, r) => grid.append(...(named ? [title(rows[r], "kd-marked-row")] : []), ...line));
  grid.classList.toggle("kd-marked-unnamed", !named);
  const left = node("p", { class: "kd-note", role: "status" });
  const isMarked = (r, c) => isAmong(marks, r, c);
  const press = (r, c) => {
    if (locked || !counts(r, c)) return;
    const full = !isMarked(r, c) && marks.length === most;
    if (isMarked(r, c)) marks = marks.filter(([row, column]) => row !== r || column !== c);
    else if (!full) marks = [...marks, [r, c]];
    drawHand();
    if (full) say(left, t("{most} are marked. Press one of them to take its mark away.", { most }));
    else onDraft(marks.length ? [...marks].sort((a, b) => a[0] - b[0] || a[1] - b[1]) : null);
  };
  const drawHand = () => {
    const heats = solved && !picture ? heatsOf(solved.truth) : null;
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const came = solved ? isAmong(solved.largest, r, c) : false;
      put(cell, "aria-pressed", String(isMarked(r, c)));
      put(cell, "data-came", came ? "true" : null);
      put(cell, "aria-disabled", locked || !counts(r, c) ? "true" : null);
      put(cell, "aria-label", came ? t("{cell}, one of the largest", { cell: cell.dataset.name }) : cell.dataset.name);
      if (heats) cell.style.setProperty("--kd-heat", heats[r][c].toFixed(3));
    }));
    grid.classList.toggle("kd-revealed", solved !== null);
    say(left, locked ? "" : t("{n} of {most} marked", { n: marks.length, most }));
  };
  const grown = reveal(life, (share) => grid.style.setProperty("--kd-came-share", share.toFixed(3)));
  for (const cell of flat) {
    const [r, c] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    life.listen(cell, "click", () => press(r, c));
    life.listen(cell, "focus", () => flat.forEach((one) => put(one, "tabindex", one === cell ? "0" : "-1")));
    life.listen(cell, "keydown", (event) => {
      const by = BY[event.key];
      if (!by) return;
      event.preventDefault();
      cells[Math.max(0, Math.min(rows.length - 1, r + by[0]))][Math.max(0, Math.min(columns.length - 1, c + by[1]))].focus();
    });
  }
  const key = keyRow(keyItem("kd-swatch-dot", t("yours")), keyItem("kd-swatch-frame", t("what came: the largest")));
  const axes = rowName && columnName ? node("p", { class: "kd-note" }, t("Down: {rows}. Across: {columns}.", { rows: rowName, columns: columnName })) : null;
  return {
    root: node("div", { class: "kd-marked" }, axes, node("div", { class: "kd-marked-place" }, picture ? greyPicture(picture) : null, grid), key, left),
    draw({ answer, solution, final, lively }) {
      [locked, solved] = [final, solution?.largest ? solution : null];
      if (answer !== null) marks = answer.map(([r, c]) => [r, c]);
      key.hidden = !solved;
      drawHand();
      if (solved) grown.to(lively);
    },
  };
}

/** Each value as a share of the largest; 0 for what is none. */
function heatsOf(truth) {
  const values = truth.flat().filter((value) => value !== null);
  const [least, most] = [Math.min(0, ...values), Math.max(...values)];
  return truth.map((row) => row.map((value) => (value === null || most === least ? 0 : (value - least) / (most - least))));
}

function cellButton(row, column, r, c, named, counts) {
  const place = named ? t("{row}, {column}", { row, column }) : t("row {row}, column {column}", { row: r + 1, column: c + 1 });
  const name = counts ? place : t("{cell}, does not count", { cell: place });
  const cell = node("button", { type: "button", class: "kd-marked-cell", "aria-label": name, "aria-pressed": "false", "data-row": r, "data-column": c, "data-name": name, "data-none": counts ? null : "true" });
  cell.append(node("i", { class: "kd-marked-dot" }));
  return cell;
}

function greyPicture(rows) {
  const [height, width] = [rows.length, rows[0].length];
  const canvas = node("canvas", { width, height, class: "kd-picture kd-marked-picture", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  rows.flat().forEach((grey, i) => { frame.data[4 * i + 3] = grey; });
  context.putImageData(frame, 0, 0);
  return canvas;
}
