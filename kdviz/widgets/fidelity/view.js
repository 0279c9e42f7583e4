// Fidelity: does the student answer as its teacher does? Over all examples, or the films' sample; at the step and T under the thumb.

import { fidelityNumbers, meanDivergence } from "./numbers.js";
import { comparedSample } from "../shared/compared.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { about, grouped, NO_NUMBER, quantity, shortPercent } from "../shared/format.js";
import { isInView, joined } from "../shared/scene.js";
import { stepsAreTold } from "../shared/strip.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const FIDELITY_DEPENDS_ON = [
  "temperature", "classes", "labels", "sample", "counted", "split", "teacher_logits", "student_logits", "filter", "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const MOST_CLASSES = 20; // rows of the table; of more classes, those on which they agree least
const CELLS = {
  both_right: { filter: "both_right", name: () => t("both right"), means: () => "" },
  errors_new: { filter: "new", name: () => t("new errors"), means: () => t("only the teacher is right") },
  errors_corrected: { filter: "corrected", name: (who) => t("fixed by the {who}", { who }), means: (who) => t("only the {who} is right", { who }) },
  errors_inherited: { filter: "both_wrong", name: () => t("shared errors"), means: () => t("both are wrong") },
};
const FIDELITY_TERMS = {
  agreement: [t("Agreement"), t("Share of the examples on which student and teacher have the same first choice.")],
  teacher: [t("Teacher right"), t("The teacher’s accuracy: share of the labelled examples whose class is its first choice.")],
  student: [t("Student right"), t("The student’s accuracy: share of the labelled examples whose class is its first choice.")],
  kl: [t("KL at T"), t("Kullback-Leibler divergence: mean over the examples of Σ t log(t / s), both softened at the T of the slider; 0 where they are equal. In nats, the unit of natural logarithms: 1 nat is 1.44 bits.")],
  ranks: [t("Rank agreement"), t("Mean of Spearman’s ρ between the two orders of the classes: 1 where the orders are the same.")],
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "fidelity", t("Fidelity"));
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-nothing" });
  const numbers = figuresInARow(life, FIDELITY_TERMS);
  const cells = fidelityCells(life, (filter) => commit(model, { filter: model.get("filter") === filter ? "all" : filter }));
  const table = fidelityTable();
  const sentence = liveSentence(life);
  const all = node("div", { class: "kd-fidelity-all" }, cells.root, numbers.root, table.root, sentence.root);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Fidelity")), note), empty, all);
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
    const share = (k, n) => (n ? shortPercent((100 * k) / n) : NO_NUMBER);
    const of = (k, n) => (n ? t("{n} of {total}", { n: grouped(k), total: grouped(n) }) : null);
    numbers.draw({
      agreement: share(found.agreed, found.n), teacher: share(found.teacherRight, found.labelled),
      student: share(found.studentRight, found.labelled), kl: t("{value} nats", { value: about(kl) }), ranks: about(found.ranks),
    }, { student: t("{who} right", { who: view.title }) }, {
      agreement: of(found.agreed, found.n), teacher: of(found.teacherRight, found.labelled), student: of(found.studentRight, found.labelled),
      kl: quantity(kl), ranks: quantity(found.ranks),
    });
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
  const made = Object.entries(CELLS).map(([key, { filter, name, means }]) => {
    const [count, label, meaning] = [node("b", {}), node("span", {}), node("small", {})];
    const root = node("button", { type: "button", class: `kd-cell kd-cell-${key}`, "aria-pressed": "false" }, count, " ", label, " ", meaning);
    life.listen(root, "click", () => choose(filter));
    return { key, filter, count, label, meaning, name, means, root };
  });
  const root = node("div", { class: "kd-cells", role: "group", "aria-label": t("Who is right") }, ...made.map((cell) => cell.root));
  return {
    root,
    draw(found, filter, view) {
      root.hidden = !found.labelled;
      for (const cell of made) {
        say(cell.count, grouped(found.cells[cell.key]));
        say(cell.label, cell.name(view.who));
        say(cell.meaning, cell.means(view.who));
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
  const head = node("div", { class: "kd-fidelity-row kd-fidelity-head", role: "row" }, cell("columnheader", t("Class")), cell("columnheader", t("Examples")),
    cell("columnheader", t("Agree")), cell("columnheader", t("Teacher right")), student);
  const table = node("div", { class: "kd-fidelity-table", role: "table", "aria-label": t("Classes") }, head);
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
      say(limit, listed.length < found.classes.length ? t("Showing the {shown} of {total} classes on which they agree least.", { shown: listed.length, total: found.classes.length }) : "");
      limit.hidden = !limit.textContent;
      say(student, t("{who} right", { who: view.title }));
      listed.forEach((c, i) => {
        const { root: row, cells } = rowOf(i);
        row.hidden = false;
        const counts = [c.agreed, c.teacher, c.student];
        const words = [view.classes[c.index], grouped(c.n), ...counts.map((k) => shortPercent((100 * k) / c.n))];
        words.forEach((word, k) => say(cells[k], word));
        counts.forEach((k, i) => put(cells[i + 2], "title", t("{n} of {total}", { n: grouped(k), total: grouped(c.n) })));
      });
      made.slice(listed.length).forEach((row) => (row.root.hidden = true));
    },
  };
}

/** What `Fidelity.sentence` of kdviz/measure/fidelity.py says; where the page has steps, with the step. */
function fidelitySentence(model, found, view) {
  const told = { step: grouped(view.step), who: view.who, agreed: grouped(found.agreed), n: grouped(found.n) };
  const start = !view.whole ? t("After step {step} the {who} agrees with the teacher on {agreed} of {n} examples tracked at random.", told)
    : stepsAreTold(model) ? t("After step {step} the {who} agrees with the teacher on {agreed} of {n} examples.", told)
      : t("The {who} agrees with the teacher on {agreed} of {n} examples.", told);
  if (!found.labelled) return `${start} ${t("Without labels, nobody can say who is right.")}`;
  const { errors_new: own, errors_inherited: shared, errors_corrected: fixed } = found.cells;
  const errors = { n: grouped(own), shared: grouped(shared), fixed: grouped(fixed), labelled: grouped(found.labelled) };
  return found.labelled === found.n
    ? `${start} ${tn("It makes {n} new error, shares {shared} with the teacher and fixes {fixed}.", "It makes {n} new errors, shares {shared} with the teacher and fixes {fixed}.", own, errors)}`
    : `${start} ${tn("On the {labelled} with a label it makes {n} new error, shares {shared} with the teacher and fixes {fixed}.",
      "On the {labelled} with a label it makes {n} new errors, shares {shared} with the teacher and fixes {fixed}.", own, errors)}`;
}

export default { render };
