// StudyMap: a heat map that is a table, the cell that is read, and all numbers as a table.

import { cellSentence, differenceText, intervalText, looks, mapSentence, nextCell, outcomeText, VERDICTS, withSd } from "./numbers.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say, uniqueId } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { t } from "../shared/words.js";
import "./style.css";

const SHOWN = { value: t("Student"), difference: t("Student − twin") };

async function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "study-map", t("Map"));
  const outcome = outcomePart(model, life);
  const shows = showsPart(model, life);
  const map = mapPart(model, life);
  const key = node("p", { class: "kd-note kd-study-key" });
  const sentence = liveSentence(life);
  const reading = readingPart();
  const told = node("div", { class: "kd-study-told" });
  const caption = node("p", { class: "kd-note" });
  const all = allPart();
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("The map")), node("div", { class: "kd-study-choices" }, outcome.root, shows.root)),
    caption, map.root, key, sentence.root, reading.root, told, all.root);
  const lines = changing();

  const painter = drawing(life, () => {
    const kinds = model.get("kinds");
    const kind = kinds.find((one) => one.name === model.get("outcome")) ?? kinds[0];
    el.hidden = !kind;
    if (!kind) return;
    const cells = model.get("cells");
    const difference = model.get("shown") === "difference" && kind.of_twin;
    const drawn = looks(cells, kind, difference ? "difference" : "value");
    outcome.draw(kinds, kind);
    shows.draw(kind, difference);
    map.draw(cells, kind, drawn, difference);
    say(key, keyText(kind, drawn, model.get("best")));
    sentence.say(mapSentence(cells, kind), kind.name);
    reading.draw(cells[model.get("selected")], kinds);
    if (lines(JSON.stringify(model.get("sentences")))) told.replaceChildren(...model.get("sentences").map((line) => node("p", { class: "kd-sentence" }, line)));
    say(caption, model.get("caption"));
    all.draw(cells, kind, drawn, model.get("best"));
  });
  life.watch(["x_title", "y_title", "columns", "rows", "cells", "kinds", "best", "under_way", "caption", "sentences", "outcome", "shown", "selected"], painter.soon);
  painter.now();
  return () => life.end();
}

function keyText(kind, drawn, best) {
  const parts = [];
  if (drawn.some((one) => one.verdict === "noise")) parts.push(t("≈ and hatched grey: inside the noise, as the 95\u202f% interval of student − twin holds 0."));
  if (best >= 0) parts.push(t("★ best on validation data."));
  parts.push(kind.better === "lower" ? t("Lower is better.") : t("Higher is better."));
  return parts.join(" ");
}

function outcomePart(model, life) {
  const id = uniqueId("outcome");
  const select = node("select", { class: "kd-select", id });
  const meaning = node("span", {});
  const listed = changing();
  const meant = changing();
  life.listen(select, "change", () => commit(model, { outcome: select.value }));
  return {
    root: node("div", { class: "kd-study-outcome" }, node("label", { class: "kd-unseen", for: id }, t("Outcome")), select, meaning),
    draw(kinds, kind) {
      if (listed(JSON.stringify(kinds.map((one) => [one.name, one.title])))) select.replaceChildren(...kinds.map((one) => node("option", { value: one.name }, one.title)));
      select.value = kind.name;
      if (meant(kind.name)) meaning.replaceChildren(definition(life, t("What is it?"), kind.meaning));
    },
  };
}

function showsPart(model, life) {
  const group = uniqueId("shown");
  const options = Object.entries(SHOWN).map(([value, text]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { shown: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  });
  return {
    root: node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("What the map shows")), ...options.map((one) => one.root)),
    draw(kind, difference) {
      for (const { value, input } of options) {
        input.checked = (value === "difference") === difference;
        input.disabled = value === "difference" && !kind.of_twin;
      }
    },
  };
}

