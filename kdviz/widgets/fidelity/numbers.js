// How far a student does as its teacher does, as kdviz/measure/fidelity.py has it.

import { divergence, firstChoices, logSoftmax } from "../shared/softmax.js";

/** Ranks of a row's numbers less their mean, those of equals averaged. */
export function centredRanks(row, classes, from, into) {
  const order = Array.from({ length: classes }, (_, c) => c).sort((a, b) => row[from + a] - row[from + b]);
  for (let i = 0; i < classes; ) {
    let j = i;
    while (j + 1 < classes && row[from + order[j + 1]] === row[from + order[i]]) j += 1;
    for (let k = i; k <= j; k++) into[order[k]] = (i + j) / 2 - (classes - 1) / 2;
    i = j + 1;
  }
  return into;
}

/** Mean of Spearman's ρ over the rows where it is defined; NaN where it is for none. */
export function rankAgreement(teacher, student, rows, classes) {
  const [u, v] = [new Float64Array(classes), new Float64Array(classes)];
  let [sum, count] = [0, 0];
  for (const row of rows) {
    centredRanks(teacher, classes, row * classes, u);
    centredRanks(student, classes, row * classes, v);
    let [uv, uu, vv] = [0, 0, 0];
    for (let c = 0; c < classes; c++) {
      uv += u[c] * v[c];
      uu += u[c] * u[c];
      vv += v[c] * v[c];
    }
    if (!uu || !vv) continue;
    sum += uv / Math.sqrt(uu * vv);
    count += 1;
  }
  return count ? sum / count : NaN;
}

/** Agreement, accuracies, the four cells, each class; over the first `rows` examples. Without labels only what needs none. */
export function fidelityNumbers(teacher, student, labels, rows, classes) {
  const [t, s] = [firstChoices(teacher, classes), firstChoices(student, classes)];
  const cells = { both_right: 0, errors_new: 0, errors_corrected: 0, errors_inherited: 0 };
  const each = Array.from({ length: classes }, (_, index) => ({ index, n: 0, teacher: 0, student: 0, agreed: 0 }));
  let [agreed, labelled, same] = [0, 0, 0];
  for (const i of rows) {
    agreed += Number(t[i] === s[i]);
    const y = labels[i] ?? -1;
    if (y < 0 || y >= classes) continue;
    labelled += 1;
    const [right, alike] = [t[i] === y, s[i] === y];
    cells[right ? (alike ? "both_right" : "errors_new") : alike ? "errors_corrected" : "errors_inherited"] += 1;
    same += Number(!right && t[i] === s[i]);
    each[y].n += 1;
    each[y].teacher += Number(right);
    each[y].student += Number(alike);
    each[y].agreed += Number(t[i] === s[i]);
  }
  return {
    n: rows.length, labelled, agreed, cells, same, classes: each.filter((c) => c.n),
    teacherRight: cells.both_right + cells.errors_new, studentRight: cells.both_right + cells.errors_corrected,
    ranks: rankAgreement(teacher, student, rows, classes),
  };
}

/** Mean KL(σ_T(teacher) ‖ σ_T(student)) over the rows, in nats. */
export function meanDivergence(teacher, student, rows, classes, temperature) {
  if (!rows.length) return NaN;
  let sum = 0;
  for (const row of rows) {
    const [from, to] = [row * classes, (row + 1) * classes];
    sum += divergence(logSoftmax(teacher.subarray(from, to), temperature), logSoftmax(student.subarray(from, to), temperature));
  }
  return sum / rows.length;
}
