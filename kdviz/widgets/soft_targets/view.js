// SoftTargets: what teacher and student say about one example, at the temperature under the thumb.

import { barsPart } from "../shared/bars.js";
import { courseAt, courseOf } from "../shared/course.js";
import { definition } from "../shared/definition.js";
import { announcer, card, drawing, lifetime, nameCard, node, say } from "../shared/elements.js";
import { grouped, short, signed } from "../shared/format.js";
import { isHidden, joined, liveTraits } from "../shared/scene.js";
import { floats, octets, probeNumbers } from "../shared/softmax.js";
import { shownStudent, stepsAreTold } from "../shared/strip.js";
import { addsPart, addsSentence } from "./adds.js";
import { formulaPart } from "./formula.js";
import { numbersPart, probeSentence, sentencePart } from "./numbers.js";
import { probesPart } from "./probes.js";
import { slidersPart } from "./sliders.js";
import { temperaturesPart } from "./temperatures.js";
import { t } from "../shared/words.js";
import "./style.css";

// What a lecturer's link calls the parts here; all others are its "sliders".
const PART_OF = { probes: "examples", bars: "one", numbers: "one", sentence: "one", adds: "one" };
const FIXED = ["teacher_logits", "classes", "labels", "captions", "images", "image_shape", "sample"];
const RECORDED = t("Recorded steps keep each output as a 16-bit number: it is off by at most one part in 65,534 of the largest output of that step. "
  + "The exact outputs follow when the scrubber is released.");

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "soft-targets", t("Soft targets"));
  const live = announcer(life, { apart: 20000 });
  const state = { ...readFixed(model), ...readStudent(model) };
  const empty = node("p", { class: "kd-empty" }, model.scene
    ? t("No examples yet. Their soft targets appear here once a teacher is chosen.") : t("No probes yet. Their soft targets appear here once a teacher is chosen."));
  const parts = partsOf(body, {
    heading: () => headingPart(body, life),
    empty: () => ({ root: empty, draw: (view) => { empty.hidden = state.count > 0 || !view.blank; } }),
    probes: () => probesPart(model, life),
    sliders: () => slidersPart(model, life, () => painter.now()),
    ...(model.scene ? { formula: () => formulaPart() } : {}),
    bars: () => barsPart(model, life),
    sentence: () => sentencePart(),
    ...(model.scene ? {} : { formula: () => formulaPart() }),
    adds: () => addsPart(life),
    numbers: () => (model.scene ? folded(numbersPart(life)) : numbersPart(life)),
    temperatures: () => temperaturesPart(),
  });
  root.append(live.region);

  let [fixedIsOld, studentIsOld] = [false, false];
  const painter = drawing(life, () => {
    const shown = shownParts(model);
    const elsewhere = (model.get("views") ?? []).length > 0 && model.scene && !model.get("views").includes(model.get("view"));
    el.hidden = Boolean(elsewhere || (model.scene && shown.size === 0));
    if (el.hidden) return;
    if (fixedIsOld) Object.assign(state, readFixed(model));
    if (fixedIsOld || studentIsOld) Object.assign(state, readStudent(model));
    fixedIsOld = studentIsOld = false;
    const view = currentView(model, state, shown);
    parts.draw(view, state);
    body.classList.toggle("kd-is-empty", view.blank);
    for (const role of ["twin", "smoothed"]) body.classList.toggle(`kd-of-${role}`, view.role === role);
    live.announce(view.spoken, `${view.temperature} ${view.alpha} ${view.selected}`);
  });
  const reread = () => {
    fixedIsOld = true;
    painter.soon();
  };
  const rereadStudent = () => {
    studentIsOld = true;
    painter.soon();
  };
  life.watch(FIXED, reread);
  life.watch(["student_logits"], rereadStudent);
  life.watch(
    [...liveTraits(model), "shown", "locked", "hidden", "in_force", "selected", "scale", "loss", "two_heads", "courses",
      "student_step", "teacher_name", "student_name", "bias", "bias_class", "views", "view", "runs", "shown_run", "total_steps"],
    painter.soon,
  );
  painter.now();
  return () => life.end();
}

