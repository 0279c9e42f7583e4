// Fidelity: does the student answer as its teacher does? Over the scene's sample, at the step and the T under the thumb.

import { fidelityNumbers, meanDivergence } from "./numbers.js";
import { comparedSample } from "../shared/compared.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { grouped, percent, quantity } from "../shared/format.js";
import { isInView, joined } from "../shared/scene.js";
import { studentAtStep } from "../shared/strip.js";
import "./style.css";

const FIDELITY_DEPENDS_ON = [
  "temperature", "classes", "labels", "sample", "split", "teacher_logits", "student_logits", "filter", "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const MOST_CLASSES = 20; // rows of the table; of more classes, those on which they agree least
const CELLS = {
  both_right: { filter: "both_right", name: "both right" },
  errors_new: { filter: "new", name: "errors new: only the teacher is right" },
  errors_mended: { filter: "mended", name: "errors mended: only the student is right" },
  errors_inherited: { filter: "both_wrong", name: "errors inherited: both wrong" },
};
const FIDELITY_TERMS = {
  agreement: ["Agreement", "Share of the examples on which student and teacher say the same class first."],
  teacher: ["Teacher right", "Share of the labelled examples whose class the teacher says first."],
  student: ["Student right", "Share of the labelled examples whose class the student says first."],
  kl: ["KL at T", "Mean over the examples of Σ t log(t / s) in nats, both softened at the T of the slider; 0 where they say the same."],
  ranks: ["Rank agreement", "Mean of Spearman’s ρ between the two orders of the classes: 1 where the orders are the same."],
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "fidelity", "Fidelity");
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-nothing" });
  const numbers = figuresInARow(life, FIDELITY_TERMS);
  const cells = fidelityCells(life, (filter) => commit(model, { filter: model.get("filter") === filter ? "all" : filter }));
  const table = fidelityTable();
  const sentence = liveSentence(life);
  const all = node("div", { class: "kd-fidelity-all" }, cells.root, numbers.root, table.root, sentence.root);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, "Fidelity"), note), empty, all);
  const changed = changing();
  let found = null;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "fidelity");
    if (el.hidden) return;
    const view = comparedSample(model);
    empty.hidden = view.ready;
    all.hidden = !view.ready;
    say(note, view.note);
    say(empty, view.ready ? "" : view.empty);
    if (!view.ready) return;
    if (changed(view.teacher, view.student, view.labels, view.rows.length)) {
      found = fidelityNumbers(view.teacher, view.student, view.labels, view.rows, view.width);
    }
    const kl = meanDivergence(view.teacher, view.student, view.rows, view.width, model.get("temperature"));
    const share = (k, n) => (n ? percent((100 * k) / n) : "–");
    numbers.draw({
      agreement: share(found.agreed, found.n), teacher: share(found.teacherRight, found.labelled),
      student: share(found.studentRight, found.labelled), kl: `${quantity(kl)} nats`, ranks: quantity(found.ranks),
    }, { student: `${view.title} right` });
    cells.draw(found, model.get("filter"), view);
    table.draw(found, view);
    sentence.say(fidelitySentence(model, found, view), `${view.who} ${view.step}`);
  });
  life.watch(FIDELITY_DEPENDS_ON, painter.soon);
  painter.now();
  return () => life.end();
}

/** The 2×2 of right and wrong; a cell that is pressed chooses which examples are listed. */
function fidelityCells(life, choose) {
  const made = Object.entries(CELLS).map(([key, { filter, name }]) => {
    const count = node("b", {});
    const label = node("span", {}, name);
    const root = node("button", { type: "button", class: `kd-cell kd-cell-${key}`, "aria-pressed": "false" }, count, label);
    life.listen(root, "click", () => choose(filter));
    return { key, filter, count, label, name, root };
  });
  const root = node("div", { class: "kd-cells", role: "group", "aria-label": "Who is right" }, ...made.map((cell) => cell.root));
  return {
    root,
    draw(found, filter, view) {
      root.hidden = !found.labelled;
      for (const cell of made) {
        say(cell.count, grouped(found.cells[cell.key]));
        say(cell.label, cell.name.replace("student", view.who));
        put(cell.root, "aria-pressed", cell.filter === filter ? "true" : "false");
      }
    },
  };
}

/** A row for each class: how often they agree, and how often each is right. */
function fidelityTable() {
  const limit = node("p", { class: "kd-note" });
  const cell = (role, text = "") => node("span", { role }, text);
  const student = cell("columnheader");
  const head = node("div", { class: "kd-fidelity-row kd-fidelity-head", role: "row" }, cell("columnheader", "Class"), cell("columnheader", "Examples"),
    cell("columnheader", "Agree"), cell("columnheader", "Teacher right"), student);
  const table = node("div", { class: "kd-fidelity-table", role: "table", "aria-label": "Classes" }, head);
  const root = node("div", {}, limit, table);
  const made = [];
  const rowOf = (i) => {
    while (made.length <= i) {
      const cells = [cell("rowheader"), ...Array.from({ length: 4 }, () => cell("cell"))];
      made.push({ root: node("div", { class: "kd-fidelity-row", role: "row" }, ...cells), cells });
      table.append(made.at(-1).root);
    }
    return made[i];
  };
  return {
    root,
    draw(found, view) {
      root.hidden = !found.labelled;
      const listed = [...found.classes].sort((a, b) => a.agreed / a.n - b.agreed / b.n || a.index - b.index).slice(0, MOST_CLASSES);
      say(limit, listed.length < found.classes.length ? `${listed.length} of ${found.classes.length} classes: those on which they agree least.` : "");
      limit.hidden = !limit.textContent;
      say(student, `${view.title} right`);
      listed.forEach((c, i) => {
        const { root: row, cells } = rowOf(i);
        row.hidden = false;
        const words = [view.classes[c.index], grouped(c.n), ...[c.agreed, c.teacher, c.student].map((k) => percent((100 * k) / c.n))];
        words.forEach((word, k) => say(cells[k], word));
      });
      made.slice(listed.length).forEach((row) => (row.root.hidden = true));
    },
  };
}

function fidelitySentence(model, found, view) {
  const start = `${studentAtStep(model, view.who)} agrees with the teacher on ${grouped(found.agreed)} of ${grouped(found.n)} examples`;
  if (!found.labelled) return `${start}; without labels, nobody can say who is right.`;
  const wrong = found.labelled - found.studentRight;
  if (!wrong) return `${start} and has none of them wrong.`;
  const [own, both] = [found.cells.errors_new, found.cells.errors_inherited];
  const inherited = both ? `on ${grouped(both)} the teacher is wrong too (with the same class on ${grouped(found.same)})` : "on none the teacher is wrong too";
  return `${start}. Of its ${grouped(wrong)} ${wrong === 1 ? "error" : "errors"}, ${grouped(own)} ${own === 1 ? "is" : "are"} new; ${inherited}.`;
}

export default { render };
