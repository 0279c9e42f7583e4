// Bars and matrices: tables whose numbers are drawn as well.

import { barShares, shadeOf } from "./scales.js";
import { node } from "../shared/elements.js";

const DARK = 0.55; // from this shade on the number is written in the ground's colour

export function barsDrawing() {
  const table = node("div", { class: "kd-scheme-bars", role: "table" });
  return {
    root: table,
    draw(told) {
      const shares = barShares(told.rows.map(({ value }) => value));
      table.setAttribute("aria-label", told.title);
      table.replaceChildren(...told.rows.map((row, i) => {
        const bar = node("span", { class: `kd-scheme-bar kd-run-${row.look}`, style: `width: ${(100 * shares[i]).toFixed(1)}%` });
        const note = row.note ? node("span", { class: "kd-scheme-bar-note" }, row.note) : null;
        return node("div", { role: "row", class: "kd-scheme-bar-row" },
          node("div", { role: "rowheader", class: "kd-scheme-bar-name" }, row.name, note),
          node("div", { role: "cell", class: "kd-scheme-bar-room" }, bar, node("span", { class: "kd-scheme-bar-text" }, row.text, told.unit ? ` ${told.unit}` : "")));
      }));
    },
  };
}

export function matrixDrawing() {
  const room = node("div", { class: "kd-scheme-matrix-room", tabindex: "0", role: "group" });
  const note = node("p", { class: "kd-note" });
  return {
    root: node("div", {}, note, room),
    draw(told) {
      note.textContent = [told.down, told.across].filter(Boolean).join(" × ");
      note.hidden = !note.textContent;
      room.setAttribute("aria-label", told.title);
      const head = node("div", { role: "row", class: "kd-scheme-matrix-row" }, node("div", { role: "columnheader", class: "kd-scheme-matrix-corner" }),
        ...told.columns.map((name) => node("div", { role: "columnheader", class: "kd-scheme-matrix-head" }, name)));
      const rows = told.rows.map((name, i) => node("div", { role: "row", class: "kd-scheme-matrix-row" },
        node("div", { role: "rowheader", class: "kd-scheme-matrix-name" }, name),
        ...told.values[i].map((value, j) => cellOf(value, told.texts[i][j], told))));
      const table = node("div", { role: "table", class: "kd-scheme-matrix", "aria-label": told.title, style: `--kd-columns: ${told.columns.length}` }, head, ...rows);
      room.replaceChildren(table);
    },
  };
}

/** How much ink a shade has, in percent. Of the greys between 34 and 60 no text stands out, in one theme or the other. */
function inkOf(shade) {
  return Math.round(shade < DARK ? (34 * shade) / DARK : 60 + (18 * (shade - DARK)) / (1 - DARK));
}

function cellOf(value, text, { low, high }) {
  const shade = value === null ? 0 : shadeOf(value, low, high);
  const look = `kd-scheme-cell${shade >= DARK ? " kd-scheme-cell-dark" : ""}${value === null ? " kd-scheme-cell-none" : ""}`;
  return node("div", { role: "cell", class: look, style: `--kd-shade: ${inkOf(shade)}%` }, text);
}
