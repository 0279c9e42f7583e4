// Mirrored bars of one example: teacher to the left, student to the right, class names in the middle.

import { commit, node, put, say, uniqueId } from "./elements.js";
import { briefly, grouped, powerOfTen, probability, short } from "./format.js";
import { picture } from "./strip.js";
import { t } from "./words.js";

const MANY_CLASSES = 24;
const ROWS_OF_MANY = 20;
const LOG_FLOOR = -6;

/** The bars with their two heads, a picture between them, an axis, and the choice of its scale. */
export function barsPart(model, life) {
  const large = node("div", { class: "kd-large" });
  const teacherHead = sideHead("teacher");
  const studentHead = sideHead("student");
  const words = node("p", { class: "kd-words" });
  const rows = barRows();
  const axis = node("div", { class: "kd-axis", "aria-hidden": "true" });
  const switcher = scaleSwitch(model, life);
  let pictured = {};
  return {
    root: node("div", { class: "kd-bars" }, words,
      node("div", { class: "kd-bars-head" }, large, teacherHead.root, studentHead.root),
      node("div", { class: "kd-bar-grid" }, rows.root, axis), rows.others, switcher.root),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("bars");
      if (this.root.hidden) return;
      rows.draw(view, state);
      if (pictured.index !== view.selected || pictured.images !== state.images) {
        large.replaceChildren(...[picture(state, view.selected)].filter(Boolean));
        pictured = { index: view.selected, images: state.images };
      }
      large.hidden = !large.firstChild;
      say(words, view.inScene && large.hidden ? (state.captions[view.selected] ?? "") : ""); // alone, the strip shows it
      words.hidden = !words.textContent;
      teacherHead.draw(t("Teacher"), view.teacherName, "");
      studentHead.draw(view.studentTitle, view.studentName, view.hasStudent && view.trains !== false ? t("step {step}", { step: grouped(view.step) }) : "");
      this.root.classList.toggle("kd-one-sided", !view.hasStudent);
      studentHead.root.hidden = !view.hasStudent;
      drawAxis(axis, view, state);
      switcher.draw(view.scale);
    },
  };
}

/** The rows alone, as a table; what is not shown of very many classes is said in `others`. */
export function barRows(name = t("Softened probabilities by class")) {
  const root = node("div", { class: "kd-rows", role: "table", "aria-label": name });
  const others = node("p", { class: "kd-note" });
  let made = [];
  let key = "";
  return {
    root,
    others,
    draw(view, state) {
      const classes = rowsToShow(view, state);
      const nextKey = [view.hasStudent, ...classes.map((c) => `${c}:${state.classes[c]}`)].join("|");
      if (nextKey !== key) {
        made = classes.map((c) => barRow(state.classes[c]));
        root.replaceChildren(barHeader(view.hasStudent), ...made.map((row) => row.root));
        key = nextKey;
      }
      const lengths = view.lengths ?? (view.scale === "logits" ? logitLengths(view, state) : (side, logP) => barLength(logP, view.scale));
      classes.forEach((c, i) => made[i].draw(view, state, c, lengths));
      say(others, classes.length < state.classes.length
        ? t("Showing the {shown} largest of {total} classes at T = 1.", { shown: classes.length, total: grouped(state.classes.length) }) : "");
      others.hidden = !others.textContent;
    },
  };
}

function sideHead(side) {
  const role = node("b", {});
  const about = node("span", {});
  return {
    root: node("p", { class: `kd-side kd-side-${side}` }, role, about),
    draw(who, name, when) {
      say(role, who);
      say(about, [name, when].filter(Boolean).join(", "));
      put(this.root, "title", [who, name, when].filter(Boolean).join(" · "));
    },
  };
}

/** All classes; of very many only the largest, chosen at T = 1 so that the rows stand still while T moves. */
function rowsToShow(view, state) {
  const all = state.classes.map((_, c) => c);
  if (all.length <= MANY_CLASSES) return all;
  const teacher = state.teacherRow(view.selected);
  const first = all.sort((a, b) => teacher[b] - teacher[a]).slice(0, ROWS_OF_MANY);
  if (view.label >= 0 && !first.includes(view.label)) first[first.length - 1] = view.label;
  return first;
}

