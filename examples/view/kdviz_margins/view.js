// Margins: how far does the first choice lie ahead of the second? Over the scene's sample, at the T under the thumb.

import { comparedSample } from "kdviz/compared.js";
import { card, drawing, lifetime, node, say } from "kdviz/elements.js";
import { grouped, short } from "kdviz/format.js";
import { isInView, joined } from "kdviz/scene.js";
import { margins, histogram } from "./numbers.js";
import "./style.css";

const DEPENDS_ON = [
  "temperature", "classes", "sample", "split", "teacher_logits", "student_logits", "view", "views", "hidden", "runs", "shown_run",
];
const BINS = 10;

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "margins", "Margins");
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-nothing" });
  const rows = Array.from({ length: BINS }, () => row());
  const student = node("span", { role: "columnheader", class: "kd-margins-of-student" });
  const head = node("div", { class: "kd-margins-row kd-margins-head", role: "row" }, node("span", { role: "columnheader" }, "Margin"),
    node("span", { role: "columnheader", class: "kd-margins-of-teacher" }, "Teacher"), student);
  const table = node("div", { class: "kd-margins", role: "table", "aria-label": "Examples by margin" }, head, ...rows.map((r) => r.root));
  const sentence = node("p", { class: "kd-sentence" });
  body.append(node("div", { class: "kd-head" }, node("h2", {}, "Margins"), note), empty, table, sentence);

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "margins");
    if (el.hidden) return;
    const view = comparedSample(model);
    empty.hidden = view.ready;
    table.hidden = sentence.hidden = !view.ready;
    say(note, view.note);
    say(empty, view.ready ? "" : view.empty);
    if (!view.ready) return;
    say(student, view.title);
    const T = model.get("temperature");
    const found = { teacher: margins(view.teacher, view.rows, view.width, T), student: margins(view.student, view.rows, view.width, T) };
    const counts = { teacher: histogram(found.teacher, BINS), student: histogram(found.student, BINS) };
    const most = Math.max(1, ...counts.teacher, ...counts.student);
    rows.forEach((r, i) => r.draw(i / BINS, counts.teacher[i], counts.student[i], most));
    const mean = (values) => (values.reduce((a, b) => a + b, 0) / values.length).toFixed(2);
    say(sentence, `At T = ${short(T)} the first choice lies ahead of the second by ${mean(found.teacher)} on average in the teacher, `
      + `by ${mean(found.student)} in the ${view.who}.`);
  });
  life.watch(DEPENDS_ON, painter.soon);
  painter.now();
  return () => life.end();
}

function row() {
  const [label, teacher, student] = [node("span", { role: "rowheader" }), bar("teacher"), bar("student")];
  return {
    root: node("div", { class: "kd-margins-row", role: "row" }, label, teacher.root, student.root),
    draw(from, ofTeacher, ofStudent, most) {
      say(label, `${from.toFixed(1)} to ${(from + 1 / BINS).toFixed(1)}`);
      teacher.draw(ofTeacher, most);
      student.draw(ofStudent, most);
    },
  };
}

function bar(who) {
  const fill = node("span", { class: `kd-margins-bar kd-margins-${who}` });
  const count = node("span", {});
  return {
    root: node("span", { role: "cell", class: "kd-margins-cell", "aria-label": who }, fill, count),
    draw(n, most) {
      fill.style.width = `${(100 * n) / most}%`;
      say(count, grouped(n));
    },
  };
}

export default { render };
