// DigitPad: draw a digit, and both models answer while it is drawn.

import { questions } from "./asking.js";
import { greyCanvas, inkPart } from "./ink.js";
import { drawnPicture } from "./strokes.js";
import { becameUnsure, changeInWords, roughly, surePart } from "./sure.js";
import { barsPart } from "../shared/bars.js";
import { announcer, card, drawing, lifetime, node, put, say } from "../shared/elements.js";
import { short } from "../shared/format.js";
import { isHidden, joined, raiseBias } from "../shared/scene.js";
import { allFinite, argmax, logSoftmax, octets } from "../shared/softmax.js";
import { t } from "../shared/words.js";
import "../soft_targets/style.css";
import "./style.css";

const DIGITS = "0123456789";
const MNIST_SIDE = 20 / 28; // longer side of MNIST's digits, as a share of the picture
const ASK_AGAIN_MS = 400; // while the student learns, it is asked about the drawing at most so often
const READ_FROM_SCENE = [
  "classes", "image_shape", "temperature", "bias", "bias_class", "teacher_name", "view", "hidden", "images", "selected",
];

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "digit-pad", t("Draw your own"));
  const [live, hand] = [announcer(life, { apart: 4000 }), announcer(life, { quiet: 100 })];
  const sheet = { height: 0, width: 0, fit: 0, classes: [], steps: [], live: null, erasing: false, pixels: null, answer: null, late: false, told: "", reached: null };
  const parts = {
    ink: inkPart(life, sheet, { onMove: () => moved(), onStroke: (step) => ended(step), onUndo: () => undo(), tell: hand.announce }),
    tools: toolsPart(life, { undo: () => undo(), clear: () => clear(), erase: () => erase(), example: () => startFromExample() }),
    seen: seenPart(),
    bars: barsPart(own, life),
    sentence: node("p", { class: "kd-sentence kd-pad-says" }),
    sure: surePart(life),
    note: node("p", { class: "kd-note kd-pad-note" }),
  };
  const about = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-empty" });
  const answers = node("div", { class: "kd-pad-answers" }, parts.sentence, parts.bars.root, parts.note);
  const page = node("div", { class: "kd-pad-page" }, parts.ink.root, parts.tools.root, answers, parts.seen.root, parts.sure.root);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Draw your own")), about), empty, page);
  root.append(live.region, hand.region);
  hand.announce(t("Ready."));

  const asking = questions(own, life, {
    onAnswer(question, answer) {
      const step = question.step;
      const current = sheet.live ?? sheet.steps.at(-1);
      if (step !== current && !sheet.steps.includes(step)) return;
      if (question.finished) attach(step, answer);
      if (step === current) sheet.answer = answer;
      painter.soon();
    },
    onLate(late) {
      sheet.late = late;
      painter.soon();
    },
  });

  /** Keep the answer with its step; the first time, tell what the step did. */
  function attach(step, answer) {
    const before = sheet.steps.slice(0, sheet.steps.indexOf(step)).reverse().find((s) => s.answer)?.answer ?? null;
    if (!step.answer) {
      sheet.told = changeInWords(step.kind, before, answer, sheet.classes);
      if (sheet.reached === null && becameUnsure(before, answer)) {
        const n = sheet.steps.filter((s) => s.kind === step.kind).indexOf(step) + 1;
        sheet.reached = step.kind === "eraser" ? t("erasing {n}", { n }) : t("stroke {n}", { n });
      }
    }
    step.answer = answer;
  }
  const see = () => {
    const steps = sheet.live ? [...sheet.steps, sheet.live] : sheet.steps;
    sheet.pixels = drawnPicture(steps, sheet);
  };
  const askAbout = (step, finished) => asking.ask({ pixels: sheet.pixels.slice(), step, finished });
  let stale = false;
  function moved() {
    stale = true;
    painter.soon();
  }
  function ended(step) {
    stale = false;
    see();
    askAbout(step, true);
    painter.soon();
  }
  function undo() {
    if (sheet.live) {
      sheet.live = null;
    } else {
      const gone = sheet.steps.pop();
      if (!gone) return;
      const before = sheet.steps.at(-1)?.answer;
      sheet.told = gone.answer && before ? changeInWords("undo", gone.answer, before, sheet.classes) : "";
    }
    asking.keep(sheet.steps);
    stale = false;
    see();
    const last = sheet.steps.at(-1);
    sheet.answer = last?.answer ?? null;
    if (last) askAbout(last, true);
    painter.soon();
  }
  function clear() {
    Object.assign(sheet, { steps: [], live: null, pixels: null, answer: null, told: "", reached: null });
    asking.keep([]);
    stale = false;
    painter.soon();
  }
  function erase() {
    sheet.erasing = !sheet.erasing;
    painter.soon();
  }
  function startFromExample() {
    const pixels = exampleOf(model, sheet);
    if (!pixels) return;
    clear();
    const step = { kind: "example", pixels, points: [], answer: null };
    sheet.steps.push(step);
    ended(step);
  }

  /** Another data set is another kind of paper. */
  const measure = () => {
    const [height, width] = model.get("image_shape") ?? [28, 28];
    const classes = model.get("classes") ?? [...DIGITS];
    const fit = classes.join("") === DIGITS ? Math.round(MNIST_SIDE * Math.max(height, width)) : 0;
    if (height === sheet.height && width === sheet.width && classes.join("|") === sheet.classes.join("|")) return;
    Object.assign(sheet, { height, width, classes, fit });
    clear();
  };

  const painter = drawing(life, () => {
    const views = own.get("views") ?? [];
    el.hidden = isHidden(model, "draw") || (model.scene !== undefined && views.length > 0 && !views.includes(model.get("view")));
    if (el.hidden) return;
    measure();
    const drawable = sheet.height > 0 && sheet.width > 0;
    empty.hidden = drawable;
    page.hidden = about.hidden = !drawable;
    say(empty, sheet.classes.length ? t("These examples are not grey images, so there is nothing to draw.") : t("The pad opens once there is a teacher."));
    if (!drawable) return;
    if (stale && sheet.live) {
      see();
      askAbout(sheet.live, false);
    }
    stale = false;
    const shown = shownAnswers(model, sheet);
    say(about, classesInWords(sheet.classes));
    parts.ink.draw();
    parts.tools.draw(sheet, exampleOf(model, sheet) !== null);
    parts.seen.draw(sheet);
    parts.bars.draw(barsView(own, model, sheet, shown), barsState(sheet));
    say(parts.sentence, answerInWords(sheet, shown));
    parts.sure.draw(sheet, sheet.classes, (answer) => studentLogits(model, answer));
    const note = own.get("note") || (sheet.late ? t("The models have not answered yet.") : "");
    say(parts.note, note);
    if (!sheet.live) live.announce(`${sheet.told} ${sheet.answer ? answerInWords(sheet, shown) : ""}`.trim(), `${sheet.steps.length} ${shown.temperature}`);
  });

  let again = 0;
  const learned = () => {
    again ||= setTimeout(() => {
      again = 0;
      const last = sheet.steps.at(-1);
      if (el.hidden || sheet.live || !last) return;
      askAbout(last, true);
    }, ASK_AGAIN_MS);
  };
  life.onEnd(() => clearTimeout(again));
  life.watch(["student_step"], () => {
    if (sheet.answer && sheet.answer.step !== model.get("student_step")) learned();
    painter.soon();
  });
  life.watch(["shown_run"], learned);
  life.watch([...READ_FROM_SCENE, "views", "scale", "note"], painter.soon);
  painter.now();
  return () => life.end();
}

