// Hero: a large network, a small one, one example, and what each says of it at the temperature under the thumb.

import { barRows } from "../shared/bars.js";
import { mostDoubtful } from "../shared/doubt.js";
import { announcer, card, changing, commit, drawing, lifetime, node, put, say } from "../shared/elements.js";
import { grouped, sizeRatio } from "../shared/format.js";
import { isHidden, joined } from "../shared/scene.js";
import { firstChoices, floats, octets, probeNumbers } from "../shared/softmax.js";
import { picture, shownStudent, stepsAreTold } from "../shared/strip.js";
import { network } from "./networks.js";
import { studentSentence, teacherSentence } from "./sentence.js";
import { t } from "../shared/words.js";
import "./style.css";

const TURNED = 12; // examples that previous and next lead through
const GROWS_MS = 800;
const FIXED = ["teacher_logits", "classes", "labels", "captions", "images", "image_shape"];

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "hero", t("Teacher and student"));
  const live = announcer(life, { apart: 20000 });
  const sentence = sentencePart();
  const example = examplePart(life, (index) => {
    commit(model, { selected: index });
    painter.now();
  });
  const [teacher, student] = [network("teacher"), network("student")];
  const bars = barsBlock(life);
  body.append(sentence.root, node("div", { class: "kd-hero-body" }, example.root, teacher.root, bars.root, student.root));
  root.append(live.region);

  let state = readFixed(model);
  let fixedIsOld = false;
  const stepped = changing();
  const painter = drawing(life, () => {
    el.hidden = isHidden(model, "hero");
    if (el.hidden) return;
    if (fixedIsOld) state = readFixed(model);
    fixedIsOld = false;
    const view = currentView(model, state);
    body.classList.toggle("kd-is-empty", state.count === 0);
    for (const role of ["twin", "smoothed"]) body.classList.toggle(`kd-of-${role}`, view.role === role);
    drawNetworks(view, teacher, student);
    sentence.draw(view);
    example.draw(view, state);
    bars.draw(view, state);
    if (stepped(view.step, view.role) && view.running) student.pulse();
    live.announce(view.sentences.join(" "), `${view.temperature} ${view.selected}`);
  });
  life.watch(FIXED, () => {
    fixedIsOld = true;
    painter.soon();
  });
  life.watch(["student_logits", "student_step", "teacher_name", "student_name", "teacher_layers", "student_layers", "temperature", "selected",
    "hidden", "runs", "shown_run", "total_steps", "state", "bias", "bias_class"], painter.soon);
  painter.now();
  return () => life.end();
}

/** What changes only when Python sends other examples. */
function readFixed(model) {
  const classes = model.get("classes");
  const width = classes.length;
  const teacher = floats(model.get("teacher_logits"));
  const says = firstChoices(teacher, width);
  return {
    classes, width,
    count: says.length,
    teacherRow: rowsOf(teacher, width),
    labels: model.get("labels"),
    captions: model.get("captions"),
    images: octets(model.get("images")),
    shape: model.get("image_shape"),
    turned: mostDoubtful(teacher, says, width, TURNED),
  };
}

function rowsOf(all, width) {
  return (i) => (width && all.length >= (i + 1) * width ? all.subarray(i * width, (i + 1) * width) : all.subarray(0, 0));
}

function currentView(model, state) {
  const given = model.get("student_logits");
  state.studentRow = rowsOf(given instanceof Float32Array ? given : floats(given), state.width);
  const selected = Math.min(Math.max(0, model.get("selected")), Math.max(0, state.count - 1));
  const label = state.labels[selected] ?? -1;
  const temperature = model.get("temperature");
  const logits = state.studentRow(selected);
  const told = shownStudent(model);
  const sizes = ["teacher_layers", "student_layers"].map((name) => model.get(name));
  const view = {
    selected, label, temperature, sizes, scale: "linear",
    totals: sizes.map((layers) => layers.reduce((sum, n) => sum + n, 0)),
    numbers: probeNumbers(state.teacherRow(selected), logits, label, temperature, 1),
    hasStudent: logits.length > 0,
    role: told.role, who: told.who, studentTitle: told.title, studentName: told.name, teacherName: model.get("teacher_name"),
    step: model.get("student_step"), total: model.get("total_steps"), trains: stepsAreTold(model), running: model.get("state") === "running",
  };
  view.sentences = state.count ? [teacherSentence(view, state.classes), studentSentence(view, state.classes)] : ["", ""];
  return view;
}

