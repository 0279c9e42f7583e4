// Experiments: a list, and of the one chosen its question, the reader's guess, then its figure, table and what differs.

import { copyButton, hasAddress } from "../shared/copy.js";
import { announcer, card, changing, commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { remembered } from "../shared/remembered.js";
import { t } from "../shared/words.js";
import { forest } from "./forest.js";
import "./style.css";

const ROOMY_REM = 56; // from here on the list stands beside the rest; below, it is a select
const ANSWERS = { fewer: t("Fewer errors"), same: t("No clear difference"), more: t("More errors") };
const KEPT = "kdviz-guess:";

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "experiments", t("Experiments"));
  const live = announcer(life, { quiet: 300 });
  followAddress(model);
  const list = listPart(model, life);
  const open = node("article", { class: "kd-experiment", tabindex: "-1" });
  body.append(node("div", { class: "kd-experiments-page" }, list.root, node("div", {}, list.short, open)));
  root.append(live.region);
  takeKept(model);

  const differs = changing();
  const painter = drawing(life, () => {
    const one = chosenOf(model);
    const guess = guessesOf(model)[one?.name] ?? "";
    list.draw(guessesOf(model));
    if (one && differs(JSON.stringify(one), guess)) {
      const drawn = drawOne(model, life, one, guess);
      open.replaceChildren(...drawn);
      live.announce(guess ? one.guess.verdict : one.question, `${one.name} ${guess !== ""}`);
    }
  });
  const room = new ResizeObserver(() => {
    const width = body.clientWidth;
    if (!width) return;
    const roomy = width >= ROOMY_REM * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    [list.root.hidden, list.short.hidden] = [!roomy, roomy];
  });
  room.observe(body);
  life.onEnd(() => room.disconnect());
  life.watch(["experiments", "chosen", "guesses"], painter.soon);
  painter.now();
  return () => life.end();
}

function chosenOf(model) {
  const all = model.get("experiments");
  return all.find((one) => one.name === model.get("chosen")) ?? all[0] ?? null;
}

function guessesOf(model) {
  return JSON.parse(model.get("guesses") || "{}");
}

/** Open what the address asks for, and tell the page around that it is done, with what was asked for in vain. */
function followAddress(model) {
  const asked = hasAddress() ? new URLSearchParams(location.search).get("experiment") : null;
  if (asked === null) return;
  const there = model.get("experiments").some((one) => one.name === asked);
  if (there && asked !== model.get("chosen")) commit(model, { chosen: asked });
  const note = there ? "" : t("This link asks for an experiment that is not here; the first one is shown.");
  document.dispatchEvent(new CustomEvent("kdviz-link", { detail: { note } }));
}

function choose(model, name) {
  commit(model, { chosen: name });
  if (!hasAddress()) return;
  const query = new URLSearchParams(location.search);
  query.set("experiment", name);
  history.replaceState(null, "", `?${query}`);
}

/** Guesses that this browser kept, where the kernel knows none. */
function takeKept(model) {
  const kept = remembered(model, KEPT, () => "all").get();
  try {
    const held = JSON.parse(kept || "{}");
    const names = new Set(model.get("experiments").map((one) => one.name));
    const fits = Object.entries(held).filter(([name, guess]) => names.has(name) && (guess in ANSWERS || guess === "shown"));
    const all = { ...Object.fromEntries(fits), ...guessesOf(model) };
    if (JSON.stringify(all) !== model.get("guesses")) commit(model, { guesses: JSON.stringify(all) });
  } catch {
    // Something else stands there: no guess was kept.
  }
}

function keepGuess(model, name, guess) {
  const { [name]: _, ...others } = guessesOf(model);
  const text = JSON.stringify(guess ? { ...others, [name]: guess } : others);
  commit(model, { guesses: text });
  remembered(model, KEPT, () => "all").put(text);
}

/** All experiments with their questions; the same as a select, where there is little room. */
function listPart(model, life) {
  const group = uniqueId("experiment");
  const id = uniqueId("experiment");
  const rows = node("div", { class: "kd-experiments-rows" });
  const root = node("fieldset", { class: "kd-experiments-list" }, node("legend", {}, t("Experiment")), rows);
  const select = node("select", { class: "kd-select", id });
  const short = node("div", { class: "kd-field", hidden: "" }, node("label", { for: id }, t("Experiment")), select);
  life.listen(rows, "change", (event) => choose(model, event.target.value));
  life.listen(select, "change", () => choose(model, select.value));
  const listed = changing();
  return {
    root,
    short,
    draw(guesses) {
      const all = model.get("experiments");
      if (listed(JSON.stringify(all.map((one) => [one.name, one.title])))) {
        rows.replaceChildren(...all.map((one) => node("label", { class: "kd-experiments-row" },
          node("input", { type: "radio", name: group, value: one.name }),
          node("span", {}, node("span", { class: "kd-experiments-title" }, one.title), node("span", { class: "kd-experiments-mark" })))));
        select.replaceChildren(...all.map((one) => node("option", { value: one.name }, one.title)));
      }
      const chosen = chosenOf(model)?.name ?? "";
      for (const input of rows.querySelectorAll("input")) {
        input.checked = input.value === chosen;
        input.parentElement.classList.toggle("kd-experiments-chosen", input.checked);
        const guess = guesses[input.value] ?? "";
        const right = all.find((one) => one.name === input.value)?.guess.right;
        say(input.parentElement.querySelector(".kd-experiments-mark"), markOf(guess, right));
      }
      if (select.value !== chosen) select.value = chosen;
    },
  };
}