/** The pixels of the example selected in the scene, or null. */
function exampleOf(model, { height, width }) {
  const images = octets(model.get("images"));
  const start = (model.get("selected") ?? 0) * height * width;
  return height * width && images.length >= start + height * width ? images.slice(start, start + height * width) : null;
}

function studentLogits(model, answer) {
  const logits = answer.student.slice();
  raiseBias(logits, model.get("bias_class") ?? -1, model.get("bias") ?? 0, logits.length);
  return logits;
}

function shownAnswers(model, { answer }) {
  const temperature = model.get("temperature") ?? 1;
  const soft = (logits) => (logits.length && allFinite(logits) ? logSoftmax(logits, temperature) : null);
  return {
    temperature,
    step: answer?.step ?? model.get("student_step") ?? 0,
    logT: answer && soft(answer.teacher),
    logS: answer && soft(studentLogits(model, answer)),
    hasStudent: answer ? answer.student.length > 0 : true,
  };
}

/** "The teacher says 7 (0.98), the student 7 (0.81)", at the slider's T. */
function answerInWords({ answer, classes }, { temperature, logT, logS }) {
  if (!answer) return t("Draw something: teacher and student answer while you draw.");
  if (!logT) return t("The teacher’s outputs for this drawing are not finite numbers.");
  const says = (logP) => `${classes[argmax(logP)]} (${roughly(Math.exp(logP[argmax(logP)]))})`;
  const told = { T: short(temperature), teacher: says(logT), student: logS ? says(logS) : "" };
  return logS ? t("At T = {T} the teacher says {teacher}, the student {student}.", told) : t("At T = {T} the teacher says {teacher}.", told);
}

