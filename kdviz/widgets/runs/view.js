// Runs: a line for each run on the page, and what the comparison is worth.

import { earlierPart } from "./earlier.js";
import { iconButton } from "./icon_button.js";
import { tookPart } from "./took.js";
import { overTPart, testedAtT } from "./over_t.js";
import { definition } from "../shared/definition.js";
import { announcer, card, commit, drawing, focusedBeside, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { grouped, percent } from "../shared/format.js";
import { runKey, runLook, shortName } from "../shared/run_key.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const SEEDS = 5;
const RUNS_IN_SHORT = 4;
const RUN_MEANINGS = {
  last: t("Error on the validation examples at the run’s latest measurement, in %."),
  best: t("The lowest error on the validation examples so far, and its step. Choosing a step this way flatters a run a little; the test set decides."),
  test: t("Errors on the test set, which is opened once, when training has ended. In brackets: at the run’s best step on validation data."),
};
async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "runs", t("Runs"));
  const live = announcer(life);
  const brief = node("span", { class: "kd-runs-short" });
  const list = runsList(model, life);
  const fold = node("details", { class: "kd-runs-fold" }, node("summary", {}, node("h2", {}, t("Runs")), brief), list.root);
  const repeat = repeatPart(model, life);
  const verdict = node("p", { class: "kd-sentence" });
  const said = node("span", {});
  const meaning = node("span", {});
  const caveat = definition(life, "?", meaning);
  caveat.querySelector("button").setAttribute("aria-label", t("What this covers"));
  verdict.append(said, " ", caveat);
  const cost = node("p", { class: "kd-note" });
  const took = tookPart(life);
  const undo = undoPart(model, life);
  const earlier = earlierPart(model);
  const overT = overTPart();
  const note = node("p", { class: "kd-note" });
  body.append(fold, repeat.root, verdict, cost, took.root, undo.root, earlier.root, note, overT.root);
  root.append(live.region);

  const painter = drawing(life, () => {
    const runs = model.get("runs") ?? [];
    const folded = model.get("folded");
    const before = (model.scene && model.get("earlier")) ?? [];
    el.hidden = (runs.length === 0 && before.length === 0 && !model.get("undo")) || isHidden(model, "runs");
    fold.hidden = runs.length === 0;
    if (fold.open === folded) fold.open = !folded;
    drawShort(brief, runs, folded);
    list.draw(runs);
    repeat.draw(folded);
    say(said, model.get("verdict"));
    say(meaning, model.get("caveat"));
    caveat.hidden = !model.get("caveat");
    verdict.hidden = !model.get("verdict");
    say(cost, model.get("cost"));
    cost.hidden = !model.get("cost");
    took.draw(model.get("took") ?? []);
    undo.draw();
    earlier.draw(before);
    say(note, model.get("note"));
    note.hidden = !model.get("note");
    overT.draw(testedAtT(runs, before));
    live.announce(model.get("undo") || model.get("verdict"));
  });
  life.listen(fold, "toggle", () => {
    if (fold.open === model.get("folded")) commit(model, { folded: !fold.open });
  });
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(overT.root);
  life.onEnd(() => sizes.disconnect());
  life.watch(["folded", "can_repeat", "can_twin", "repeat_note", "verdict", "caveat", "cost", "took", "undo", "note"], painter.soon);
  if (model.scene) life.watch(["runs", "earlier", "shown_run", "hidden", "locked"], painter.soon);
  painter.now();
  return () => life.end();
}

/** The folded card's one line: names and last errors of a few runs, the number of many. */
function drawShort(brief, runs, folded) {
  const few = runs.length <= RUNS_IN_SHORT;
  const branches = runs.filter((run) => run.role === "branch").length;
  const entries = !folded ? [] : few ? runs.map((run) => [runLook(run), shortName(run), lastError(run)])
    : [[null, [t("{n} runs", { n: runs.length }), tn("{n} branch", "{n} branches", branches)].join(", "), ""]];
  const stamp = JSON.stringify(entries);
  if (brief.dataset.stamp === stamp) return;
  brief.dataset.stamp = stamp;
  brief.replaceChildren(...entries.map(([look, name, error]) => node("span", { class: look ? `kd-run-text kd-run-${look.name}` : "" },
    look ? runKey(look) : null, `${name} ${error}`)));
}

