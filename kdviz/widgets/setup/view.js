// Setup: which data, which teacher, how large a student, how long.

import { announcer, card, commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { compact, grouped, percent, short, sizeRatio, timesOf } from "../shared/format.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t, tn } from "../shared/words.js";
import { changesInShort, transferPart } from "./transfer.js";
import "./style.css";

const MANY_CHOICES = 5;
const RATE_TICKS = [0.0001, 0.001, 0.01, 0.1];

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "setup", t("Setup"));
  const live = announcer(life);
  const lock = node("p", { class: "kd-note kd-lock" });
  const parts = [dataPart(model, life), transferPart(model, life), teacherPart(model, life), studentPart(model, life, () => painter.now()), epochsPart(model, life), lossPart(model, life), penaltyPart(model, life)];
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
      "locked", "locked_reason", "unlocked", "layers", "loss", "omit", "classes", "smoothing", "penalty", "groups", "group",
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
    student ? studentInShort(teacher, student, model.get("layers")) : null,
    epochsInWords(model.get("epochs")),
    ...changesInShort(model),
  ].filter(Boolean).join(" · ");
}

function studentInShort(teacher, student, layers) {
  const units = `${layers > 1 ? `${layers} × ` : ""}${grouped(student.units)}`;
  const size = teacher ? sizeRatio(teacher.parameters, student.parameters) : "";
  return size ? t("student of {units} hidden units ({size})", { units, size }) : t("student of {units} hidden units", { units });
}

function epochsInWords(n) {
  return tn("{n} epoch", "{n} epochs", n, { n: grouped(n) });
}

function labelsInShort(model) {
  const name = model.get("classes")[model.get("omit")];
  const labels = model.get("labels") === 0 ? t("no labels") : tn("{n} label", "{n} labels", model.get("labels"), { n: grouped(model.get("labels")) });
  return name === undefined ? labels : t("{labels}, none of class {name}", { labels, name });
}

/** A labelled native select whose options follow a list. */
function selectField(life, name, onChoose) {
  const id = uniqueId("select");
  const select = node("select", { id, class: "kd-select" });
  let stamp = "";
  life.listen(select, "change", () => onChoose(select.value));
  return {
    root: node("div", { class: "kd-field" }, node("label", { for: id }, name), select),
    draw(options, chosen, disabled) {
      select.disabled = disabled;
      const next = JSON.stringify(options);
      if (next !== stamp) {
        select.replaceChildren(...options.map((o) => node("option", { value: o.value, disabled: o.disabled ? "" : null }, o.text)));
        stamp = next;
      }
      select.value = String(chosen);
    },
  };
}