function drawNetworks(view, teacher, student) {
  const [larger, smaller] = view.totals;
  const whole = Math.max(larger, smaller, 1);
  teacher.draw({ who: t("Teacher"), about: view.teacherName, layers: view.sizes[0], share: larger / whole, beside: larger && smaller ? t("areas to scale") : "" });
  student.draw({ who: view.studentTitle, about: view.studentName, layers: view.sizes[1], share: smaller / whole, beside: larger ? sizeRatio(larger, smaller) : "" });
}

function sentencePart() {
  const teacher = node("span", {});
  const student = node("span", { class: "kd-hero-reply" });
  return {
    root: node("p", { class: "kd-hero-sentence" }, teacher, student),
    draw(view) {
      const [first, second] = view.sentences;
      say(teacher, first);
      say(student, second);
      for (const one of [teacher, student]) put(one, "title", one.textContent);
    },
  };
}

/** The example, large, with its label; the buttons and the arrow keys lead through those the teacher is in doubt about. */
function examplePart(life, choose) {
  const large = node("div", { class: "kd-hero-picture" });
  const words = node("p", { class: "kd-hero-words" });
  const label = node("b", {});
  const told = node("p", { class: "kd-hero-label" });
  const turn = (text, name) => node("button", { type: "button", class: "kd-button kd-turn", "aria-label": name, title: name }, text);
  const [back, on] = [turn("‹", t("Previous example")), turn("›", t("Next example"))];
  const place = node("span", { class: "kd-hero-place" });
  const root = node("div", { class: "kd-hero-example", role: "group", "aria-label": t("Example") }, large, words, told,
    node("div", { class: "kd-hero-turn" }, back, place, on));
  let pictured = {};
  let [state, selected] = [null, 0];
  const by = (step) => {
    const { turned } = state;
    const at = turned.indexOf(selected);
    if (turned.length) choose(turned[at < 0 ? 0 : (at + step + turned.length) % turned.length]);
  };
  life.listen(back, "click", () => by(-1));
  life.listen(on, "click", () => by(1));
  life.listen(root, "keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    by(step);
  });
  return {
    root,
    draw(view, now) {
      [state, selected] = [now, view.selected];
      root.classList.toggle("kd-blank", state.count === 0);
      if (pictured.index !== selected || pictured.images !== state.images) {
        large.replaceChildren(...[picture(state, selected)].filter(Boolean));
        pictured = { index: selected, images: state.images };
      }
      large.hidden = state.count > 0 && !large.firstChild;
      say(words, large.hidden ? (state.captions[selected] ?? "") : "");
      words.hidden = !large.hidden;
      const name = state.classes[view.label];
      say(label, name ?? "");
      told.replaceChildren(...(name === undefined ? [t("no label")] : [`${t("Label")} `, label]));
      const at = state.turned.indexOf(selected);
      say(place, at < 0 ? t("Example {n}", { n: grouped(selected + 1) }) : t("{n} of {total}", { n: at + 1, total: state.turned.length }));
      put(place, "title", at < 0 ? null : t("Examples on which the teacher is most in doubt"));
    },
  };
}

/** The bars; when the page opens they grow from the label, and while the student learns its bars glide. */
function barsBlock(life) {
  const rows = barRows();
  const root = node("div", { class: "kd-bars kd-hero-bars" }, node("div", { class: "kd-bar-grid" }, rows.root), rows.others);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const stepped = changing();
  let grown = still.matches;
  let timer = 0;
  life.onEnd(() => clearTimeout(timer));
  const grow = (view, state) => {
    grown = true;
    const onlyLabel = Float64Array.from(state.classes, (_, c) => (c === view.label ? 0 : -Infinity));
    rows.draw({ ...view, numbers: { ...view.numbers, logT: onlyLabel } }, state);
    root.getBoundingClientRect(); // they stand at the label before they set out
    root.classList.add("kd-grows");
    timer = setTimeout(() => root.classList.remove("kd-grows"), GROWS_MS + 50);
  };
  return {
    root,
    draw(view, state) {
      rows.root.hidden = state.count === 0;
      if (rows.root.hidden) return;
      root.classList.toggle("kd-one-sided", !view.hasStudent);
      root.classList.toggle("kd-glides", stepped(view.step, view.role) && view.running);
      if (!grown && view.label >= 0 && view.numbers.logT) grow(view, state);
      rows.draw(view, state);
    },
  };
}

export default { render };
