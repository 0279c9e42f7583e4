// NextTokens: a text under a cursor, and the soft targets of both models at that place, at the T under the thumb.

import { likeliest, rowAt, softened, surprises } from "./numbers.js";
import { choose, followLink } from "../shared/address.js";
import { barRows } from "../shared/bars.js";
import { definition } from "../shared/definition.js";
import { card, changing, drawing, lifetime, liveSentence, node, say } from "../shared/elements.js";
import { about, briefly, fixed, grouped, short } from "../shared/format.js";
import { isLocked, sceneOf, underScene } from "../shared/scene.js";
import { ratioStops, slider } from "../shared/slider.js";
import { floats } from "../shared/softmax.js";
import { t } from "../shared/words.js";
import { meanBits, nameOf, surpriseKey, surpriseOf, tokenText } from "../writing/tokens.js";
import "../soft_targets/style.css";
import "../writing/tokens.css";
import "./style.css";

const MOST_ROWS = 10;
const BEFORE = 12; // tokens that the sentence repeats
const NO_ROW = new Float32Array(0);
const OWN = ["symbols", "tokens", "first", "teacher_logits", "student_logits", "student_step", "cursor", "temperature", "heated", "read_by"];

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { body } = card(el, "next-tokens", t("The next token"));
  let temperature = model.get("temperature");
  let place = -1;
  const live = liveSentence(life);
  const text = tokenText(life, {
    onMove(index) {
      place = Math.max(index, model.get("first"));
      painter.now();
    },
  });
  const heat = slider(life, {
    name: t("Temperature"), symbol: "T", text: short, ticks: [0.5, 1, 2, 5, 10, 20], tickText: short,
    onInput(value) {
      temperature = value;
      painter.soon();
    },
    onRelease: (value) => choose(model, { temperature: value }),
  });
  heat.setStops(ratioStops(0.5, 20));
  const note = node("p", { class: "kd-note" });
  const readers = surpriseOf(life, model, { student: t("Student"), teacher: t("Teacher") });
  const rows = barRows(t("Softened probabilities by token"));
  const head = headPart();
  const nothing = node("p", { class: "kd-nothing" }, t("The text is being read."));
  const tools = node("div", { class: "kd-next-tools" }, readers.root, surpriseKey());
  const means = node("p", { class: "kd-note" });
  const scale = node("p", { class: "kd-note" }, t("The longest bar is as long as there is room."));
  const bars = node("div", { class: "kd-bars" }, head.root, node("div", { class: "kd-bar-grid" }, rows.root), rows.others, scale);
  const kl = node("p", { class: "kd-note" }, definition(life, t("What is KL(teacher ‖ student)?"), t("How far the student’s probabilities of the next token are from the teacher’s at this T: 0 where they are the same, and large where the teacher gives probability to what the student gives hardly any. Measured in nats; 1 nat is 1.44 bits.")));
  const filled = node("div", { class: "kd-next-filled" }, text.root, tools, means, heat.root, note, bars, live.root, kl);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("The next token"))), nothing, filled);
  const read = reading(model);

  const painter = drawing(life, () => {
    const state = read();
    const { tokens, symbols, first, width, teacher, student } = state;
    const ready = teacher.length > 0 && tokens.length > first;
    [nothing.hidden, filled.hidden] = [ready, !ready];
    if (!ready) return;
    if (place < first || place >= tokens.length) place = placeOf(model.get("cursor"), first, tokens.length);
    const reader = student.length ? model.get("read_by") : "teacher";
    readers.root.hidden = !student.length;
    readers.draw(reader);
    text.draw(tokens.map((token) => symbols[token]), state[`bits_${reader}`], place, t("Text under the cursor"));
    say(means, meansOf(state));
    heat.set(temperature);
    heat.setDisabled(Boolean(scene && isLocked(scene, "temperature")));
    say(note, model.get("heated") ? "" : t("This method has no temperature: T is only looked through here."));
    note.hidden = !note.textContent;
    const [theirs, own] = [rowAt(teacher, place, first, width), student.length ? rowAt(student, place, first, width) : NO_ROW];
    const numbers = softened(theirs, own, temperature);
    kl.hidden = !own.length;
    drawBars(bars, head, rows, state, { token: tokens[place], theirs, own, numbers });
    live.say(sentenceOf(state, place, numbers, temperature), String(place));
  });
  underScene(life, scene, el, "next", painter.soon);
  life.watch(["temperature"], () => (temperature = model.get("temperature")));
  life.watch(["cursor", "tokens"], () => (place = -1));
  life.watch(OWN, painter.soon);
  followLink(model, life, ["T"]);
  painter.now();
  return () => life.end();
}

