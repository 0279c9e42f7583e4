// CompressChart: the chart, the table of its points, and of the point that is read its program and its twin's.

import { copyButton } from "../shared/copy.js";
import { card, changing, commit, drawing, lifetime, node, onOtherWidth, put, say, uniqueId } from "../shared/elements.js";
import { about, grouped, shortPercent } from "../shared/format.js";
import { sceneOf } from "../shared/scene.js";
import { t } from "../shared/words.js";
import { AXES } from "./numbers.js";
import { AXIS_NAMES, bytesText, ERROR_NAMES, key, plot, ratioText, waysToCome } from "./plot.js";
import "./style.css";

const SHORT = { gzipped: t("Bytes after gzip"), bytes: t("Bytes"), ratio: t("Time") };
const FILE = "compress.csv";
const PART_NAMES = { validation: t("Validation"), test: t("Test") };

async function render({ model, el, host }) {
  await sceneOf(model, host);
  const life = lifetime(model);
  const { body } = card(el, "compress-chart", t("Errors, bytes and time"));
  const axis = axisPart(model, life);
  const drawn = node("div", { class: "kd-compress-drawn" });
  const figure = node("figure", { class: "kd-compress-figure" }, drawn);
  const empty = node("div", { class: "kd-compress-empty" }, node("p", { class: "kd-compress-lead" }, t("No point yet.")),
    node("p", { class: "kd-note" }, t("Add one, or the four ways one after another. Each way has a mark of its own:")), waysToCome());
  const counted = partOfData(model, life);
  const told = node("div", { class: "kd-compress-told" });
  const table = tablePart(model, life);
  const code = codePart(life);
  const saved = node("span", { class: "kd-note", role: "status" });
  const save = node("button", { type: "button", class: "kd-button" }, t("Save the table (CSV)"));
  const clear = node("button", { type: "button", class: "kd-button" }, t("Remove all"));
  life.listen(save, "click", () => saveAs(model.get("csv"), saved));
  life.listen(clear, "click", () => model.get("points").length && model.send({ command: "clear" }));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Errors, bytes and time")), axis.root), counted.root, figure, empty, told, table.root, code.root,
    node("div", { class: "kd-compress-saves" }, save, clear, saved));
  const differs = changing();
  const tellsAnew = changing();

  const choose = (id) => commit(model, { selected: model.get("selected") === id ? -1 : id });
  const painter = drawing(life, () => {
    const [points, teacher, across, selected] = [model.get("points"), model.get("teacher"), model.get("across"), model.get("selected")];
    const [part, some] = [model.get("errors_on"), model.get("points").length > 0];
    const width = Math.max(280, Math.round(drawn.clientWidth) || 600);
    axis.draw(across);
    axis.root.hidden = figure.hidden = !some;
    empty.hidden = some;
    counted.draw(part, model.get("opened"), some, teacher.examples);
    if (some && differs(JSON.stringify([points, teacher, across, part, selected]), width)) {
      drawn.replaceChildren(plot({ width, teacher, points, across, part, selected, choose }));
      figure.replaceChildren(drawn, key(points, across));
    }
    if (tellsAnew(JSON.stringify(model.get("sentences")))) told.replaceChildren(...model.get("sentences").map((line) => node("p", { class: "kd-sentence" }, line)));
    table.draw(teacher, points, part, selected, choose);
    code.draw(points, selected);
    put(save, "aria-disabled", model.get("csv") ? "false" : "true");
    put(clear, "aria-disabled", points.length ? "false" : "true");
  });
  onOtherWidth(life, el, painter.soon);
  life.watch(["points", "teacher", "across", "errors_on", "opened", "selected", "sentences", "csv"], painter.soon);
  painter.now();
  return () => life.end();
}

function axisPart(model, life) {
  const group = uniqueId("across");
  const options = AXES.map((value) => {
    const input = node("input", { type: "radio", name: group, value, "aria-label": AXIS_NAMES[value] });
    life.listen(input, "change", () => commit(model, { across: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, SHORT[value])) };
  });
  return {
    root: node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("What the chart shows across")), ...options.map((one) => one.root)),
    draw(across) {
      for (const { value, input } of options) input.checked = value === across;
    },
  };
}

/** Whose errors are shown: those on validation data until the test set is opened, and then either. */
function partOfData(model, life) {
  const said = node("span", { class: "kd-note" });
  const open = node("button", { type: "button", class: "kd-button" }, t("Open the test set"));
  life.listen(open, "click", () => model.send({ command: "open" }));
  const group = uniqueId("part");
  const choices = Object.entries(PART_NAMES).map(([value, name]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => model.send({ command: "count_on", part: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, name)) };
  });
  const segments = node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Whose errors are shown")), ...choices.map((one) => one.root));
  const root = node("div", { class: "kd-compress-counted" }, segments, said, open);
  return {
    root,
    draw(part, opened, some, examples) {
      root.hidden = !some;
      segments.hidden = !opened;
      open.hidden = opened;
      for (const { value, input } of choices) input.checked = value === part;
      const n = grouped(examples ?? 0);
      say(said, part === "test" ? t("Errors of {n} test examples.", { n })
        : opened ? t("Errors of {n} validation examples.", { n })
          : t("Errors of {n} validation examples. Choose by these; the test set is opened once, when all is chosen.", { n }));
    },
  };
}