/** A part behind a line that opens it. */
function folded(part) {
  const root = node("details", { class: "kd-more" }, node("summary", {}, t("More numbers")), part.root);
  return {
    root,
    draw(view, state) {
      part.draw(view, state);
      root.hidden = part.root.hidden;
    },
  };
}

/** Parts in their order, each made when it is first shown: a card of sliders holds no bars. */
function partsOf(body, makers) {
  const made = {};
  const names = Object.keys(makers);
  const wanted = (name, view) => name === "heading" || name === "empty" || (name === "sliders" ? view.hasSliders : view.shown.has(name));
  return {
    draw(view, state) {
      for (const name of names) {
        if (made[name] || !wanted(name, view)) continue;
        made[name] = makers[name]();
        const next = names.slice(names.indexOf(name) + 1).find((later) => made[later]);
        body.insertBefore(made[name].root, next ? made[next].root : null);
      }
      for (const part of Object.values(made)) part.draw(view, state);
    },
  };
}

/** The parts asked for, without those that a lecturer's link hides. */
function shownParts(model) {
  const hidden = (part) => model.scene && (isHidden(model, PART_OF[part] ?? "sliders") || part === "probes");
  return new Set(model.get("shown").filter((part) => !hidden(part)));
}

/** What changes only when Python sends other examples. */
function readFixed(model) {
  const classes = model.get("classes");
  const teacher = floats(model.get("teacher_logits"));
  return {
    classes,
    count: classes.length ? Math.floor(teacher.length / classes.length) : 0,
    teacherRow: rowsOf(teacher, classes.length),
    labels: model.get("labels"),
    captions: model.get("captions"),
    images: octets(model.get("images")),
    shape: model.get("image_shape"),
    sample: model.get("sample") ?? 0,
  };
}

/** The student's answers: sent by Python, or those of the scene's film at its cursor. */
function readStudent(model) {
  const given = model.get("student_logits");
  const student = given instanceof Float32Array ? given : floats(given);
  const row = rowsOf(student, model.get("classes").length);
  return { student, studentRow: row, hasStudent: student.length > 0, stamp: Symbol("probes") };
}

function rowsOf(all, width) {
  return (i) => (width && all.length >= (i + 1) * width ? all.subarray(i * width, (i + 1) * width) : all.subarray(0, 0));
}

/** Everything one drawing needs, computed once. */
function currentView(model, state, shown) {
  const temperature = model.get("temperature");
  const alpha = model.get("alpha");
  const selected = Math.min(Math.max(0, model.get("selected")), Math.max(0, state.count - 1));
  const label = state.labels[selected] ?? -1;
  const loss = model.get("loss");
  const student = shownStudent(model);
  const has = (...names) => names.some((name) => shown.has(name));
  const numbers = model.get("live").filter((row) => row.slider && (!row.needs || model.get(row.needs)))
    .map((row) => ({ ...row, value: (model.chosen ?? model.get).call(model, row.name), course: courseOf(model, row.name), range: model.get(`${row.name}_range`), shown: shown.has(row.name) }));
  const view = {
    temperature, alpha, selected, label, loss, shown,
    numbers: probeNumbers(state.teacherRow(selected), state.studentRow(selected), label, temperature, alpha, loss),
    inForce: model.get("in_force"),
    locked: model.get("locked"),
    live: numbers,
    scale: model.get("scale"),
    courses: coursesInWords(model),
    twoHeads: model.get("two_heads"),
    teacherName: model.get("teacher_name"),
    studentName: student.name,
    studentTitle: student.title,
    who: student.who,
    role: student.role,
    step: model.get("student_step"),
    trains: stepsAreTold(model),
    hasStudent: state.studentRow(selected).length > 0, // a film holds the tracked examples only
    hasSliders: numbers.some((row) => row.shown) || has("bias"),
    hasExample: has("bars", "numbers", "sentence", "adds", "probes"),
    inScene: Boolean(model.scene),
    which: model.scene ? t("example {n}", { n: selected + 1 }) : t("this probe"),
    biasClass: model.get("bias_class") ?? -1,
    bias: model.get("bias") ?? 0,
    frame: model.scene?.frame() ?? null,
    cursor: model.scene ? model.get("step") : null,
  };
  // A card of sliders alone is of use before there are examples; one that shows an example is not.
  view.blank = state.count === 0 && (!model.scene || view.hasExample);
  view.sentence = state.count ? probeSentence(view, state) : "";
  view.addsSentence = state.count && view.hasStudent && has("adds") ? addsSentence(view, state) : "";
  view.spoken = [has("sentence") ? view.sentence : "", view.addsSentence].filter(Boolean).join(" ");
  return view;
}

