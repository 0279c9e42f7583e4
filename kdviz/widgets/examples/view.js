// Examples: the watched examples by what teacher and student make of them, at the step under the cursor.

import { definition } from "../shared/definition.js";
import { announcer, card, commit, drawing, focusedBeside, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { countedPart, examplesOf, splitInWords, trackedOf } from "../shared/compared.js";
import { mostDoubtful } from "../shared/doubt.js";
import { grouped } from "../shared/format.js";
import { isHidden, isInView, joined } from "../shared/scene.js";
import { firstChoices, floats, octets } from "../shared/softmax.js";
import { answersInWords, picture, shownStudent, stepsAreTold } from "../shared/strip.js";
import { t } from "../shared/words.js";
import "./style.css";

const AMBIGUOUS = 24; // as many as one page shows
const PAGE = 12;
const FIXED = ["teacher_logits", "classes", "labels", "captions", "images", "image_shape", "sample", "tracked", "counted", "split"];

// Which examples a filter takes, from the true class and both first choices; and the sentence about them.
const FILTERS = {
  ambiguous: {
    name: t("Teacher in doubt"),
    says: (told) => t("The {n} of {whole} where the teacher’s second choice scores highest (T = 1).", told),
  },
  teacher_wrong: { name: t("Teacher wrong"), takes: (label, teacher) => label >= 0 && teacher !== label, says: (told) => t("On {n} of {whole} the teacher is wrong.", told) },
  differ: {
    name: t("Student and teacher disagree"), student: true, takes: (label, teacher, student) => student !== teacher,
    says: (told) => t("On {n} of {whole} {who} and teacher disagree", told),
  },
  inherited: {
    name: t("Same wrong class"), student: true, takes: (label, teacher, student) => label >= 0 && teacher !== label && student === teacher,
    says: (told) => t("On {n} of {whole} the teacher is wrong and the {who} gives the same wrong answer", told),
  },
  new: {
    name: t("New errors"), student: true, takes: (label, teacher, student) => label >= 0 && teacher === label && student !== label,
    says: (told) => t("On {n} of {whole} the teacher is right and the {who} is not", told),
  },
  corrected: {
    name: t("Fixed by the student"), student: true, takes: (label, teacher, student) => label >= 0 && teacher !== label && student === label,
    says: (told) => t("On {n} of {whole} the teacher is wrong and the {who} is right", told),
  },
  both_right: {
    name: t("Both right"), student: true, takes: (label, teacher, student) => label >= 0 && teacher === label && student === label,
    says: (told) => t("On {n} of {whole} teacher and {who} are right", told),
  },
  both_wrong: {
    name: t("Shared errors"), student: true, takes: (label, teacher, student) => label >= 0 && teacher !== label && student !== label,
    says: (told) => t("On {n} of {whole} teacher and {who} are wrong, with the same class or two", told),
  },
  all: { name: t("All"), takes: () => true, says: (told) => t("All {whole}.", told) },
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "examples", t("Examples"));
  const live = announcer(life, { apart: 20000 });
  const state = { fixed: readExamples(model), page: 0, filter: null, selected: null };
  const head = examplesHead(model, life);
  const strip = examplesStrip(life, {
    choose(index) {
      commit(model, { selected: index });
      painter.now();
    },
    leave: () => head.root.querySelector("select").focus(),
  });
  const foot = examplesFoot(life, (page) => {
    state.page = page;
    painter.now();
  });
  const sentence = node("p", { class: "kd-sentence kd-unseen" });
  body.append(head.root, strip.root, foot.root, sentence);
  root.append(live.region);

  let fixedIsOld = false;
  const painter = drawing(life, () => {
    const everywhere = model.get("views").length === 0;
    el.hidden = Boolean(model.scene) && (isHidden(model, "examples") || !(everywhere || isInView(model, "examples")));
    if (el.hidden) return;
    if (fixedIsOld) state.fixed = readExamples(model);
    fixedIsOld = false;
    const view = examplesView(model, state, strip.room(state.fixed));
    head.draw(view);
    strip.draw(view, state.fixed);
    foot.draw(view);
    say(sentence, view.sentence);
    live.announce(view.sentence, view.filter);
  });
  life.watch(FIXED, () => {
    fixedIsOld = true;
    painter.soon();
  });
  life.watch(["student_logits", "selected", "filter", "views", "view", "hidden", "runs", "shown_run", "total_steps"], painter.soon);
  const sizes = new ResizeObserver(() => !el.hidden && strip.measured() && painter.soon());
  sizes.observe(strip.root);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** What changes only when Python sends other examples: the teacher's choices and doubts, pixels, captions. */
function readExamples(model) {
  const classes = model.get("classes");
  const width = classes.length;
  const teacher = floats(model.get("teacher_logits"));
  const says = firstChoices(teacher, width);
  return {
    classes, width,
    count: says.length,
    teacher: says,
    doubtful: mostDoubtful(teacher, says.slice(0, model.get("tracked") || says.length), width, AMBIGUOUS),
    tracked: Math.min(model.get("tracked") || says.length, says.length),
    labels: model.get("labels"),
    captions: model.get("captions"),
    images: octets(model.get("images")),
    shape: model.get("image_shape"),
    sample: Math.min(model.get("sample") ?? 0, says.length),
    split: model.get("split") ?? "",
  };
}

/** The list of the filter at this step, and the page of it that is seen. */
function examplesView(model, state, room) {
  const { fixed } = state;
  const filter = FILTERS[model.get("filter")] ? model.get("filter") : "ambiguous";
  const { takes, says, student: needsStudent } = FILTERS[filter];
  const logits = model.get("student_logits");
  const student = firstChoices(logits instanceof Float32Array ? logits : floats(logits), fixed.width);
  const hasStudent = fixed.count > 0 && student.length >= fixed.tracked;
  const among = populationOf(model, fixed, student.length, { takes, needsStudent });
  const list = takes ? [] : fixed.doubtful;
  if (takes && (hasStudent || !needsStudent)) {
    for (let i = 0; i < among.count; i++) if (takes(fixed.labels[i] ?? -1, fixed.teacher[i], student[i])) list.push(i);
  }
  const selected = Math.min(Math.max(0, model.get("selected")), Math.max(0, fixed.count - 1));
  const place = list.indexOf(selected);
  const pages = Math.max(1, Math.ceil(list.length / room));
  if (state.filter !== filter) state.page = place < 0 ? 0 : Math.floor(place / room);
  else if (state.selected !== selected && place >= 0) state.page = Math.floor(place / room);
  state.page = Math.min(state.page, pages - 1);
  [state.filter, state.selected] = [filter, selected];
  const step = model.get("student_step");
  const { who } = shownStudent(model);
  const learned = stepsAreTold(model) ? step > 0 : true; // a student that has learned nothing disagrees by chance
  return {
    learned,
    filter, list, selected, place, student, teacher: fixed.teacher, hasStudent, room, pages, page: state.page, count: among.count, words: among.words, tracked: fixed.tracked, counted: model.get("counted") ?? 0, sample: fixed.sample, split: fixed.split,
    shown: list.slice(state.page * room, (state.page + 1) * room),
    who,
    sentence: examplesSentence({ says, needsStudent, list, among, hasStudent, step, who, trained: stepsAreTold(model) }),
  };
}

/** Among which examples a list looks: as many as the views count, or the tracked ones; `count` and its words. */
function populationOf(model, fixed, studentRows, { takes, needsStudent }) {
  const counted = countedPart(model, fixed.count, needsStudent ? studentRows : fixed.count);
  if (takes && counted.whole && model.get("counted")) return { count: counted.count, words: examplesOf(counted.count, fixed.split) };
  const count = needsStudent && takes ? counted.count : fixed.tracked;
  return { count, words: counted.all > count ? trackedOf(count, fixed.split) : examplesOf(count, fixed.split) };
}

function examplesSentence({ says, needsStudent, list, among, hasStudent, step, who, trained }) {
  if (!among.count) return "";
  if (needsStudent && !hasStudent) return t("There is no student yet: this list fills when one answers.");
  const sentence = says({ n: grouped(list.length), whole: among.words, who });
  if (!needsStudent) return sentence;
  return trained ? t("{sentence} (after step {step}).", { sentence, step: grouped(step) }) : `${sentence}.`;
}

function examplesHead(model, life) {
  const id = uniqueId("filter");
  const options = Object.entries(FILTERS).map(([value, { name }]) => node("option", { value }, name));
  const select = node("select", { class: "kd-select", id }, ...options);
  life.listen(select, "change", () => commit(model, { filter: select.value }));
  return {
    root: node("div", { class: "kd-head" }, node("h2", {}, t("Examples")),
      node("div", { class: "kd-examples-filter" }, node("label", { class: "kd-unseen", for: id }, t("Which examples")), select)),
    draw(view) {
      if (select.value !== view.filter) select.value = view.filter;
    },
  };
}

/** A radio group with one tab stop. Its buttons are made once; the canvas of an example is drawn once and moves between them. */
function examplesStrip(life, { choose, leave }) {
  const group = node("div", { class: "kd-example-strip", role: "radiogroup", "aria-label": t("Example") });
  const empty = node("p", { class: "kd-note kd-example-none" });
  const root = node("div", { class: "kd-example-block" }, group, empty);
  const items = Array.from({ length: PAGE }, () => exampleItem());
  group.append(...items.map((item) => item.root));
  let pictures = { of: null, made: new Map() };
  let columns = 0;
  let view = null;

  const pick = (place) => {
    choose(view.list[place]);
    items[place - view.page * view.room].root.focus();
  };
  const at = (event) => {
    const i = items.findIndex((item) => item.root === event.target.closest("[role=radio]"));
    return i < 0 ? -1 : view.page * view.room + i;
  };
  life.listen(group, "click", (event) => at(event) >= 0 && pick(at(event)));
  life.listen(group, "keydown", (event) => {
    const [place, last] = [at(event), view.list.length - 1];
    const moves = {
      ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: last, " ": place,
      PageDown: Math.min(last, place + view.room), PageUp: Math.max(0, place - view.room),
    };
    if (place < 0 || !(event.key in moves)) return;
    event.preventDefault();
    pick((moves[event.key] + last + 1) % (last + 1));
  });

  const pictureOf = (fixed, index) => {
    if (pictures.of !== fixed.images) pictures = { of: fixed.images, made: new Map() };
    if (!pictures.made.has(index)) pictures.made.set(index, picture(fixed, index));
    return pictures.made.get(index);
  };
  const measure = () => getComputedStyle(group).gridTemplateColumns.split(" ").length;
  return {
    root,
    /** How many find room in a row; few of them in more than one. */
    room(fixed) {
      const inWords = fixed.count > 0 && !fixed.shape[0];
      if (!columns || inWords !== group.classList.contains("kd-in-words")) {
        group.classList.toggle("kd-in-words", inWords);
        columns = measure();
      }
      return Math.min(PAGE, Math.max(columns, inWords ? 2 : 6));
    },
    /** Look how many columns there are now; true when that has changed. */
    measured() {
      const before = columns;
      columns = measure();
      return columns !== before;
    },
    draw(next, fixed) {
      const held = items.findIndex((item) => item.root === focusedBeside(group));
      view = next;
      const tabStop = Math.max(0, view.shown.indexOf(view.selected));
      items.forEach((item, i) => {
        item.root.hidden = i >= view.shown.length;
        if (!item.root.hidden) item.draw(view, fixed, view.shown[i], i === tabStop, pictureOf);
      });
      put(group, "aria-hidden", view.list.length ? null : "true");
      say(empty, !fixed.count ? t("No examples yet.") : FILTERS[view.filter].student ? t("None at this step.") : t("None."));
      empty.hidden = view.list.length > 0;
      root.style.setProperty("--kd-rows", Math.ceil(view.room / columns));
      if (held < 0) return;
      const stays = view.shown.indexOf(view.selected);
      if (view.shown.length) items[stays >= 0 ? stays : Math.min(held, view.shown.length - 1)].root.focus();
      else leave();
    },
  };
}

/** The student's first choice; -1 where it is not known: a film holds the tracked examples only. */
function studentOf(view, index) {
  return view.hasStudent ? (view.student[index] ?? -1) : -1;
}

function differs(view, index) {
  const student = studentOf(view, index);
  return student >= 0 && student !== view.teacher[index];
}

function exampleItem() {
  const root = node("button", { type: "button", role: "radio", class: "kd-probe kd-example" });
  const caption = node("span", { class: "kd-caption" });
  root.append(caption);
  return {
    root,
    draw(view, fixed, index, isTabStop, pictureOf) {
      const canvas = pictureOf(fixed, index);
      const content = canvas ?? caption;
      if (!canvas) say(caption, fixed.captions[index] || t("Row {n}", { n: index + 1 }));
      if (root.firstChild !== content || root.childNodes.length !== 1) root.replaceChildren(content);
      root.classList.toggle("kd-text", !canvas);
      const [teacher, student] = [fixed.teacher[index], studentOf(view, index)];
      root.classList.toggle("kd-differs", view.learned && differs(view, index));
      const words = answersInWords(fixed.classes, fixed.labels[index] ?? -1, teacher, student);
      put(root, "aria-label", t("Example {n} of {total}: {words}", { n: index + 1, total: fixed.count, words: [fixed.captions[index], words].filter(Boolean).join(", ") }));
      put(root, "title", canvas ? words : `${fixed.captions[index] ?? ""}: ${words}`);
      put(root, "aria-checked", index === view.selected ? "true" : "false");
      put(root, "tabindex", isTabStop ? "0" : "-1");
    },
  };
}

/** How many there are, of how many; the pager; whether the example selected is among them. */
function examplesFoot(life, turn) {
  const counted = node("span", {});
  const tracked = definition(life, t("tracked examples"), "");
  const differ = node("span", {});
  const key = node("span", { class: "kd-example-key" }, node("span", { class: "kd-dot", "aria-hidden": "true" }), differ);
  const away = node("span", {});
  const range = node("span", { class: "kd-example-range" });
  const back = node("button", { type: "button", class: "kd-button kd-turn", "aria-label": t("Previous examples") }, "‹");
  const on = node("button", { type: "button", class: "kd-button kd-turn", "aria-label": t("More examples") }, "›");
  const pager = node("div", { class: "kd-example-pager", role: "group", "aria-label": t("More examples") }, back, range, on);
  let view = null;
  for (const [button, by] of [[back, -1], [on, 1]]) {
    life.listen(button, "click", () => button.getAttribute("aria-disabled") !== "true" && turn(view.page + by));
  }
  return {
    root: node("div", { class: "kd-example-foot" }, node("p", { class: "kd-note" }, counted, tracked), pager,
      node("p", { class: "kd-note kd-example-notes" }, key, away)),
    draw(next) {
      view = next;
      this.root.hidden = view.count === 0;
      const told = { n: grouped(view.list.length), total: grouped(view.tracked), whole: view.words };
      const all = view.counted > 0 && view.tracked >= view.counted;
      tracked.hidden = all || view.count !== view.tracked || view.tracked === view.sample;
      say(counted, tracked.hidden ? t("{n} of {whole}", told) : `${t("{n} of the {total}", told)} `);
      say(tracked.querySelector(".kd-tip"), trackedMeaning(view));
      key.hidden = !view.learned || !view.shown.some((i) => differs(view, i));
      const first = view.page * view.room + 1;
      say(differ, ` ${t("{who} and teacher disagree", { who: view.who })}`);
      pager.classList.toggle("kd-blank", view.pages < 2);
      say(range, `${first}–${first + view.shown.length - 1}`);
      put(back, "aria-disabled", view.page > 0 ? "false" : "true");
      put(on, "aria-disabled", view.page < view.pages - 1 ? "false" : "true");
      say(away, view.place < 0 && view.count > 0 ? t("Example {n}, selected, is not in this list.", { n: view.selected + 1 }) : "");
    },
  };
}

function trackedMeaning({ tracked, sample, split }) {
  const picked = tracked - sample;
  const told = { n: grouped(sample), picked: grouped(picked), split: splitInWords(split) };
  if (!picked) return t("{n} examples drawn at random from the {split} data.", told);
  return t("{n} examples drawn at random from the {split} data, and {picked} picked because the teacher is wrong or in doubt there. "
    + "So shares of this list do not estimate those of all data.", told);
}

export default { render };