function saveAs(text, told) {
  if (!text) {
    say(told, t("Nothing has finished yet."));
    return;
  }
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  node("a", { href: address, download: FILE }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
  say(told, t("Saved as {file}.", { file: FILE }));
}

/** A row for the teacher and for each point; its number opens its program, a cross removes it. */
function tablePart(model, life) {
  const errors = node("span", {});
  const head = ["", t("made small by"), errors, t("accuracy kept"), t("beside its twin"), t("bytes"), t("after gzip"), t("time"), ""];
  const rows = node("div", { class: "kd-compress-tbody", role: "rowgroup" });
  const root = node("div", { class: "kd-compress-scroll" }, node("div", { class: "kd-compress-table", role: "table", "aria-label": t("Small networks") },
    node("div", { class: "kd-compress-thead", role: "rowgroup" }, line(head.map((name) => entry("columnheader", name)), "kd-compress-top")), rows));
  const listed = changing();
  life.listen(rows, "click", (event) => {
    const button = event.target.closest("button[data-remove]");
    if (button) model.send({ command: "remove", id: Number(button.dataset.remove) });
  });
  let now = (_id) => {};
  life.listen(rows, "click", (event) => {
    const button = event.target.closest("button[data-read]");
    if (button) now(Number(button.dataset.read));
  });
  return {
    root,
    draw(teacher, points, part, selected, choose) {
      now = choose;
      root.hidden = !teacher.errors;
      say(errors, ERROR_NAMES[part]);
      if (listed(JSON.stringify([teacher, points]))) {
        const right = teacher.examples - teacher.errors;
        const lines = points.map((one, i) => line([
          entry("cell", node("button", { type: "button", class: "kd-compress-read", "data-read": one.id, "aria-label": t("Read point {n}", { n: i + 1 }) }, String(i + 1))),
          entry("rowheader", node("span", {}, one.name), node("span", { class: "kd-note kd-compress-note" }, one.note ?? "")),
          entry("cell", grouped(one.errors)), entry("cell", shortPercent((100 * (one.examples - one.errors)) / right)),
          entry("cell", one.beside_twin), entry("cell", bytesText(one.bytes)), entry("cell", bytesText(one.gzipped)), entry("cell", timeText(one)),
          entry("cell", node("button", { type: "button", class: "kd-compress-remove", "data-remove": one.id, "aria-label": t("Remove point {n}", { n: i + 1 }) }, "×")),
        ]));
        const own = ["", teacher.name, grouped(teacher.errors), shortPercent(100), "", bytesText(teacher.bytes), bytesText(teacher.gzipped), ratioText(1), ""];
        rows.replaceChildren(line(own.map((text, i) => entry(i === 1 ? "rowheader" : "cell", text)), "kd-compress-of-teacher"), ...lines);
      }
      for (const button of rows.querySelectorAll("button[data-read]")) put(button, "aria-pressed", Number(button.dataset.read) === selected ? "true" : "false");
    },
  };
}

function timeText(one) {
  const own = ratioText(one.ratio);
  return one.ratio_low === undefined ? own : t("{time} ({low} to {high})", { time: own, low: about(one.ratio_low), high: about(one.ratio_high) });
}

function line(cells, extra = "") {
  return node("div", { class: `kd-compress-line ${extra}`.trim(), role: "row" }, ...cells);
}

function entry(role, ...content) {
  return node("div", { class: "kd-compress-cell", role }, ...content);
}

/** The programs of the point that is read. */
function codePart(life) {
  const title = node("h3", {});
  const programs = [t("Its program"), t("Its twin’s program")].map((name) => {
    const code = node("pre", { class: "kd-compress-code", tabindex: "0", id: uniqueId("code"), "aria-label": name });
    const told = node("span", { class: "kd-note", role: "status" });
    const root = node("details", { class: "kd-more", open: "" }, node("summary", {}, name), code, node("div", { class: "kd-compress-saves" }, copyButton(life, t("Copy"), code, told), told));
    return { root, code };
  });
  programs[1].root.open = false;
  const root = node("section", { class: "kd-compress-program" }, title, ...programs.map((one) => one.root));
  return {
    root,
    draw(points, selected) {
      const at = points.findIndex((one) => one.id === selected);
      root.hidden = at < 0;
      if (at < 0) return;
      const one = points[at];
      say(title, `${at + 1}: ${one.name}`);
      for (const [part, text] of [[programs[0], one.code ?? ""], [programs[1], one.twin_code ?? ""]]) {
        part.root.hidden = !text;
        say(part.code, text);
      }
    },
  };
}

export default { render };