/** What the bars of SoftTargets want to know. */
function barsView(own, model, sheet, { logT, logS, hasStudent, step }) {
  return {
    shown: new Set(["bars"]), numbers: { logT, logS }, hasStudent: hasStudent && sheet.classes.length > 0, step, label: -1, selected: 0,
    scale: own.get("scale"), teacherName: model.get("teacher_name") ?? "", studentTitle: t("Student"), inScene: false,
    studentName: own.get("student_name") || (model.get("student_name") ?? ""),
  };
}

function barsState({ classes, answer }) {
  const nothing = new Float32Array(0);
  return {
    count: 1, classes, shape: [0, 0], images: nothing,
    teacherRow: () => answer?.teacher ?? new Float32Array(classes.length),
    studentRow: () => answer?.student ?? nothing,
  };
}

function classesInWords(classes) {
  if (classes.join("") === DIGITS) return t("Whatever you draw, the models answer with a digit from 0 to 9.");
  if (classes.length > 12) return t("Whatever you draw, the models answer with one of their {n} classes.", { n: classes.length });
  return t("Whatever you draw, the models answer with one of {names}.", { names: classes.join(", ") });
}

function toolsPart(life, actions) {
  const button = (name, text) => {
    const root = node("button", { type: "button", class: "kd-button" }, text);
    life.listen(root, "click", () => root.getAttribute("aria-disabled") !== "true" && actions[name]());
    return root;
  };
  const undo = button("undo", t("Undo"));
  const erase = button("erase", t("Eraser"));
  const clear = button("clear", t("Clear"));
  const example = button("example", t("Start from the selected example"));
  example.classList.add("kd-pad-example");
  return {
    root: node("div", { class: "kd-buttons kd-pad-tools", role: "group", "aria-label": t("Drawing") }, undo, erase, clear, example),
    draw(sheet, hasExample) {
      const blank = sheet.steps.length === 0 && !sheet.live;
      put(undo, "aria-disabled", blank ? "true" : "false");
      put(clear, "aria-disabled", blank ? "true" : "false");
      put(erase, "aria-pressed", sheet.erasing ? "true" : "false");
      example.hidden = !hasExample;
    },
  };
}

/** The picture as the models get it. */
function seenPart() {
  const canvas = node("canvas", { class: "kd-pad-seen", role: "img" });
  const caption = node("p", { class: "kd-note" });
  return {
    root: node("div", { class: "kd-pad-seen-block" }, canvas, caption),
    draw({ pixels, height, width, steps, fit }) {
      greyCanvas(canvas, pixels ?? new Uint8Array(height * width), height, width);
      put(canvas, "aria-label", t("The drawing as the models see it, {height} by {width} pixels", { height, width }));
      const example = steps[0]?.kind === "example";
      say(caption, example ? t("What the models see: the example’s pixels, where they are.")
        : fit ? t("What the models see: {n} pixels high, centered like MNIST.", { n: fit }) : t("What the models see: each pixel as drawn."));
    },
  };
}

export default { render };
