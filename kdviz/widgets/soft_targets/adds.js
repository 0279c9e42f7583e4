// What the teacher adds to the label: the divergence in two parts, about the target class and among the others.

import { definition } from "../shared/definition.js";
import { node, put, say } from "../shared/elements.js";
import { about, quantity, short, wholePercent } from "../shared/format.js";
import { t } from "../shared/words.js";

const ADDS = {
  target: t("The target part (TCKD), in nats: the divergence over two outcomes only, the true class and all others together, at T. "
    + "A label teaches this too: it wants everything on the true class."),
  others: t("The non-target part, in nats: (1 − p(y)) · NCKD, at T. NCKD compares how teacher and student spread the rest among the wrong classes; "
    + "it is weighted by what the teacher leaves for them, 1 − p(y). A label says nothing about this."),
};

export function addsPart(life) {
  const parts = addsNodes(life);
  return {
    root: node("div", { class: "kd-adds" }, ...parts.nodes),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.hasStudent || !view.shown.has("adds");
      if (this.root.hidden) return;
      const split = view.numbers.parts;
      const whole = split ? split.target + split.nonTarget : 0;
      parts.bar.classList.toggle("kd-blank", !(whole > 0));
      if (whole > 0) {
        parts.target.style.width = `${(100 * split.target) / whole}%`;
        parts.others.style.width = `${(100 * split.nonTarget) / whole}%`;
      }
      for (const [key, value] of Object.entries({ target: split?.target ?? null, nonTarget: split?.nonTarget ?? null })) {
        say(parts[`${key}Data`], about(value));
        put(parts[`${key}Data`], "title", value === null ? null : quantity(value));
        put(parts[`${key}Data`], "value", value === null ? "" : String(value));
      }
      const name = state.classes[view.label];
      say(parts.sure.querySelector(".kd-term"), name === undefined ? t("How sure of the true class") : t("How sure of {name}", { name }));
      say(parts.sum, split ? t("KL {value} nats", { value: about(view.numbers.kl) }) : "");
      say(parts.product, split ? `= ${about(split.rest)} · ${about(split.others)}` : "");
      say(parts.sentence, view.addsSentence);
    },
  };
}

function addsNodes(life) {
  const target = node("span", { class: "kd-parted-hard" });
  const others = node("span", { class: "kd-parted-soft" });
  const bar = node("div", { class: "kd-parted", "aria-hidden": "true" }, target, others);
  const targetData = node("data", { "data-number": "targetPart" });
  const nonTargetData = node("data", { "data-number": "nonTargetPart" });
  const product = node("small", {});
  const sentence = node("p", { class: "kd-sentence" });
  const key = (kind, term, ...value) => node("div", { class: "kd-adds-part" },
    node("i", { class: `kd-swatch kd-parted-${kind}`, "aria-hidden": "true" }), term, node("span", { class: "kd-value" }, ...value));
  const sure = definition(life, t("How sure of the true class"), ADDS.target);
  const nats = () => node("small", {}, ` ${t("nats")} `);
  const keys = node("div", { class: "kd-adds-keys" },
    key("hard", sure, targetData, nats()),
    key("soft", definition(life, t("Which wrong classes"), ADDS.others), nonTargetData, nats(), product));
  const sum = node("p", { class: "kd-note" });
  const title = node("p", { class: "kd-adds-title", role: "heading", "aria-level": 3 }, t("What the teacher adds to the label"));
  const nodes = [node("div", { class: "kd-adds-head" }, title, sum), bar, keys, sentence];
  return { nodes, sure, target, others, bar, targetData, nonTargetData, product, sum, sentence };
}

/** A text that opens a sentence. */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Which part is larger, and what that means. */
export function addsSentence(view, state) {
  const { parts, logT, logS } = view.numbers;
  if (!logT || !logS) return t("These outputs are not finite numbers, so their divergence has no value.");
  if (!parts) return view.inScene ? t("This example has no label that the teacher could add to.") : t("This probe has no label that the teacher could add to.");
  const whole = parts.target + parts.nonTarget;
  if (!(whole > 0)) return t("The {who}’s soft targets equal the teacher’s: the divergence and both its parts are 0.", { who: view.who });
  const share = parts.nonTarget / whole;
  const name = state.classes[view.label];
  const values = { T: short(view.temperature), name, share: capital(wholePercent(share)), rest: capital(wholePercent(1 - share)) };
  if (state.classes.length < 3) return t("With two classes there is only one wrong class: all of the disagreement is about how sure to be of {name}.", values);
  if (share > 0.5) return t("{share} of the remaining disagreement (KL at T = {T}) is about the wrong classes, which a label cannot teach.", values);
  return t("{rest} of the remaining disagreement (KL at T = {T}) is about how sure to be of {name}.", values);
}
