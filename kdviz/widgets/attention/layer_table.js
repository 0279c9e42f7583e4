// A table of numbers in [0, 1], a row for each layer of the teacher and a column for each of the student: the higher a
// number the darker its cell; the best of each column is framed.

import { node, put } from "../shared/elements.js";
import { t } from "../shared/words.js";

/** `draw({ rows, columns, cell: (row, column) => ({ value, text, more, words, best }) })`; a value of null stays blank. */
export function layerTable(life, title, label, key) {
  const grid = node("div", { class: "kd-layer-table", role: "table", "aria-label": label });
  const scroll = node("div", { class: "kd-layer-scroll" }, grid);
  const root = node("figure", { class: "kd-layer-figure" }, node("figcaption", { class: "kd-across-title" }, title), scroll, node("p", { class: "kd-note" }, key));
  const cellOf = ({ value, text, more, words, best }) => node("div", {
    class: `kd-layer-cell${best ? " kd-best" : ""}`, role: "cell", "aria-label": words, style: `--kd-share:${(100 * Math.max(0, value ?? 0)).toFixed(1)}%`,
  }, node("span", { "aria-hidden": "true" }, text), more ? node("small", { "aria-hidden": "true" }, more) : null);
  const fit = () => {
    const wide = scroll.scrollWidth > scroll.clientWidth + 1;
    put(scroll, "tabindex", wide ? "0" : null);
    put(scroll, "role", wide ? "region" : null);
    put(scroll, "aria-label", wide ? t("{name}, scrolls sideways", { name: label }) : null);
  };
  const resized = new ResizeObserver(fit);
  resized.observe(scroll);
  life.onEnd(() => resized.disconnect());
  return {
    root,
    draw({ rows, columns, cell }) {
      grid.style.setProperty("--kd-columns", columns.length);
      const corner = node("span", { class: "kd-layer-corner", role: "columnheader" }, node("span", { class: "kd-map-teacher" }, t("Teacher")), " / ", node("span", { class: "kd-map-student" }, t("Student")));
      const head = columns.map((name) => node("span", { class: "kd-layer-name", role: "columnheader", title: name }, name));
      grid.replaceChildren(node("div", { class: "kd-layer-line", role: "row" }, corner, ...head), ...rows.map((name, i) => node("div", { class: "kd-layer-line", role: "row" },
        node("span", { class: "kd-layer-name", role: "rowheader", title: name }, name), ...columns.map((_, j) => cellOf(cell(i, j))))));
      fit();
    },
  };
}
