// The formula with its live numbers, and how much of it each term is.

import { node, put, say } from "../shared/elements.js";
import { about, fixed, quantity, wholePercent } from "../shared/format.js";
import { SQUARED } from "../shared/softmax.js";
import { t } from "../shared/words.js";

/** The formula, and under each symbol its number. */
export function formulaPart() {
  const cells = {};
  const column = (symbol, key, only = null) => {
    const top = node("span", { class: "kd-math" });
    top.innerHTML = symbol;
    cells[key] ??= [];
    const constant = FIXED_SYMBOLS[key];
    const below = node("span", { class: `kd-math-number${constant ? "" : " kd-math-live"}` }, constant ?? "");
    cells[key].push(below);
    const root = node("span", { class: "kd-math-column" }, top, below);
    if (only) optional.push({ root, only });
    return root;
  };
  const optional = [];
  const sub = (letter) => `σ<sub><i>T</i></sub>(<i>${letter}</i>)`;
  const left = node("span", { class: "kd-math-term" }, column("<i>L</i>", "loss"), column("=", "equals"));
  const softTerm = node("span", { class: "kd-math-term" }, column("<i>α</i>", "alpha"), column("·", "dot"),
    column("<i>T</i>²", "square", SQUARED), column("·", "dot", SQUARED),
    column(`KL(${sub("t")} ‖ ${sub("s")})`, "kl", FORWARD), column(`KL(${sub("s")} ‖ ${sub("t")})`, "kl", ["reverse_kl"]),
    column("CE(<i>s</i>, argmax <i>t</i>)", "kl", ["first_choice"]));
  const hardTerm = node("span", { class: "kd-math-term" },
    column("+", "plus"), column("(1 − <i>α</i>)", "beta"), column("·", "dot"), column("CE(<i>s</i>, <i>y</i>)", "ce"));
  const share = { soft: node("span", { class: "kd-parted-soft" }), hard: node("span", { class: "kd-parted-hard" }) };
  const shareText = node("p", { class: "kd-note" });
  const course = node("p", { class: "kd-note kd-course" });
  const heads = node("p", { class: "kd-note" }, t("While it learns, the teacher is compared with the distillation token’s head and the label with the class token’s; these numbers are those of its answer, which is made from both."));
  const math = node("div", { class: "kd-formula-body", role: "math" }, left, softTerm, hardTerm);
  const shareBar = node("div", { class: "kd-parted", "aria-hidden": "true" }, share.soft, share.hard);
  return {
    root: node("div", { class: "kd-formula" }, math, shareBar, shareText, course, heads),
    draw(view) {
      this.root.hidden = view.blank || !view.shown.has("formula");
      if (this.root.hidden) return;
      for (const { root, only } of optional) root.hidden = !only.includes(view.loss);
      const n = view.numbers;
      const texts = {
        loss: about(n.loss, 3), alpha: fixed(view.alpha, 2), square: about(view.temperature ** 2, 3), kl: about(n.taught, 3),
        beta: fixed(1 - view.alpha, 2), ce: about(n.ce, 3),
      };
      for (const [key, text] of Object.entries(texts)) for (const cell of cells[key]) say(cell, text);
      for (const [key, number] of [["loss", n.loss], ["kl", n.taught], ["ce", n.ce]]) for (const cell of cells[key]) put(cell, "title", quantity(number));
      const squared = SQUARED.includes(view.loss);
      const numbers = `${texts.loss} = ${texts.alpha} · ${squared ? `${texts.square} · ` : ""}${texts.kl} + ${texts.beta} · ${texts.ce}`;
      put(math, "aria-label", SPOKEN[view.loss](numbers));
      drawShare(shareBar, share, shareText, view);
      say(course, view.courses.temperature ?? "");
      course.hidden = !course.textContent;
      heads.hidden = !view.twoHeads;
    },
  };
}

const FIXED_SYMBOLS = { equals: "=", dot: "·", plus: "+" };
const SPOKEN = {
  soft_targets: (numbers) => t("L = alpha times T squared times KL of teacher and student, plus 1 minus alpha times CE: {numbers}", { numbers }),
  without_t2: (numbers) => t("L = alpha times KL of teacher and student, plus 1 minus alpha times CE: {numbers}", { numbers }),
  first_choice: (numbers) => t("L = alpha times CE of the student and the teacher’s first choice, plus 1 minus alpha times CE: {numbers}", { numbers }),
  reverse_kl: (numbers) => t("L = alpha times T squared times KL of student and teacher, plus 1 minus alpha times CE: {numbers}", { numbers }),
};
// Which symbols belong to which loss.
const FORWARD = ["soft_targets", "without_t2"];

function drawShare(bar, share, text, view) {
  const { soft, hard, loss, scaledKl } = view.numbers;
  bar.classList.toggle("kd-blank", !(loss > 0));
  if (loss > 0) {
    share.soft.style.width = `${(100 * soft) / loss}%`;
    share.hard.style.width = `${(100 * hard) / loss}%`;
    say(text, t("Soft term {soft}, hard term {hard}: the soft term is {share} of L on {which}.", { soft: about(soft), hard: about(hard), share: wholePercent(soft / loss), which: view.which }));
  } else if (scaledKl === null) {
    say(text, view.hasStudent ? t("These outputs are not finite numbers, so L has no value.") : t("L has a value once there is a student."));
  } else if (loss !== null) {
    say(text, t("Both terms are 0 on {which}.", { which: view.which }));
  } else {
    say(text, view.inScene ? t("This example has no label, so its hard term and L have no value.") : t("This probe has no label, so its hard term and L have no value."));
  }
}