/** What the traits hold, decoded when they change. */
function reading(model) {
  const differs = changing();
  let state = null;
  return () => {
    const [symbols, tokens, first] = [model.get("symbols"), model.get("tokens"), model.get("first")];
    if (differs(symbols, tokens, first, model.get("teacher_logits"), model.get("student_logits"))) {
      const [teacher, student] = [floats(model.get("teacher_logits")), floats(model.get("student_logits"))];
      const width = symbols.length;
      state = {
        symbols, tokens, first, width, teacher, student,
        bits_teacher: surprises(tokens, first, teacher, width), bits_student: surprises(tokens, first, student, width),
      };
    }
    return { ...state, step: model.get("student_step") };
  };
}

const placeOf = (wanted, first, count) => (wanted >= first && wanted < count ? wanted : Math.floor((first + count) / 2));

function meansOf({ bits_teacher: theirs, bits_student: own, student }) {
  if (!student.length) return t("Bits a token here: teacher {teacher}.", { teacher: fixed(meanBits(theirs), 2) });
  return t("Bits a token here: teacher {teacher}, student {student}.", { teacher: fixed(meanBits(theirs), 2), student: fixed(meanBits(own), 2) });
}

/** Mirrored bars of the likeliest tokens, on one scale: teacher to the left, student to the right. */
function drawBars(bars, head, rows, state, { token, theirs, own, numbers }) {
  const shown = likeliest(own.length ? [theirs, own] : [theirs], token, MOST_ROWS);
  const picked = (row) => row && Float64Array.from(shown, (c) => row[c]);
  const names = shown.map((c) => nameOf(state.symbols[c]));
  const logs = { logT: picked(numbers.logT), logS: picked(numbers.logS) };
  const most = Math.max(...logs.logT, ...(logs.logS ?? []));
  const lengths = (_, logP) => Math.exp(logP - most);
  const view = { hasStudent: own.length > 0, selected: 0, label: shown.indexOf(token), lengths, numbers: logs };
  rows.draw(view, { classes: names, teacherRow: () => picked(theirs), studentRow: () => picked(own) });
  head.draw(state);
  bars.classList.toggle("kd-one-sided", !own.length);
}

function headPart() {
  const [teacher, student] = ["teacher", "student"].map((side) => node("p", { class: `kd-side kd-side-${side}` }, node("b", {}), node("span", {})));
  say(teacher.firstChild, t("Teacher"));
  say(student.firstChild, t("Student"));
  return {
    root: node("div", { class: "kd-bars-head" }, teacher, student),
    draw({ student: logits, step }) {
      say(student.lastChild, t("step {step}", { step: grouped(step) }));
      student.hidden = !logits.length;
    },
  };
}

function sentenceOf({ symbols, tokens, first }, place, { logT, logS, kl }, temperature) {
  const before = tokens.slice(Math.max(0, place - BEFORE), place).map((token) => symbols[token]).join("").replace(/\n/g, "⏎").replace(/ $/, "␣"); // a blank at the end would not be seen
  const token = nameOf(symbols[tokens[place]]);
  const values = { before: `${place > Math.max(first, BEFORE) ? "…" : ""}${before}`, token, teacher: briefly(Math.exp(logT[tokens[place]])), T: short(temperature) };
  if (!logS) return t("After “{before}” comes “{token}”: at T = {T} the teacher gives it {teacher}.", values);
  return t("After “{before}” comes “{token}”: at T = {T} the teacher gives it {teacher}, the student {student}. KL(teacher ‖ student) here is {kl} nats.",
    { ...values, student: briefly(Math.exp(logS[tokens[place]])), kl: about(kl) });
}

export default { render };
