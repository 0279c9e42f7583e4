// The formula with its live numbers, and how much of it each term is.

import { node, put, say } from "../shared/elements.js";
import { quantity } from "../shared/format.js";

/** The formula, and under each symbol its number. */
export function formulaPart() {
  const cells = {};
  const column = (symbol, key, only = null) => {
    const top = node("span", { class: "kd-math" });
    top.innerHTML = symbol;
    cells[key] ??= [];
    const fixed = FIXED_SYMBOLS[key];
    const below = node("span", { class: `kd-math-number${fixed ? "" : " kd-math-live"}` }, fixed ?? "");
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
    column(`KL(${sub("t")} ‖ ${sub("s")})`, "kl", FORWARD), column(`KL(${sub("s")} ‖ ${sub("t")})`, "kl", ["reverse_kl"]));
  const hardTerm = node("span", { class: "kd-math-term" },
    column("+", "plus"), column("(1 − <i>α</i>)", "beta"), column("·", "dot"), column("CE(<i>s</i>, <i>y</i>)", "ce"));
  const share = { soft: node("span", { class: "kd-parted-soft" }), hard: node("span", { class: "kd-parted-hard" }) };
  const shareText = node("p", { class: "kd-note" });
  const math = node("div", { class: "kd-formula-body", role: "math" }, left, softTerm, hardTerm);
  const shareBar = node("div", { class: "kd-parted", "aria-hidden": "true" }, share.soft, share.hard);
  return {
    root: node("div", { class: "kd-formula" }, math, shareBar, shareText),
    draw(view) {
      this.root.hidden = view.blank || !view.shown.has("formula");
      if (this.root.hidden) return;
      for (const { root, only } of optional) root.hidden = !only.includes(view.loss);
      const n = view.numbers;
      const texts = {
        loss: quantity(n.loss), alpha: view.alpha.toFixed(2), square: quantity(view.temperature ** 2), kl: quantity(n.taught),
        beta: (1 - view.alpha).toFixed(2), ce: quantity(n.ce),
      };
      for (const [key, text] of Object.entries(texts)) for (const cell of cells[key]) say(cell, text);
      const squared = SQUARED.includes(view.loss);
      put(math, "aria-label", `L = alpha times ${squared ? "T squared times " : ""}KL of ${FORWARD.includes(view.loss) ? "teacher and student" : "student and teacher"}, `
        + `plus 1 minus alpha times CE: ${texts.loss} = ${texts.alpha} · ${squared ? `${texts.square} · ` : ""}${texts.kl} + ${texts.beta} · ${texts.ce}`);
      drawShare(shareBar, share, shareText, view);
    },
  };
}

const FIXED_SYMBOLS = { equals: "=", dot: "·", plus: "+" };
// Which symbols belong to which loss.
const SQUARED = ["soft_targets", "reverse_kl"];
const FORWARD = ["soft_targets", "without_t2"];

function drawShare(bar, share, text, view) {
  const { soft, hard, loss, scaledKl } = view.numbers;
  bar.classList.toggle("kd-blank", !(loss > 0));
  if (loss > 0) {
    share.soft.style.width = `${(100 * soft) / loss}%`;
    share.hard.style.width = `${(100 * hard) / loss}%`;
    say(text, `Soft term ${quantity(soft)}, hard term ${quantity(hard)}: the soft term is ${wholePercent(soft / loss)} of L on ${view.which}.`);
  } else if (scaledKl === null) {
    say(text, view.hasStudent ? "These outputs are not finite numbers, so L has no value." : "L has a value once there is a student.");
  } else {
    say(text, loss === null ? `This ${view.word} has no label, so its hard term and L have no value.` : `Both terms are 0 on ${view.which}.`);
  }
}

/** Whole percent that never rounds a part to nothing or to all. */
export function wholePercent(share) {
  if (share > 0 && share < 0.01) return "less than 1\u00a0%";
  if (share > 0.99 && share < 1) return "more than 99\u00a0%";
  return `${Math.round(100 * share)}\u00a0%`;
}