function markOf(guess, right) {
  if (!guess || guess === "shown") return "";
  return guess === right ? ` · ${t("guessed right")}` : ` · ${t("guessed otherwise")}`;
}

/** One experiment: its question and setting; after the guess all else. */
function drawOne(model, life, one, guess) {
  const head = [node("h2", {}, one.title), node("p", { class: "kd-experiment-question" }, one.question)];
  const setting = node("p", { class: "kd-note" }, one.setting);
  const differs = one.differs ? part(t("What differs from the paper"), node("p", { class: "kd-sentence" }, one.differs)) : null;
  if (!guess) return [...head, setting, guessPart(model, life, one), differs].filter(Boolean);
  return [
    ...head, setting, answerPart(model, life, one, guess),
    forest(one), tablePart(one), ...one.told.map((text) => node("p", { class: "kd-note" }, text)),
    paperPart(one), differs, againPart(life, one),
  ].filter(Boolean);
}

function part(title, ...content) {
  return node("section", { class: "kd-experiment-part" }, node("h3", {}, title), ...content);
}

function guessPart(model, life, one) {
  const root = node("div", { class: "kd-experiment-guess" }, node("p", { class: "kd-sentence" }, one.guess.text));
  const row = node("div", { class: "kd-experiment-answers" });
  const button = (guess, text, kind) => {
    const made = node("button", { type: "button", class: `kd-button ${kind}` }, text);
    life.listen(made, "click", () => {
      const open = made.closest(".kd-experiment");
      keepGuess(model, one.name, guess);
      open?.focus();
    });
    return made;
  };
  row.append(...Object.entries(ANSWERS).map(([guess, text]) => button(guess, text, "")));
  root.append(row, button("shown", t("Show the numbers without a guess"), "kd-experiment-plain"));
  return root;
}

function answerPart(model, life, one, guess) {
  const again = node("button", { type: "button", class: "kd-button kd-experiment-plain" }, t("Hide the numbers again"));
  life.listen(again, "click", () => keepGuess(model, one.name, ""));
  const yours = guess === "shown" ? null : node("p", { class: "kd-note" },
    guess === one.guess.right ? t("Your guess: {guess}. So it came out.", { guess: ANSWERS[guess] }) : t("Your guess: {guess}. It came out otherwise.", { guess: ANSWERS[guess] }));
  return node("div", { class: "kd-experiment-answer" }, node("p", { class: "kd-experiment-verdict" }, one.guess.verdict), yours, again);
}

/** A table of divs: Jupyter styles the elements of tables in its outputs. */
function tableOf(kind, head, rows) {
  const cell = (role, text, more = "") => node("div", { role, class: `kd-experiment-cell ${more}` }, text);
  const line = (kind, ...cells) => node("div", { role: "row", class: `kd-experiment-line ${kind}` }, ...cells);
  return node("div", { role: "table", class: `kd-experiment-table ${kind}`, "aria-label": t("Table of results") },
    head.length ? line("kd-experiment-head", ...head.map((text) => cell("columnheader", text))) : null,
    ...rows.map((row) => line("", cell("rowheader", row.cells[0], "kd-experiment-first"),
      ...row.cells.slice(1).map((text, i) => cell("cell", text, row.wraps && i + 1 === row.wraps ? "kd-experiment-words" : "")))));
}

function tablePart(one) {
  const table = tableOf("", one.head, one.rows.map((row) => ({ cells: row.cells, wraps: one.wraps })));
  return node("div", { class: "kd-experiment-scroll", tabindex: "0", role: "region", "aria-label": t("Table of results") }, table);
}

function paperPart(one) {
  const rows = (one.paper ?? []).map((cells) => ({ cells, wraps: 1 }));
  return part(t("The paper"), node("p", { class: "kd-note" }, one.source), rows.length ? tableOf("kd-experiment-paper", [], rows) : null);
}

/** How to run it again: the command, and a page with one of its runs. */
function againPart(life, one) {
  const command = node("code", { class: "kd-experiment-command" }, one.command);
  const told = node("span", { class: "kd-note", role: "status" });
  const row = node("div", { class: "kd-experiment-answers" }, command, copyButton(life, t("Copy"), command, told), told);
  const link = one.href && hasAddress() ? node("p", {}, node("a", { href: one.href }, t("Open a run like these: {page}", { page: one.page }))) : null;
  const call = one.call && !link ? node("p", { class: "kd-note" }, t("A run like these, live: {call}", { call: one.call })) : null;
  return part(t("Run it again"), row, link, call);
}

export default { render };
