// "Branch from step N": small fields, what was in force there, and a button that starts a new run from it.

import { courseAt, courseOf } from "../shared/course.js";
import { node, put, say, uniqueId } from "../shared/elements.js";
import { grouped, short } from "../shared/format.js";
import { isLocked } from "../shared/scene.js";
import { t } from "../shared/words.js";

const BRANCHES_WHILE = ["running", "paused", "stopped", "finished"];
const BRANCH_PATIENCE_MS = 8000;

function shownRun(model) {
  return model.get("runs")?.find((run) => run.id === model.get("shown_run"));
}

/** What a field opens with; `known` where it certainly was in force at that step of the run shown. */
function setThere(model, field, step) {
  const course = courseOf(model, field.name);
  if (course) return { value: courseAt(course, step), known: true }; // left as it is, the course goes on
  const now = model.get("in_force") ?? {};
  const since = field.slider ? now.step ?? 0 : 0;
  const own = field.slider ? now[field.name] : model.get(field.name);
  const value = own ?? (field.slider ? model.get(field.name) : null);
  const later = shownRun(model)?.edits.some((edit) => edit.step >= step && edit.name === field.name);
  const known = own !== undefined && own !== null && !later && (since < step || since === 0);
  return { value, known };
}

/** What is wrong with a field, in one sentence; null where nothing is. */
function fieldError(model, field, text, value) {
  const range = field.slider ? model.get(`${field.name}_range`) : null;
  if (Number.isFinite(value) && (range ? value >= range[0] && value <= range[1] : value > 0)) return null;
  const told = { name: field.label, got: text.trim() || t("nothing"), low: short(range?.[0] ?? 0), high: short(range?.[1] ?? 0) };
  return range ? t("{name} must be a number from {low} to {high}, got {got}.", told) : t("{name} must be a number above 0, got {got}.", told);
}

/** null where a branch can begin, else what the button says instead. */
function branchHere(model, time, step) {
  const row = shownRun(model);
  if (!row || !time.ready() || !BRANCHES_WHILE.includes(model.get("state")) || isLocked(model, "branch")) return t("Branch");
  if (row.role !== "student" && row.role !== "branch") return t("Branch (show a student)");
  return step < (row.total_steps || Infinity) ? null : t("Branch (first drag back)");
}

export function branchPart(model, life, time) {
  const id = uniqueId("branch");
  const button = node("button", { type: "button", class: "kd-button kd-branch-open", "aria-expanded": "false", "aria-controls": id });
  const error = node("p", { class: "kd-branch-error", id: `${id}-error`, role: "alert" });
  const fields = (model.get("live") ?? []).map((field) => branchField(field, error.id));
  const start = node("button", { type: "submit", class: "kd-button kd-primary" }, t("Start branch"));
  const form = node("form", { class: "kd-branch-form", id, hidden: "", novalidate: "", "aria-label": t("Branch") },
    node("div", { class: "kd-branch-fields" }, ...fields.map((f) => f.root), start), error);
  let waiting = 0;

  const fill = () => {
    for (const f of fields) {
      f.root.hidden = Boolean(f.field.needs) && !model.get(f.field.needs);
      f.fill(setThere(model, f.field, time.at()), f.root.hidden || isLocked(model, f.field.name));
    }
  };
  const open = (wanted) => {
    form.hidden = !wanted;
    put(button, "aria-expanded", String(wanted));
    say(error, "");
    for (const f of fields) f.accept();
    if (wanted) fill();
  };
  const answered = () => {
    clearTimeout(waiting);
    waiting = 0;
  };
  life.listen(button, "click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    open(form.hidden);
    if (!form.hidden) fields.find((f) => !f.input.disabled)?.input.select();
  });
  life.listen(form, "keydown", (event) => {
    if (event.key !== "Escape") return;
    open(false);
    button.focus();
  });
  life.listen(form, "submit", (event) => {
    event.preventDefault();
    const message = { command: "branch", step: time.at() };
    const wrong = fields.find((f) => (f.problem = f.read(model, message)));
    for (const f of fields) f.accept(f !== wrong);
    say(error, wrong?.problem ?? "");
    if (wrong) return wrong.input.focus();
    time.settle();
    model.send(message);
    open(false);
    waiting = setTimeout(answered, BRANCH_PATIENCE_MS);
    button.focus();
    draw();
  });
  life.watch(["runs", "state"], answered);
  life.onEnd(answered);

  function draw() {
    const step = time.at();
    const there = branchHere(model, time, step);
    const works = there === null && !waiting;
    say(button, waiting ? t("Starting the branch …") : there ?? t("Branch from step {step}", { step: grouped(step) }));
    put(button, "aria-disabled", works ? "false" : "true");
    if (!works && !form.hidden) open(false);
    if (!form.hidden) for (const f of fields) f.refill(setThere(model, f.field, step));
  }
  return { button, form, draw };
}

/** One number; what the reader has typed stays when the step moves on. */
function branchField(field, errorId) {
  const input = node("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "kd-branch-input", "aria-describedby": errorId });
  const root = node("label", { class: "kd-branch-field" }, node("span", {}, field.symbol), input);
  let opened = { value: null, known: false };
  let text = "";
  const fill = (there) => {
    opened = there;
    text = there.value === null ? "" : String(Number(there.value.toPrecision(6)));
    input.value = text;
  };
  return {
    field, input, root,
    fill(there, locked) {
      fill(there);
      input.disabled = locked;
    },
    refill(there) {
      if (input.value === text) fill(there);
    },
    accept(fine = true) {
      put(input, "aria-invalid", fine ? null : "true");
    },
    /** Put the value into the message where it is another than was in force; return what is wrong with it, or null. */
    read(model, message) {
      if (input.disabled || (input.value === text && (opened.known || text === ""))) return null;
      const value = Number(input.value.trim().replace(",", ".") || NaN);
      const problem = fieldError(model, field, input.value, value);
      if (!problem && !(opened.known && value === opened.value)) message[field.name] = value;
      return problem;
    },
  };
}