/** Up to five choices as segments, more as a select. */
function choiceField(life, name, onChoose) {
  const group = uniqueId("choice");
  const legend = node("legend", { class: "kd-unseen" }, name);
  const segments = node("fieldset", { class: "kd-segments" }, legend);
  const label = node("p", { class: "kd-label", "aria-hidden": "true" }, name);
  const list = selectField(life, name, (value) => onChoose(Number(value)));
  const root = node("div", { class: "kd-field" }, label, segments, list.root);
  let stamp = "";
  life.listen(segments, "change", (event) => onChoose(Number(event.target.value)));
  const segment = (o) => node("label", {}, node("input", { type: "radio", name: group, value: o.value }), node("span", {}, o.text));
  return {
    root,
    draw(options, chosen, disabled) {
      segments.disabled = disabled;
      const few = options.length <= MANY_CHOICES;
      root.hidden = options.length === 0;
      label.hidden = segments.hidden = !few;
      list.root.hidden = few;
      if (!few) {
        list.draw(options, chosen, disabled);
        return;
      }
      const next = JSON.stringify(options);
      if (next !== stamp) segments.replaceChildren(legend, ...options.map(segment));
      stamp = next;
      for (const input of segments.querySelectorAll("input")) input.checked = Number(input.value) === chosen;
    },
  };
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

function chosenTeacher(model) {
  return model.get("teachers").find((one) => one.name === model.get("teacher")) ?? null;
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

function chosenStudent(model) {
  const students = model.get("students");
  return students.find((s) => s.units === model.get("units")) ?? students[0] ?? null;
}

function studentSentence(model) {
  const [teacher, student] = [chosenTeacher(model), chosenStudent(model)];
  if (!teacher || !student) return "";
  const ratio = teacher.parameters / student.parameters;
  const n = grouped(student.parameters);
  if (timesOf(ratio) === timesOf(1)) return t("The student has {n} parameters, as many as the teacher.", { n });
  return ratio > 1 ? t("The student has {n} parameters, {times} times fewer than the teacher.", { n, times: timesOf(ratio) })
    : t("The student has {n} parameters, {times} times as many as the teacher.", { n, times: timesOf(1 / ratio) });
}

function studentPart(model, life, drawNow) {
  const units = slider(life, {
    name: t("Student, hidden units"),
    text: (v) => grouped(v),
    spoken: (v) => t("{n} hidden units", { n: grouped(v) }),
    onInput: (v) => { model.set("units", v); drawNow(); },
    onRelease: (v) => commit(model, { units: v }),
  });
  const layers = choiceField(life, t("Hidden layers"), (value) => commit(model, { layers: value }));
  const parameters = sizeRow(t("Parameters"));
  const macs = sizeRow(t("Multiply-adds"));
  return {
    root: node("div", { class: "kd-setup-group kd-setup-student" }, units.root, layers.root, node("div", { class: "kd-sizes" }, parameters.root, macs.root)),
    draw(disabled) {
      units.setDisabled(disabled("units"));
      units.setStops(model.get("students").map((s) => s.units));
      units.set(model.get("units"));
      layers.draw([1, 2].map((n) => ({ value: n, text: String(n) })), model.get("layers"), disabled("layers"));
      const [teacher, student] = [chosenTeacher(model), chosenStudent(model)];
      parameters.draw(teacher?.parameters, student?.parameters);
      macs.draw(teacher?.macs, student?.macs);
    },
  };
}

/** Two bars to one scale: the teacher's dashed and blue, the student's solid and orange. */
function sizeRow(name) {
  const ratio = node("b", {});
  const bar = (role) => {
    const fillBar = node("span", { class: `kd-size kd-size-${role}` });
    const text = node("span", { class: `kd-size-text kd-size-text-${role}` });
    return { fillBar, text, root: node("div", { class: "kd-size-line" }, node("span", { class: "kd-size-track" }, fillBar), text) };
  };
  const [teacher, student] = [bar("teacher"), bar("student")];
  const root = node("div", { class: "kd-size-row" },
    node("p", { class: "kd-size-head" }, node("span", {}, name), ratio), teacher.root, student.root);
  return {
    root,
    draw(own, other) {
      root.hidden = !own || !other;
      if (root.hidden) return;
      const most = Math.max(own, other);
      teacher.fillBar.style.width = `${(100 * own) / most}%`;
      student.fillBar.style.width = `${(100 * other) / most}%`;
      say(teacher.text, t("teacher {n}", { n: compact(own) }));
      say(student.text, t("student {n}", { n: compact(other) }));
      say(ratio, sizeRatio(own, other));
    },
  };
}

function epochsPart(model, life) {
  const epochs = slider(life, {
    name: t("Epochs"), text: (v) => grouped(v), spoken: epochsInWords,
    onInput: (v) => model.set("epochs", v),
    onRelease: (v) => commit(model, { epochs: v }),
  });
  const rate = slider(life, {
    name: t("Learning rate"), text: short, ticks: RATE_TICKS,
    onInput: (v) => model.set("learning_rate", v),
    onRelease: (v) => commit(model, { learning_rate: v }),
  });
  const batch = choiceField(life, t("Batch size"), (value) => commit(model, { batch_size: value }));
  const more = node("details", { class: "kd-more" }, node("summary", {}, t("More")), node("div", { class: "kd-setup-group" }, rate.root, batch.root));
  return {
    root: node("div", { class: "kd-setup-group" }, epochs.root, more),
    draw(disabled) {
      epochs.setDisabled(disabled("epochs"));
      rate.setDisabled(disabled("learning_rate"));
      const [low, high] = model.get("epochs_range");
      epochs.setStops(Array.from({ length: high - low + 1 }, (_, i) => low + i));
      epochs.set(model.get("epochs"));
      rate.setStops(ratioStops(...model.get("learning_rate_range")));
      rate.set(model.get("learning_rate"));
      batch.draw(model.get("batch_size_choices").map((n) => ({ value: n, text: grouped(n) })), model.get("batch_size"), disabled("batch_size"));
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
