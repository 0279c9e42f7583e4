// Privacy: can one tell what a model was trained on? Python attacks all models at once; the curves are drawn here.

import { privacyPlot } from "./plot.js";
import { definition } from "../shared/definition.js";
import { card, commit, drawing, lifetime, liveSentence, node, onOtherWidth, put, say, uniqueId } from "../shared/elements.js";
import { fixed, grouped } from "../shared/format.js";
import { acrossButton, isOfNow, staleness } from "../shared/maps.js";
import { roleName, runKey, runLook } from "../shared/run_key.js";
import { isInView, joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const PRIVACY_DEPENDS_ON = [
  "attack", "found", "across", "made_for", "note", "progress", "view", "views", "hidden", "runs", "shown_run", "student_logits", "total_steps",
];
const ATTACK_NAMES = { loss: t("By the loss"), calibrated: t("Calibrated") };
const PRIVACY_COLUMNS = {
  auc: [t("AUC"), t("The probability that a member looks more like one than another example does: 0.5 is guessing, 1 is certainty. Small: the 95\u00a0% interval.")],
  tpr: [t("Found at 1\u00a0% false ones"), t("Share of the members that the attack finds while it takes 1\u00a0% of the others for members; guessing finds 1\u00a0%. An attack that is sure of a few members is a leak, even where its AUC is near 0.5.")],
};
const PRIVACY_MEANING = t("Members are examples that the run shown was trained on, the others are test examples. By the loss: an example on which a model’s loss is low is taken for a member (Yeom et al. 2018). "
  + "Calibrated: its loss is compared with that of reference models, which learned other examples, so that easy examples are not taken for members (Watson et al. 2022).");

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "privacy", t("Privacy"));
  const count = node("p", { class: "kd-note" });
  const note = node("p", { class: "kd-note", role: "status" });
  const choice = attackChoice(model, life);
  const button = acrossButton(model, life, t("Train reference models"));
  const sentence = liveSentence(life);
  const passes = node("p", { class: "kd-sentence kd-privacy-passes" });
  const plot = privacyPlot(life);
  const table = privacyTable(life);
  const small = node("p", { class: "kd-note" });
  const all = node("div", { class: "kd-privacy-all" }, sentence.root, passes, plot.root, table.root, small);
  const meaning = definition(life, t("members and others"), PRIVACY_MEANING);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Privacy: can one tell what they were trained on?")), count),
    node("div", { class: "kd-privacy-controls" }, choice.root, button.root, meaning), note, all);
  let width = 0;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "privacy");
    if (el.hidden) return;
    const calibrated = model.get("across");
    const attack = calibrated.models ? model.get("attack") : "loss";
    const found = attack === "loss" ? model.get("found") : calibrated;
    const trouble = model.get("note");
    const there = Boolean(found.models?.length) && !trouble;
    const fresh = isOfNow(model, { follows: [] });
    root.classList.toggle("kd-stale", there && !fresh);
    say(note, trouble || (!there ? t("The models are being attacked …") : fresh ? staleness(model) : t("The models are being attacked for this run …")));
    note.hidden = !note.textContent;
    all.hidden = !there;
    choice.draw(attack, Boolean(calibrated.models));
    button.root.hidden = !there;
    button.draw();
    say(count, there ? t("{members} members, {others} others", { members: grouped(found.members), others: grouped(found.others) }) : "");
    if (!there) return;
    const shown = privacyShown(model, found);
    width ||= Math.max(240, plot.width());
    plot.draw(shown, width);
    table.draw(shown);
    sentence.say(fresh ? found.said.join(" ") : "", attack);
    const passed = model.get("found").passes ?? "";
    say(passes, passed);
    passes.hidden = !passed;
    say(small, [...found.notes, t("Intervals take these examples as the only source of chance, not another training seed. That no leak is found by these two attacks does not show that there is none.")].join(" "));
  });
  life.watch(PRIVACY_DEPENDS_ON, painter.soon);
  onOtherWidth(life, root, () => {
    width = 0;
    painter.soon();
  });
  painter.now();
  return () => life.end();
}

/** Which attack is shown; the calibrated one can be chosen once it was made. */
function attackChoice(model, life) {
  const name = uniqueId("attack");
  const options = Object.entries(ATTACK_NAMES).map(([value, text]) => {
    const input = node("input", { type: "radio", name, value });
    life.listen(input, "change", () => commit(model, { attack: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const root = node("div", { class: "kd-segments", role: "radiogroup", "aria-label": t("Attack") }, ...options.map((o) => o.root));
  return {
    root,
    draw(attack, both) {
      root.hidden = !both;
      for (const o of options) o.input.checked = o.value === attack;
    },
  };
}

/** The models that the page shows, with how each is called and drawn. */
function privacyShown(model, found) {
  const made = model.get("made_for").shown_run;
  const models = found.models.map((one) => {
    if (one.id === "teacher") return { ...one, title: t("Teacher"), short: t("Teacher"), look: { name: "teacher", branch: -1 } };
    const run = model.get("runs").find((row) => row.id === one.id);
    const shown = one.id === made || !made;
    if (!shown && (!run || run.hidden)) return null;
    const title = run ? roleName(run) : t("Student");
    return { ...one, title, short: title, look: run ? runLook(run) : { name: "student", branch: -1 } };
  });
  return { ...found, models: models.filter((one) => one !== null) };
}

/** A share in percent, as the sentences have it. */
function privacyShare(v) {
  return `${fixed(100 * v, v < 0.0995 ? 1 : 0)}\u00a0%`;
}

function privacyTable(life) {
  const heads = Object.entries(PRIVACY_COLUMNS).map(([key, [name, meaning]]) => node("span", { class: "kd-privacy-cell", role: "columnheader", "data-column": key }, definition(life, name, meaning)));
  const head = node("div", { class: "kd-privacy-line kd-privacy-head", role: "row" }, node("span", { class: "kd-privacy-model", role: "columnheader" }, node("span", { class: "kd-unseen" }, t("Model"))), ...heads);
  const root = node("div", { class: "kd-privacy-table", role: "table", "aria-label": t("How well each model’s training examples can be told") }, head);
  const cell = (key, marked, texts) => node("span", { class: `kd-privacy-cell${marked ? " kd-marked" : ""}`, role: "cell", "data-column": key },
    node("b", {}, texts[0]), node("small", {}, t("{low} to {high}", { low: texts[1], high: texts[2] })));
  return {
    root,
    draw(shown) {
      put(root, "data-rows", shown.models.length);
      root.replaceChildren(head, ...shown.models.map((one) => node("div", { class: "kd-privacy-line", role: "row" },
        node("span", { class: `kd-privacy-model kd-run-text kd-run-${one.look.name}`, role: "rowheader" }, runKey(one.look), one.short),
        cell("auc", one.auc[1] > 0.5, one.auc.map((v) => fixed(v, 3))),
        cell("tpr", one.tpr[1] > shown.at, one.tpr.map(privacyShare)))));
    },
  };
}

export default { render };
