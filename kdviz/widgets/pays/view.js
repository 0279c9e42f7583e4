// Pays: what was measured, what is assumed, and the day from which distilling has paid. All sums are made here.

import { choiceOf } from "../shared/choice.js";
import { hasAddress } from "../shared/copy.js";
import { announcer, card, commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { grouped, short, timesOf, written } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t } from "../shared/words.js";
import { chart, figures, key } from "./chart.js";
import { pays } from "./sums.js";
import "./style.css";

const SLIDERS = {
  answers: { title: t("Answers a day"), ticks: [1, 1000, 1e6, 1e9], tickText: (v) => (v >= 1e9 ? "10⁹" : v >= 1e6 ? "10⁶" : grouped(v)), text: grouped },
  days: { title: t("Days that a student is used"), ticks: [1, 30, 365, 3650], tickText: grouped, text: grouped },
  students: { title: t("Students that share the teacher"), ticks: [1, 10, 100], tickText: grouped, text: grouped },
};
const ASSUMED = {
  watts: [t("Watts while it computes"), "W"],
  price: [t("Price of a kWh"), t("in your currency")],
  grid: [t("Grid"), t("g CO₂e a kWh")],
};
const OWN = ["case", "batch", "answers", "days", "students", "watts", "price", "grid", "trained_for_it", "instead", "shows"];
const INSTEAD = { teacher: t("The teacher answers"), twin: t("The twin answers: the same student without a teacher") };
const SHOWS = { energy: t("Energy"), money: t("Money"), grams: t("CO₂e") };

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "pays", t("Does it pay?"));
  const live = announcer(life, { quiet: 600 });
  followAddress(model);
  const set = (values) => {
    commit(model, values);
    keepAddress(model);
  };
  const names = {};
  const which = choiceOf(life, t("Measured"), names, (value) => set({ case: value }));
  const batch = segments(life, t("Answers at once"), { 1: "1", 64: "64" }, (value) => set({ batch: value }));
  const drags = Object.entries(SLIDERS).map(([name, one]) => ({ name, ...dragged(life, model, name, one, () => painter.now(), set) }));
  const trained = node("input", { type: "checkbox" });
  life.listen(trained, "change", () => set({ trained_for_it: trained.checked }));
  const instead = choiceOf(life, t("Instead"), INSTEAD, (value) => set({ instead: value }));
  const typed = Object.entries(ASSUMED).map(([name, words]) => ({ name, ...field(life, model, name, words, () => painter.now(), set) }));
  const note = node("p", { class: "kd-note" });
  const shows = segments(life, t("Shown as"), SHOWS, (value) => set({ shows: value }));
  const verdict = node("p", { class: "kd-pays-verdict" });
  const more = node("p", { class: "kd-sentence" });
  const figure = chart();
  const legend = key();
  const table = node("div", { class: "kd-pays-table", role: "table", "aria-label": t("What was measured") });
  const command = node("code", { class: "kd-pays-command" });
  const again = node("p", { class: "kd-note" }, t("Measured, and written down again, by"), " ", command);
  const caveat = node("p", { class: "kd-note" });
  const left = node("div", { class: "kd-pays-given" },
    which.root, batch.root, ...drags.map((one) => one.root), node("label", { class: "kd-check" }, trained, node("span", {}, t("The teacher is trained for this alone"))), instead.root,
    node("fieldset", { class: "kd-pays-assumed" }, node("legend", {}, t("Assumptions")), ...typed.map((one) => one.root), note));
  const found = node("div", { class: "kd-pays-found" }, verdict, more, shows.root, figure.root, legend.root);
  const measured = node("div", { class: "kd-pays-measured" }, table, again, caveat);
  body.append(node("div", { class: "kd-pays-page" }, found, left, measured));
  root.append(live.region);

  const painter = drawing(life, () => {
    const all = model.get("cases");
    for (const one of all) names[one.name] = one.title;
    const one = all.find((other) => other.name === model.get("case")) ?? all[0];
    if (!one) return;
    const use = useOf(model);
    const work = workOf(one, model.get("batch"));
    const outcome = pays(work, use);
    which.draw(one.name, all.map((other) => other.name));
    batch.draw(model.get("batch"));
    for (const drag of drags) drag.draw();
    trained.checked = use.trained_for_it;
    instead.draw(use.instead, Object.keys(INSTEAD));
    for (const input of typed) input.draw();
    say(note, model.get("watts_note"));
    shows.draw(model.get("shows"));
    const said = verdictOf(outcome, use);
    say(verdict, said);
    verdict.dataset.verdict = outcome.verdict;
    say(more, moreOf(outcome, use, one));
    figure.draw(work, use, outcome, unitOf(model), `${said} ${t("The table below has what was measured.")}`);
    legend.draw(use.instead);
    drawTable(table, one, work, model.get("batch"));
    say(command, model.get("command"));
    say(caveat, one.note);
    live.announce(said);
  });
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(figure.root);
  life.onEnd(() => sizes.disconnect());
  life.watch(["cases", "command", "watts_note", ...OWN], painter.soon);
  painter.now();
  return () => life.end();
}