function lastError(run) {
  return run.values.length ? percent(run.values.at(-1)) : "–";
}

function runsList(model, life) {
  const group = uniqueId("shown");
  const head = (term, meaning) => node("span", { role: "columnheader" }, definition(life, term, meaning));
  const header = node("div", { class: "kd-run-row kd-run-head", role: "row" },
    node("span", { role: "columnheader", class: "kd-unseen" }, t("In the views")),
    node("span", { role: "columnheader", class: "kd-run-named" }, node("span", { class: "kd-unseen" }, t("Run"))),
    head(t("Last error"), RUN_MEANINGS.last), head(t("Best on validation"), RUN_MEANINGS.best), head(t("Test errors"), RUN_MEANINGS.test));
  const root = node("div", { class: "kd-runs-list", role: "table", "aria-label": t("Runs") }, header);
  const made = new Map();
  return {
    root,
    draw(runs) {
      for (const [id, row] of made) {
        if (runs.some((run) => run.id === id)) continue;
        const next = row.root.nextElementSibling ?? row.root.previousElementSibling;
        const hadFocus = row.root.contains(focusedBeside(root));
        row.root.remove();
        row.end();
        made.delete(id);
        if (hadFocus) next?.querySelector("input")?.focus();
      }
      runs.forEach((run, i) => {
        if (!made.has(run.id)) made.set(run.id, runRow(model, run.id, group));
        const row = made.get(run.id);
        if (root.children[i + 1] !== row.root) root.insertBefore(row.root, root.children[i + 1] ?? null);
        row.draw(run);
      });
    },
  };
}

/** One run; it ends before the view does where the run is removed. */
function runRow(model, id, group) {
  const life = lifetime(model);
  let run = { id, name: "", role: "" };
  const send = (command, values = {}) => model.send({ command, run: id, ...values });
  const radio = node("input", { type: "radio", name: group });
  life.listen(radio, "change", () => {
    model.set("shown_run", id); // the views follow at once; Python hears it below
    send("show");
  });
  const key = node("span", { class: "kd-run-keyed" });
  const name = nameField(life, () => run.name, (text) => send("rename", { name: text }));
  const note = node("p", { class: "kd-note" });
  const numbers = [t("Last"), t("Best"), t("Test")].map(numberCell);
  const hide = iconButton(life, "kd-run-hide", () => send("hide", { hidden: !run.hidden }));
  const remove = iconButton(life, "kd-run-remove", () => send("remove"));
  const root = node("div", { class: "kd-run-row", role: "row" },
    node("span", { role: "cell" }, node("label", { class: "kd-run-radio" }, radio, node("i", {}))),
    node("span", { role: "rowheader", class: "kd-run-named" }, key, name.input, note),
    ...numbers.map((cell) => cell.root),
    node("span", { role: "cell", class: "kd-run-actions" }, hide.root, remove.root));
  return {
    root,
    end: () => life.end(),
    draw(next) {
      run = next;
      const look = runLook(run);
      if (key.dataset.look !== look.name) {
        key.dataset.look = look.name;
        key.replaceChildren(runKey(look));
      }
      const shown = model.get("shown_run") === id;
      radio.checked = shown;
      root.classList.toggle("kd-run-shown", shown);
      root.classList.toggle("kd-run-hidden", run.hidden);
      put(radio, "aria-label", t("Show {name} in the views", { name: run.name }));
      name.draw(run.name);
      say(note, (run.note ?? "").replaceAll(" = ", "\u00a0=\u00a0"));
      put(note, "title", run.note || null);
      numbers[0].draw(lastError(run), run.steps.length ? t("step {step}", { step: grouped(run.steps.at(-1)) }) : "");
      numbers[1].draw(run.best ? percent(run.best.value) : "–", run.best ? t("step {step}", { step: grouped(run.best.step) }) : "");
      numbers[2].draw(testErrors(run), "");
      hide.draw(run.hidden ? "show" : "hide", t("Hide the curve of {name}", { name: run.name }));
      put(hide.root, "aria-pressed", String(Boolean(run.hidden)));
      remove.draw("remove", t("Remove {name}", { name: run.name }));
      remove.root.hidden = !run.removable;
    },
  };
}