/** The table of cells: each a button; one of them takes the focus, the arrow keys go to the others. */
function mapPart(model, life) {
  const head = group("kd-study-thead");
  const rows = group("kd-study-tbody");
  const table = node("div", { class: "kd-study-table", role: "table" }, head, rows);
  const across = node("p", { class: "kd-study-axis-title", "aria-hidden": "true" });
  const down = node("p", { class: "kd-study-axis-title kd-study-down", "aria-hidden": "true" });
  const root = node("div", { class: "kd-study-map-around" }, across, down, node("div", { class: "kd-study-scroll" }, table));
  const laid = changing();
  let buttons = []; // by index of the cell
  let at = 0; // the one that takes the focus

  const go = (index, focus) => {
    at = index;
    for (const [i, button] of buttons.entries()) put(button.root, "tabindex", i === at ? "0" : "-1");
    if (focus) buttons[at].root.focus();
  };
  life.listen(rows, "keydown", (event) => {
    const cells = model.get("cells");
    const to = cells[at] && nextCell(event.key, cells[at], model.get("columns").length, model.get("rows").length);
    if (!to) return;
    event.preventDefault();
    go(cells.findIndex((cell) => cell.x === to.x && cell.y === to.y), true);
  });
  life.listen(rows, "click", (event) => {
    const index = buttons.findIndex(({ root: button }) => button === event.target.closest("button"));
    if (index < 0) return;
    go(index, false);
    commit(model, { selected: model.get("selected") === index ? -1 : index });
  });

  const lay = (cells, columns, names) => {
    buttons = cells.map(() => {
      const main = node("span", { class: "kd-study-main" });
      const below = node("span", { class: "kd-study-below" });
      return { main, below, root: node("button", { type: "button", class: "kd-study-cell", tabindex: "-1" }, main, below) };
    });
    head.replaceChildren(line(entry("cell", ""), ...columns.map((name) => entry("columnheader", name))));
    rows.replaceChildren(...names.map((name, y) => line(entry("rowheader", name), ...columns.map((_, x) => {
      const index = cells.findIndex((cell) => cell.x === x && cell.y === y);
      return entry("cell", index < 0 ? "" : buttons[index].root);
    }))));
    at = Math.min(at, Math.max(0, cells.length - 1));
    if (buttons.length) go(at, false);
  };
  return {
    root,
    draw(cells, kind, drawn, difference) {
      const [columns, names] = [model.get("columns"), model.get("rows")];
      if (laid(JSON.stringify([columns, names]), cells.length)) lay(cells, columns, names);
      say(across, t("{name} →", { name: model.get("x_title") }));
      say(down, t("{name} ↓", { name: model.get("y_title") }));
      put(table, "aria-label", t("{outcome} by {x} (columns) and {y} (rows)", { outcome: kind.title, x: model.get("x_title"), y: model.get("y_title") }));
      const now = model.get("under_way") ?? {};
      for (const [i, cell] of cells.entries()) drawCell(buttons[i], cell, kind, drawn[i], { difference, now, errors: now.errors?.[i], best: i === model.get("best"), selected: i === model.get("selected") });
    },
  };
}

function drawCell(button, cell, kind, look, { difference, now, errors, best, selected }) {
  const known = look.number !== null;
  const running = errors !== undefined;
  const marks = `${best ? "★ " : ""}${look.verdict === "noise" ? "≈ " : ""}`;
  const number = difference ? differenceText(look.number, kind.unit) : outcomeText(look.number, kind.unit);
  say(button.main, cell.failed ? t("failed") : known ? `${marks}${number}` : running ? t("{share} wrong so far", { share: soFar(errors, now.examples) }) : "–");
  say(button.below, known && cell.seeds < cell.of ? t("{n} of {total} seeds", { n: cell.seeds, total: cell.of }) : known && !difference ? differenceBelow(cell, kind) : "");
  put(button.root, "data-tone", known ? look.tone : running ? "running" : "none");
  put(button.root, "data-verdict", look.verdict);
  put(button.root, "data-running", running ? "true" : null);
  put(button.root, "style", `--kd-strength: ${Math.round(1000 * look.strength) / 10}%`);
  put(button.root, "aria-pressed", selected ? "true" : "false");
  const mark = best ? ` ${t("Best on validation data.")}` : "";
  put(button.root, "aria-label", running && !known ? t("{name}: is trained now, {share} of the validation examples wrong so far.", { name: cell.name, share: soFar(errors, now.examples) }) : cellSentence(cell, kind, look) + mark);
}

