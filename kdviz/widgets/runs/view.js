// Runs: a line for each run on the page, and what the comparison is worth.

import { definition } from "../shared/definition.js";
import { announcer, card, commit, drawing, focusedBeside, lifetime, node, put, say, svgNode, uniqueId } from "../shared/elements.js";
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
const RUN_ICONS = {
  hide: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4z",
  show: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM2.5 13.5l11-11",
  remove: "M4 4l8 8M12 4l-8 8",
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
  body.append(fold, repeat.root, verdict);
  root.append(live.region);

  const painter = drawing(life, () => {
    const runs = model.get("runs") ?? [];
    const folded = model.get("folded");
    el.hidden = runs.length === 0 || isHidden(model, "runs");
    if (fold.open === folded) fold.open = !folded;
    drawShort(brief, runs, folded);
    list.draw(runs);
    repeat.draw(folded);
    say(verdict, model.get("verdict"));
    verdict.hidden = !model.get("verdict");
    live.announce(model.get("verdict"));
  });
  life.listen(fold, "toggle", () => {
    if (fold.open === model.get("folded")) commit(model, { folded: !fold.open });
  });
  life.watch(["folded", "can_repeat", "repeat_note", "verdict"], painter.soon);
  if (model.scene) life.watch(["runs", "shown_run", "hidden", "locked"], painter.soon);
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
  const remove = removeButton(life, () => send("remove"));
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
      remove.draw(run);
    },
  };
}

function testErrors(run) {
  if (run.test === null || run.test === undefined) return "–";
  const atBest = run.best_test ?? null;
  return atBest === null ? grouped(run.test) : `${grouped(run.test)} (${grouped(atBest)})`;
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

function iconButton(life, className, onClick) {
  const shape = svgNode("path", { fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" });
  const icon = svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape);
  const root = node("button", { type: "button", class: `kd-icon ${className}` }, icon);
  life.listen(root, "click", onClick);
  return {
    root,
    icon,
    draw(name, label) {
      put(shape, "d", RUN_ICONS[name]);
      put(root, "aria-label", label);
      put(root, "title", label);
    },
  };
}

/** The first press asks, the second one removes; anything else takes the question back. */
function removeButton(life, send) {
  let sure = false;
  let name = "";
  const question = node("span", {}, t("Sure?"));
  const button = iconButton(life, "kd-run-remove", () => {
    if (sure) send();
    ask(!sure);
  });
  button.root.append(question);
  const ask = (wanted) => {
    sure = wanted;
    question.hidden = !sure;
    button.root.classList.toggle("kd-sure", sure);
    button.draw("remove", sure ? t("Sure? Remove {name} for good", { name }) : t("Remove {name}", { name }));
  };
  life.listen(button.root, "blur", () => ask(false));
  life.listen(button.root, "keydown", (event) => event.key === "Escape" && ask(false));
  return {
    root: button.root,
    draw(run) {
      name = run.name;
      button.root.hidden = !run.removable;
      ask(sure && run.removable);
    },
  };
}

function repeatPart(model, life) {
  const button = node("button", { type: "button", class: "kd-button" }, t("Repeat with {n} seeds", { n: SEEDS }));
  const note = node("p", { class: "kd-note" });
  const root = node("div", { class: "kd-runs-repeat" }, button, note);
  life.listen(button, "click", () => {
    if (button.getAttribute("aria-disabled") !== "true") model.send({ command: "repeat", seeds: SEEDS });
  });
  return {
    root,
    draw(folded) {
      const works = model.get("can_repeat") && !isLocked(model, "repeat");
      const text = model.get("repeat_note");
      root.hidden = folded && !works && !text;
      put(button, "aria-disabled", works ? "false" : "true");
      say(note, text);
    },
  };
}

export default { render };