/** What each course is, and where it stands at the step in view, by the name of the number. */
function coursesInWords(model) {
  const step = model.get("student_step") ?? 0;
  return Object.fromEntries((model.get("courses") ?? []).map((course) => {
    const [low, high] = [Math.min, Math.max].map((end) => short(end(...course.values)));
    const told = { name: model.get("live").find((row) => row.name === course.name)?.label ?? course.name, course: course.text, low, high };
    return [course.name, t("{name} follows a course ({course}), between {low} and {high}; at step {step} it is {now}.", { ...told, step: grouped(step), now: short(courseAt(course, step)) })];
  }));
}

function headingPart(body, life) {
  const title = node("h2", {}, t("Soft targets"));
  const force = node("p", { class: "kd-force kd-note" });
  const courses = node("p", { class: "kd-note kd-courses" });
  const when = whenPart(life);
  return {
    root: node("div", { class: "kd-head" }, title, force, courses, when.root),
    draw(view, state) {
      const text = titleOf(view);
      say(title, text);
      nameCard(body, text);
      say(courses, view.hasSliders ? Object.values(view.courses).join(" ") : "");
      courses.hidden = !courses.textContent;
      const used = view.live.filter((row) => !row.course && view.inForce[row.name] !== undefined && (row.shown || !row.needs));
      const { step } = view.inForce;
      const known = used.length > 0;
      const settings = view.hasSliders || !view.inScene;
      force.hidden = !settings || (!known && !view.hasStudent);
      const differs = used.some((row) => view.inForce[row.name] !== row.value);
      force.classList.toggle("kd-preview", differs);
      const values = used.map((row) => `${row.symbol} = ${short(view.inForce[row.name])}`).join(", ");
      say(force, known ? forceInWords(differs, values, step) : "");
      when.draw(view, state);
    },
  };
}

/** What training uses, and whether the sliders stand elsewhere. */
function forceInWords(differs, values, step) {
  if (!step) return differs ? t("Preview only: the run uses {values}.", { values }) : t("Training with {values}.", { values });
  const told = { values, step: grouped(step) };
  return differs ? t("Preview only: the run uses {values} since step {step}.", told) : t("Training with {values} since step {step}.", told);
}

function titleOf(view) {
  if (view.hasExample || !view.hasSliders) return t("Soft targets");
  const shown = view.live.filter((row) => row.shown);
  return shown.length > 1 ? t("Temperature and mix") : shown[0]?.title ?? t("Bias");
}

/** Of which example and step the card speaks, and whether from the film or exactly. */
function whenPart(life) {
  const text = node("span", {});
  const recorded = definition(life, t("recorded in 16 bits"), RECORDED);
  const bias = node("span", {});
  return {
    root: node("p", { class: "kd-note kd-when" }, text, recorded, bias),
    draw(view, state) {
      const { frame } = view;
      this.root.hidden = !frame || !view.hasExample || state.count === 0;
      if (this.root.hidden) return;
      const late = view.cursor !== null && frame.step !== view.cursor ? t("the last recorded before {step}", { step: grouped(view.cursor) }) : "";
      const when = view.trains ? ` · ${[t("step {step}", { step: grouped(frame.step) }), late].filter(Boolean).join(", ")}${frame.exact ? "" : ", "}` : "";
      say(text, t("Example {n} of {total}", { n: view.selected + 1, total: grouped(state.count) }) + when);
      recorded.hidden = frame.exact;
      const raised = view.biasClass >= 0 && view.bias !== 0;
      say(bias, raised ? ` · ${t("bias of {name} {value}", { name: state.classes[view.biasClass] ?? view.biasClass, value: signed(view.bias) })}` : "");
    },
  };
}

export default { render };