function soFar(errors, examples) {
  return `${Math.round((100 * errors) / Math.max(1, examples))}\u00a0%`;
}

function differenceBelow(cell, kind) {
  const numbers = cell.values[kind.name];
  return Number.isFinite(numbers?.difference) ? differenceText(numbers.difference, kind.unit) : "";
}

/** All outcomes of one cell. */
function readingPart() {
  const title = node("h3", { class: "kd-study-reading-title" });
  const rows = group("kd-study-tbody");
  const table = numbersTable([t("Outcome"), t("Student"), t("Twin"), t("Student − twin"), t("95\u202f% interval")], rows, t("Outcomes of the cell"));
  const root = node("div", { class: "kd-study-reading", hidden: "" }, title, node("div", { class: "kd-study-scroll", tabindex: "0", role: "group", "aria-label": t("Outcomes of the cell") }, table));
  const changed = changing();
  return {
    root,
    draw(cell, kinds) {
      root.hidden = !cell;
      if (!cell || !changed(JSON.stringify(cell), kinds.length)) return;
      say(title, cell.failed ? t("{name}: failed. {why}", { name: cell.name, why: cell.failed }) : cell.name);
      rows.replaceChildren(...kinds.filter((kind) => cell.values[kind.name]).map((kind) => {
        const of = cell.values[kind.name];
        const texts = [withSd(of, kind.unit), outcomeText(of.twin, kind.unit), differenceText(of.difference, kind.unit), intervalText(of, kind.unit)];
        return line(entry("rowheader", kind.title), ...texts.map((text) => entry("cell", text)));
      }));
    },
  };
}

/** The map as a plain table, a row for each cell. */
function allPart() {
  const rows = group("kd-study-tbody");
  const head = [t("Cell"), t("Student"), t("Twin"), t("Student − twin"), t("95\u202f% interval"), t("Verdict"), t("Seeds")];
  const name = t("All cells as a table");
  const table = numbersTable(head, rows, name);
  const root = node("details", { class: "kd-more kd-study-more" }, node("summary", {}, name), node("div", { class: "kd-study-scroll", tabindex: "0", role: "group", "aria-label": name }, table));
  const changed = changing();
  return {
    root,
    draw(cells, kind, drawn, best) {
      if (!changed(JSON.stringify(cells), kind.name, best)) return;
      rows.replaceChildren(...cells.map((cell, i) => {
        const of = cell.values[kind.name];
        const told = cell.failed ? t("failed") : of ? VERDICTS[drawn[i].verdict] : t("not run yet");
        const texts = [withSd(of, kind.unit), outcomeText(of?.twin, kind.unit), differenceText(of?.difference, kind.unit), intervalText(of, kind.unit), told, `${grouped(cell.seeds)}/${grouped(cell.of)}`];
        return line(entry("rowheader", `${i === best ? "★ " : ""}${cell.name}`), ...texts.map((text) => entry("cell", text)));
      }));
    },
  };
}

/** Tables by roles: the host styles those of HTML. */
function numbersTable(head, rows, name) {
  const heads = group("kd-study-thead");
  heads.append(line(...head.map((text) => entry("columnheader", text))));
  return node("div", { class: "kd-study-numbers", role: "table", "aria-label": name }, heads, rows);
}

function group(look) {
  return node("div", { class: look, role: "rowgroup" });
}

function line(...entries) {
  return node("div", { class: "kd-study-line", role: "row" }, ...entries);
}

function entry(role, content) {
  return node("div", { class: "kd-study-entry", role }, content);
}

export default { render };