function barHeader(hasStudent) {
  const cell = (text) => node("span", { role: "columnheader" }, text);
  return node("div", { class: "kd-unseen", role: "row" }, cell(t("Teacher")), cell(t("Class")), hasStudent ? cell(t("Student")) : null);
}

function barRow(name) {
  const teacherBar = node("span", { class: "kd-bar kd-bar-teacher", "aria-hidden": "true" });
  const studentBar = node("span", { class: "kd-bar kd-bar-student", "aria-hidden": "true" });
  const teacherValue = node("span", { class: "kd-p kd-p-teacher", role: "cell" });
  const studentValue = node("span", { class: "kd-p kd-p-student", role: "cell" });
  const title = node("span", { class: "kd-class", role: "rowheader", title: name }, name);
  const root = node("div", { class: "kd-row", role: "row" }, teacherBar, teacherValue, title, studentValue, studentBar);
  const draw = (bar, value, told) => {
    say(value, told?.text ?? "");
    put(value, "title", told?.exact ?? null);
    bar.style.width = `${100 * (told?.length ?? 0)}%`;
  };
  return {
    root,
    draw(view, state, c, lengths) {
      for (const [bar, value, side, logP, logits] of [
        [teacherBar, teacherValue, "teacher", view.numbers.logT, state.teacherRow],
        [studentBar, studentValue, "student", view.numbers.logS, state.studentRow],
      ]) {
        const told = logP && (view.scale === "logits"
          ? { text: short(logits(view.selected)[c]), exact: String(logits(view.selected)[c]) }
          : { text: briefly(Math.exp(logP[c])), exact: probability(Math.exp(logP[c])) });
        draw(bar, value, told && { ...told, length: lengths(side, logP[c], c) });
      }
      root.classList.toggle("kd-true", c === view.label);
      put(title, "aria-label", c === view.label ? t("{name}, the true class", { name }) : null);
    },
  };
}

export function barLength(logP, scale) {
  if (scale === "linear") return Math.exp(logP);
  return Math.min(1, Math.max(0, 1 - logP / Math.LN10 / LOG_FLOOR));
}

/** Lengths above each model's own lowest logit, on one scale: only differences of logits say anything. */
function logitLengths(view, state) {
  const sides = { teacher: state.teacherRow(view.selected), student: state.studentRow(view.selected) };
  const low = (row) => Math.min(...row);
  const widest = Math.max(1e-9, ...Object.values(sides).filter((row) => row.length).map((row) => Math.max(...row) - low(row)));
  return (side, _, c) => (sides[side][c] - low(sides[side])) / widest;
}

function drawAxis(axis, view, state) {
  axis.hidden = view.scale === "logits" || state.count === 0;
  if (axis.dataset.scale === view.scale) return;
  axis.dataset.scale = view.scale;
  const ticks = view.scale === "linear" ? [[0, "0"], [0.5, short(0.5)], [1, "1"]] : [[0, powerOfTen(LOG_FLOOR)], [0.5, powerOfTen(LOG_FLOOR / 2)], [1, "1"]];
  const half = (side) => {
    const marks = ticks.map(([at, text]) => {
      const mark = node("span", {}, text);
      mark.style.setProperty("--kd-at", at);
      return mark;
    });
    return node("span", { class: `kd-axis-half kd-axis-${side}` }, ...marks);
  };
  axis.replaceChildren(half("teacher"), node("span", { class: "kd-axis-name" }, t("probability")), half("student"));
}

function scaleSwitch(model, life) {
  const group = uniqueId("scale");
  const option = (value, text) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { scale: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  };
  const options = [option("linear", t("Linear")), option("log", t("Log: see the tails")), option("logits", t("Logits"))];
  return {
    root: node("div", { class: "kd-scale" }, node("fieldset", { class: "kd-segments" },
      node("legend", { class: "kd-unseen" }, t("Scale of the bars")), ...options.map((o) => o.root))),
    draw(scale) {
      for (const o of options) o.input.checked = o.value === scale;
    },
  };
}