function testErrors(run) {
  if (run.test === null || run.test === undefined) return "–";
  const atBest = run.best_test ?? null;
  return atBest === null || atBest === run.test ? grouped(run.test) : `${grouped(run.test)} (${grouped(atBest)})`;
}

function numberCell(label) {
  const value = node("span", { class: "kd-run-value" });
  const under = node("small", {});
  return {
    root: node("span", { role: "cell", class: "kd-run-number", "data-label": label }, value, under),
    draw(text, small) {
      say(value, text);
      say(under, small);
    },
  };
}

/** A name that is edited in place. Enter or leaving the field sends it, Escape takes it back. */
function nameField(life, current, send) {
  const input = node("input", { type: "text", class: "kd-run-name", maxlength: 40, autocomplete: "off", spellcheck: "false" });
  let editing = false;
  life.listen(input, "input", () => (editing = true));
  life.listen(input, "keydown", (event) => {
    if (event.key === "Escape") {
      editing = false;
      input.value = current();
    } else if (event.key === "Enter") input.blur();
  });
  life.listen(input, "blur", () => {
    const text = input.value.trim();
    if (editing && text !== current()) send(text);
    editing = false;
  });
  return {
    input,
    draw(name) {
      put(input, "aria-label", t("Name of {name}", { name }));
      put(input, "title", name);
      if (!editing && input.value !== name) input.value = name;
    },
  };
}

/** What was removed last, and the button that brings it back. */
function undoPart(model, life) {
  const what = node("span", {});
  const button = node("button", { type: "button", class: "kd-button" }, t("Undo"));
  const root = node("div", { class: "kd-undo" }, what, button);
  life.listen(button, "click", () => model.send({ command: "undo" }));
  return {
    root,
    draw() {
      const text = model.get("undo");
      const held = root.contains(focusedBeside(root));
      root.hidden = !text;
      say(what, text);
      put(button, "aria-label", text ? t("Undo ({what})", { what: text.replace(/\.$/, "") }) : null);
      if (root.hidden && held) root.parentElement?.querySelector(".kd-earlier-show, summary")?.focus(); // what was pressed is gone
    },
  };
}

function repeatPart(model, life) {
  const button = node("button", { type: "button", class: "kd-button" }, t("Repeat with {n} seeds", { n: SEEDS }));
  const twins = node("button", { type: "button", class: "kd-button" }, t("Train its twins"));
  const note = node("p", { class: "kd-note" });
  const root = node("div", { class: "kd-runs-repeat" }, twins, button, note);
  life.listen(button, "click", () => {
    if (button.getAttribute("aria-disabled") !== "true") model.send({ command: "repeat", seeds: SEEDS });
  });
  life.listen(twins, "click", () => model.send({ command: "twins" }));
  return {
    root,
    draw(folded) {
      const alone = Boolean(model.get("can_twin")) && !isLocked(model, "twins");
      const works = model.get("can_repeat") && !isLocked(model, "repeat");
      const text = model.get("repeat_note");
      root.hidden = !alone && folded && !works && !text;
      twins.hidden = !alone;
      put(twins, "title", t("The same student without a teacher, from step 0: what the teacher is worth shows beside it"));
      button.hidden = alone && !works;
      put(button, "aria-disabled", works ? "false" : "true");
      say(note, text);
    },
  };
}

export default { render };