function useOf(model) {
  const named = ["watts", "answers", "days", "students", "trained_for_it", "instead", "price", "grid"];
  return /** @type {any} */ (Object.fromEntries(named.map((name) => [name, model.get(name)])));
}

/** The measured seconds, with those of an answer where so many are asked at once. */
function workOf(one, batch) {
  const { teacher, student } = one.answers[batch];
  return { teacher: one.teacher, asking: one.asking, student: one.student, teacher_answer: teacher, student_answer: student };
}

function verdictOf(found, use) {
  const values = { day: figures(found.day), spent: energy(found.spent), saved: energy(found.saved), days: figures(use.days) };
  if (found.verdict === "pays") return t("It pays from day {day} on: {spent} are spent before the first answer, and {saved} saved each day.", values);
  if (found.verdict === "too late") {
    return t("It does not pay: {spent} are spent before the first answer and {saved} saved each day, so it would take {day} days, and the model is used for {days}.", values);
  }
  return t("It never pays: {spent} are spent before the first answer, and an answer of the student takes no less than one of what it replaces.", values);
}

/** What is left in the end; beside the twin what it buys, and where weights fell and seconds did not, that. */
function moreOf(found, use, one) {
  const values = { days: figures(use.days), energy: energy(Math.abs(found.left)), money: figures(Math.abs(found.left) * use.price), grams: figures(Math.abs(found.left) * use.grid) };
  const left = found.left >= 0 ? t("Over {days} days that saves {energy} in all: {money} at this price, {grams} g CO₂e at this grid.", values)
    : t("Over {days} days that takes {energy} more in all: {money} at this price, {grams} g CO₂e at this grid.", values);
  if (use.instead === "twin") return `${left} ${one.beside_twin}`;
  return left;
}

function unitOf(model) {
  const factor = { energy: 1, money: model.get("price"), grams: model.get("grid") }[model.get("shows")];
  const text = { energy: t("kWh, for all students"), money: t("your currency, for all students"), grams: t("g CO₂e, for all students") }[model.get("shows")];
  return { factor, text };
}

function energy(kwh) {
  const size = Math.abs(kwh);
  const [factor, unit] = size >= 1 ? [1, "kWh"] : size >= 1e-3 ? [1e3, "Wh"] : [1e6, "mWh"];
  return `${figures(factor * kwh)}\u00a0${unit}`;
}

/** Rows of two models; divs, for Jupyter styles the elements of tables in its outputs. */
function drawTable(table, one, work, batch) {
  const r = one.answers[batch];
  const seconds = (value) => (value >= 1 ? `${short(value)} s` : value >= 1e-3 ? `${short(1e3 * value)} ms` : `${short(1e6 * value)} µs`);
  const ratio = t("{ratio} times the teacher’s (95\u202f% CI {low} to {high})", { ratio: short(r.ratio), low: short(r.low), high: short(r.high) });
  const rows = [
    ["", t("Teacher"), t("Student")],
    [t("Weights"), grouped(one.weights.teacher), t("{n} ({times} times fewer)", { n: grouped(one.weights.student), times: timesOf(one.weights.teacher / one.weights.student) })],
    [t("Training"), seconds(work.teacher), seconds(work.student)],
    [t("Asking the teacher"), "", seconds(work.asking)],
    [t("One answer"), seconds(work.teacher_answer), `${seconds(work.student_answer)}; ${ratio}`],
    [t("Test errors of {n}", { n: grouped(one.examples) }), grouped(one.errors.teacher), t("{n}; its twin {twin}", { n: grouped(one.errors.student), twin: grouped(one.errors.twin) })],
  ];
  const stamp = JSON.stringify(rows);
  if (table.dataset.stamp === stamp) return;
  table.dataset.stamp = stamp;
  table.replaceChildren(...rows.map((cells, i) => node("div", { role: "row", class: i ? "" : "kd-pays-head" },
    ...cells.map((words, j) => node("div", { role: i === 0 ? "columnheader" : j === 0 ? "rowheader" : "cell" }, words)))));
}

