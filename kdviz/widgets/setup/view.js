// Setup: which data, which teacher, how large a student, how long.

import { choiceField, selectField } from "./fields.js";
import { chosenStudent, chosenTeacher, studentInShort, studentPart, studentSentence } from "./student.js";
import { epochsInWords, trainingPart } from "./training.js";
import { announcer, card, commit, drawing, lifetime, node, say } from "../shared/elements.js";
import { grouped, percent } from "../shared/format.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t, tn } from "../shared/words.js";
import { changesInShort, transferPart } from "./transfer.js";
import "./style.css";

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "setup", t("Setup"));
  const live = announcer(life);
  const lock = node("p", { class: "kd-note kd-lock" });
  const parts = [dataPart(model, life), transferPart(model, life), teacherPart(model, life), studentPart(model, life, () => painter.now()), trainingPart(model, life), lossPart(model, life), penaltyPart(model, life)];
  const fields = node("fieldset", { class: "kd-setup-fields" }, node("legend", { class: "kd-unseen" }, t("Setup")), ...parts.map((p) => p.root));
  const chosen = node("span", { class: "kd-note kd-setup-chosen" });
  const fold = node("details", { class: "kd-more kd-setup-fold" }, node("summary", {}, node("h2", {}, t("Setup")), chosen), lock, fields);
  body.append(fold);
  root.append(live.region);

  const painter = drawing(life, () => {
    const locked = model.get("locked") || limits.locked("setup");
    fields.classList.toggle("kd-locked", locked);
    say(lock, !locked ? "" : limits.locked("setup") ? t("These choices are fixed on this page.") : model.get("locked_reason"));
    lock.hidden = !locked;
    say(chosen, choicesInShort(model));
    const open = model.get("unlocked");
    const mayLearn = !limits.locked("learning_rate");
    for (const part of parts) part.draw((name) => (locked && !open.includes(name)) || (name === "learning_rate" && !mayLearn));
    live.announce(studentSentence(model));
  });
  life.watch(
    ["datasets", "dataset", "label_choices", "labels", "keep_unlabelled", "train_size", "teachers", "teacher", "students",
      "units", "epochs", "epochs_range", "learning_rate", "learning_rate_range", "batch_size", "batch_size_choices",
      "locked", "locked_reason", "unlocked", "layers", "loss", "omit", "classes", "smoothing", "penalty", "groups", "group", "kinds", "kind",
      "depths", "losses", "optimizer", "weight_decay", "weight_decays", "temperature_course", "rate_course", "courses",
      "extra", "extras", "fault", "faults", "samples", "sample_images", "sample_seen"],
    painter.soon,
  );
  const limits = underScene(life, scene, el, "setup", painter.soon);
  const unfold = () => (fold.open = !model.get("folded"));
  life.watch(["folded"], unfold);
  unfold();
  painter.now();
  return () => life.end();
}

/** What is chosen, in one line, for the folded card. */
function choicesInShort(model) {
  const dataset = model.get("datasets").find((d) => d.name === model.get("dataset"));
  const [teacher, student] = [chosenTeacher(model), chosenStudent(model)];
  return [
    dataset?.title,
    model.get("label_choices").length ? labelsInShort(model) : null,
    student ? studentInShort(model, teacher, student) : null,
    epochsInWords(model.get("epochs")),
    ...changesInShort(model),
  ].filter(Boolean).join(" · ");
}

function labelsInShort(model) {
  const name = model.get("classes")[model.get("omit")];
  const labels = model.get("labels") === 0 ? t("no labels") : tn("{n} label", "{n} labels", model.get("labels"), { n: grouped(model.get("labels")) });
  return name === undefined ? labels : t("{labels}, none of class {name}", { labels, name });
}

function dataPart(model, life) {
  const dataset = selectField(life, t("Data set"), (value) => commit(model, { dataset: value }));
  const labels = choiceField(life, t("Labelled examples"), (value) => commit(model, { labels: value }));
  return {
    root: node("div", { class: "kd-setup-group" }, dataset.root, labels.root),
    draw(disabled) {
      const [count, size] = [model.get("labels"), model.get("train_size")];
      dataset.draw(model.get("datasets").map((d) => ({
        value: d.name, text: d.available ? d.title : t("{name} (not downloaded yet)", { name: d.title }), disabled: !d.available,
      })), model.get("dataset"), disabled("dataset"));
      labels.draw(model.get("label_choices").map((n) => ({ value: n, text: n === 0 ? t("none") : n === size ? t("all {n}", { n: grouped(n) }) : grouped(n) })), count, disabled("labels"));
    },
  };
}

function teacherPart(model, life) {
  const field = selectField(life, t("Teacher"), (value) => commit(model, { teacher: value }));
  const facts = node("p", { class: "kd-note" });
  return {
    root: node("div", { class: "kd-setup-group" }, field.root, facts),
    draw(disabled) {
      field.draw(model.get("teachers").map((one) => ({ value: one.name, text: one.title })), model.get("teacher"), disabled("teacher"));
      const { errors, examples } = chosenTeacher(model) ?? {};
      say(facts, !(Number.isFinite(errors) && examples > 0) ? "" : tn("{n} error on {examples} test examples ({share})", "{n} errors on {examples} test examples ({share})", errors,
        { n: grouped(errors), examples: grouped(examples), share: percent((100 * errors) / examples) }));
    },
  };
}

/** What the fairness slider weighs, where the data name groups. */
function penaltyPart(model, life) {
  const penalty = selectField(life, t("Fairness penalty"), (value) => commit(model, { penalty: value }));
  const group = selectField(life, t("Groups compared"), (value) => commit(model, { group: value }));
  return {
    root: node("div", { class: "kd-setup-group" }, penalty.root, group.root),
    draw(disabled) {
      const groups = model.get("groups");
      this.root.hidden = groups.length === 0;
      const unlabelled = model.get("labels") === 0;
      penalty.draw(model.get("penalties").map((p) => ({ ...p, disabled: unlabelled && p.needs_labels })), model.get("penalty"), disabled("penalty"));
      group.draw(groups.map((name) => ({ value: name, text: name })), model.get("group"), disabled("group"));
    },
  };
}

/** What a reader changes seldom: the soft term, a second twin. */
function lossPart(model, life) {
  const loss = selectField(life, t("Soft term"), (value) => commit(model, { loss: value }));
  const box = node("input", { type: "checkbox" });
  const check = node("label", { class: "kd-check" }, box, node("span", {}, t("Add a twin trained with label smoothing")));
  life.listen(box, "change", () => commit(model, { smoothing: box.checked }));
  return {
    root: node("div", { class: "kd-setup-group" }, loss.root, check),
    draw(disabled) {
      const classes = model.get("classes");
      this.root.hidden = classes.length === 0;
      loss.draw(model.get("losses"), model.get("loss"), disabled("loss"));
      box.checked = model.get("smoothing");
      box.disabled = disabled("smoothing");
    },
  };
}

export default { render };
