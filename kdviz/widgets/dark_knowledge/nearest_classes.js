// The two most similar classes of each class, by the teacher and by the student.

import { sayLimit } from "./sample.js";
import { definition } from "../shared/definition.js";
import { changing, liveSentence, node, put, say } from "../shared/elements.js";
import { briefly, probability, short } from "../shared/format.js";
import { t } from "../shared/words.js";

const NEAREST = 2;
const NEAREST_UNSCROLLED = 12; // rows
const NEAREST_SHORT = 4; // letters: names up to here stand two in a line
const NEAREST_MEANING = t("The two other classes that get most of the mean soft targets of a true class at T: a row’s two largest cells off the diagonal.");
const NEAREST_MARKS = { same: ["", ""], order: ["⇄", t("same two, swapped")], other: ["≠", t("not the same two")] };

export function nearestTable(life) {
  const title = node("h3", { class: "kd-dark-title" }, definition(life, t("Most similar classes"), NEAREST_MEANING));
  const head = (text, side) => node("b", { role: "columnheader", class: side ? `kd-text-${side}` : null }, text);
  const compared = node("span", { role: "columnheader" }, node("span", { class: "kd-unseen" }, t("Compared")));
  const body = node("div", { role: "rowgroup" });
  const header = node("div", { role: "row", class: "kd-nearest-row kd-nearest-head" }, head(t("True")), head(t("Teacher"), "teacher"), compared, head(t("Student"), "student"));
  const table = node("div", { class: "kd-nearest-table", role: "table", "aria-label": t("Most similar classes") }, node("div", { role: "rowgroup" }, header), body);
  const scroller = node("div", {}, table);
  const key = node("p", { class: "kd-note" }, `≠ ${t("not the same two")} · ⇄ ${t("same two, swapped")}`);
  const limit = node("p", { class: "kd-note" });
  const sentence = liveSentence(life);
  const changed = changing();
  let rows = [];
  let made = "";
  return {
    root: node("section", { class: "kd-dark-figure kd-nearest", "aria-label": t("Most similar classes") }, title, scroller, key, limit, sentence.root),
    draw(view) {
      if (!changed(view.teacher, view.student, view.classes)) return;
      const shown = view.sample.listed;
      const next = shown.map((c) => `${c}:${view.classes[c]}`).join("|");
      if (next !== made) {
        rows = shown.map((c) => nearestRow(view.classes[c]));
        body.replaceChildren(...rows.map((row) => row.root));
        const many = shown.length > NEAREST_UNSCROLLED;
        scroller.classList.toggle("kd-nearest-many", many);
        for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", t("Most similar classes, scrollable")]]) put(scroller, name, many ? value : null);
        table.classList.toggle("kd-nearest-long", Math.max(...shown.map((c) => view.classes[c].length)) > NEAREST_SHORT);
        made = next;
      }
      table.classList.toggle("kd-one-sided", !view.student);
      key.hidden = !view.student;
      shown.forEach((c, i) => rows[i].draw(view, c));
      sayLimit(limit, shown, view);
      sentence.say(nearestSentence(view), view.about);
    },
  };
}

function nearestRow(name) {
  const teacher = nearestCell();
  const student = nearestCell();
  const mark = node("span", { class: "kd-nearest-mark", role: "cell" });
  const title = node("span", { class: "kd-nearest-name", role: "rowheader", title: name }, name);
  return {
    root: node("div", { class: "kd-nearest-row", role: "row" }, title, teacher.root, mark, student.root),
    draw(view, y) {
      teacher.draw(view, view.teacher, y);
      student.draw(view, view.student, y);
      const [sign, meaning] = NEAREST_MARKS[view.student ? sameNearest(view, y) : "same"];
      say(mark, sign);
      put(mark, "title", meaning || null);
      put(mark, "aria-label", meaning || null);
    },
  };
}

function nearestCell() {
  const pairs = Array.from({ length: NEAREST }, () => ({ name: node("b"), value: node("span") }));
  return {
    root: node("span", { role: "cell" }, ...pairs.map(({ name, value }) => node("span", { class: "kd-nearest-pair" }, name, " ", value))),
    draw(view, side, y) {
      pairs.forEach(({ name, value }, k) => {
        const c = side ? side.nearest[y * NEAREST + k] : -1;
        say(name, c < 0 ? (k ? "" : "–") : view.classes[c]);
        const share = c < 0 ? null : side.means[y * view.sample.width + c];
        say(value, share === null ? "" : briefly(share));
        put(value, "title", share === null ? null : probability(share));
      });
    },
  };
}

/** "same", "order" or "other": the student's two nearest classes beside the teacher's. */
function sameNearest(view, y) {
  const of = (side) => Array.from(side.nearest.subarray(y * NEAREST, (y + 1) * NEAREST));
  const [teacher, student] = [of(view.teacher), of(view.student)];
  if (teacher.every((c, k) => c === student[k])) return "same";
  return teacher.every((c) => student.includes(c)) ? "order" : "other";
}

function nearestSentence(view) {
  if (view.classes.length < 2) return t("One class alone has no others near it.");
  const known = view.sample.shown.filter((c) => view.sample.counts[c] > 0);
  const told = { T: short(view.temperature), n: known.length };
  if (!view.student) return t("At T = {T} these are the teacher’s most similar classes for {n} classes with examples; a student’s appear beside them.", told);
  const kinds = known.map((y) => sameNearest(view, y));
  const same = kinds.filter((kind) => kind === "same").length;
  const turned = kinds.filter((kind) => kind === "order").length;
  return t("At T = {T} the student’s two most similar classes are the teacher’s for {shared} of {n} classes with examples, in the same order for {same}.", { ...told, shared: same + turned, same });
}