/** A slider over round numbers; while it moves, only the page follows. */
function dragged(life, model, name, one, drawNow, set) {
  const control = slider(life, {
    name: one.title, text: one.text, ticks: one.ticks, tickText: one.tickText,
    onInput: (value) => { model.set(name, Math.round(value)); drawNow(); },
    onRelease: (value) => set({ [name]: Math.round(value) }),
  });
  const [low, high] = [one.ticks[0], one.ticks.at(-1)];
  control.setStops([...new Set(ratioStops(low, high).map(Math.round))]);
  return { root: control.root, draw: () => control.set(model.get(name)) };
}

/** A number that is typed; what cannot be is taken back when it is left. */
function field(life, model, name, words, drawNow, set) {
  const [title, unit] = words;
  const id = uniqueId(name);
  const input = node("input", { class: "kd-pays-number", id, inputmode: "decimal", autocomplete: "off", "aria-describedby": `${id}-unit` });
  const read = () => {
    const value = Number(input.value.trim().replace(",", "."));
    return input.value.trim() !== "" && value >= 0 && value <= 1e6 ? value : null;
  };
  life.listen(input, "input", () => {
    const value = read();
    put(input, "aria-invalid", String(value === null));
    if (value === null) return;
    model.set(name, value);
    drawNow();
  });
  life.listen(input, "change", () => {
    put(input, "aria-invalid", "false");
    input.value = written(String(model.get(name)));
    set({ [name]: model.get(name) });
  });
  const root = node("div", { class: "kd-field" }, node("label", { for: id }, title), node("span", { class: "kd-pays-typed" }, input, node("span", { id: `${id}-unit` }, `${unit} · ${t("an assumption")}`)));
  return { root, draw: () => { if (document.activeElement !== input && input.getRootNode().activeElement !== input) input.value = written(String(model.get(name))); } };
}

function segments(life, title, options, choose) {
  const group = uniqueId("segment");
  const made = Object.entries(options).map(([value, words]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => choose(value));
    return { value, input, root: node("label", {}, input, node("span", {}, words)) };
  });
  const id = uniqueId("segments");
  const root = node("div", { class: "kd-field" }, node("span", { class: "kd-label", id }, title),
    node("div", { class: "kd-segments", role: "radiogroup", "aria-labelledby": id }, ...made.map((one) => one.root)));
  return { root, draw: (value) => { for (const one of made) one.input.checked = one.value === value; } };
}

/** Open as the address says, and tell the page around that it is done, with what was asked for in vain. */
function followAddress(model) {
  if (!hasAddress()) return;
  const query = new URLSearchParams(location.search);
  const wrong = [];
  const taken = {};
  for (const name of OWN.filter((one) => query.has(one))) {
    const value = readAs(model, name, query.get(name));
    if (value === null) wrong.push(`${name}=${query.get(name).slice(0, 40)}`);
    else taken[name] = value;
  }
  if (Object.keys(taken).length) commit(model, taken);
  if (!Object.keys(taken).length && !wrong.length) return;
  const note = wrong.length ? t("This link asks for {what}, which cannot be; the rest was followed.", { what: wrong.join(", ") }) : "";
  document.dispatchEvent(new CustomEvent("kdviz-link", { detail: { note } }));
}

function readAs(model, name, text) {
  const among = { case: model.get("cases").map((one) => one.name), batch: ["1", "64"], instead: Object.keys(INSTEAD), shows: Object.keys(SHOWS) }[name];
  if (among) return among.includes(text) ? text : null;
  if (name === "trained_for_it") return { 0: false, 1: true }[text] ?? null;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return null;
  const ticks = SLIDERS[name]?.ticks;
  if (ticks) return Number.isInteger(value) && value >= ticks[0] && value <= ticks.at(-1) ? value : null;
  return value >= 0 && value <= 1e6 ? value : null;
}

/** The address says what is not as it was at first. */
function keepAddress(model) {
  if (!hasAddress()) return;
  const query = new URLSearchParams(location.search);
  const usual = model.get("usual");
  for (const name of OWN) {
    const value = model.get(name);
    if (value === usual[name]) query.delete(name);
    else query.set(name, typeof value === "boolean" ? String(Number(value)) : String(value));
  }
  history.replaceState(history.state, "", query.size ? `?${query}` : location.pathname);
}

export default { render };
