// Presets: a row of questions to start from, the reader's bet on the one chosen, and what became of it.

import { announcer, card, commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { sideways } from "../shared/sideways.js";
import { floats } from "../shared/softmax.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const BUSY = ["loading", "running"];
const CLOSED = [...BUSY, "paused", "stopped", "finished"]; // states in which no bet is taken
const SEEDS = 5;
const MOST_DIGITS = 6;

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "presets", t("Presets"));
  const live = announcer(life, { quiet: 300 });
  const choose = (name) => {
    commit(model, { chosen: name });
    model.send({ command: "preset", name });
  };
  const chips = chipRow(life, choose);
  const question = node("h2", { class: "kd-preset-question" });
  const verdict = node("p", { class: "kd-preset-verdict" });
  const buttons = answerButtons(model, life, choose);
  const bet = betPart(model, life);
  const units = unitPictures(life);
  const why = node("p", { class: "kd-preset-why" });
  const answered = node("div", { class: "kd-preset-answer" }, why, units.root);
  body.append(chips.root, node("div", { class: "kd-preset-head" }, verdict, question, buttons.root), bet.root, answered);
  root.append(live.region);

  const painter = drawing(life, () => {
    el.hidden = isHidden(model, "presets");
    if (el.hidden) return;
    const preset = model.get("presets").find((p) => p.name === model.get("chosen")) ?? null;
    const answer = model.get("answer");
    const said = answer.verdict ?? "";
    chips.draw(model);
    body.classList.toggle("kd-answered", said !== "");
    say(question, preset?.question ?? "");
    put(question, "title", said ? (preset?.question ?? null) : null);
    say(verdict, said);
    verdict.hidden = answered.hidden = said === "";
    bet.root.hidden = said !== "" || preset === null;
    if (preset) bet.draw(preset);
    buttons.draw(preset, answer);
    say(why, answer.why ?? "");
    units.draw(model);
    live.announce([said || preset?.question, answer.why].filter(Boolean).join(" "), `${preset?.name} ${said !== ""}`);
  });
  life.watch(["presets", "chosen", "bet", "answer", "pictures", "hidden", "locked", "state"], painter.soon);
  painter.now();
  return () => life.end();
}

/** One row of native radio buttons; it scrolls sideways where it finds no room. */
function chipRow(life, onChoose) {
  const group = uniqueId("preset");
  const root = node("div", { class: "kd-chips", role: "radiogroup", "aria-label": t("Try") });
  const row = sideways(life, root);
  let stamp = "";
  life.listen(root, "change", (event) => onChoose(event.target.value));
  const chip = (row) => node("label", {}, node("input", { type: "radio", name: group, value: row.name }), node("span", {}, row.title));
  return {
    root: row.root,
    draw(model) {
      const rows = model.get("presets");
      const next = JSON.stringify(rows.map((row) => [row.name, row.title]));
      if (next !== stamp) root.replaceChildren(...rows.map(chip));
      const off = isLocked(model, "presets") || BUSY.includes(model.get("state"));
      let shown = null;
      for (const input of root.querySelectorAll("input")) {
        input.checked = input.value === model.get("chosen");
        input.disabled = off;
        if (input.checked) shown = input.parentElement;
      }
      if (shown && (next !== stamp || shown.dataset.shown === undefined)) centre(root, shown);
      for (const label of root.children) delete label.dataset.shown;
      if (shown) shown.dataset.shown = "";
      stamp = next;
      row.draw();
    },
  };
}

/** Scroll the row, and only the row, so that a chip stands in its middle. */
function centre(row, chip) {
  row.scrollLeft = chip.offsetLeft - row.offsetLeft - (row.clientWidth - chip.offsetWidth) / 2;
}

/** The bet: a few answers to choose from, or a number of errors. */
function betPart(model, life) {
  const group = uniqueId("bet");
  const legend = node("legend", { class: "kd-unseen" }, t("Your bet"));
  const choices = node("fieldset", { class: "kd-segments" }, legend);
  const id = uniqueId("guess");
  const field = node("input", { id, type: "text", inputmode: "numeric", class: "kd-preset-guess", maxlength: 9, autocomplete: "off" });
  const guess = node("div", { class: "kd-preset-number" }, node("label", { for: id }, t("Your bet, in errors")), field);
  const note = node("p", { class: "kd-note" });
  const root = node("div", { class: "kd-preset-bet" }, choices, guess, note);
  let stamp = "";
  let shown = null;
  const tell = () => {
    const wrong = field.getAttribute("aria-invalid") === "true" && !guess.hidden;
    say(note, wrong ? t("A whole number of errors is expected, such as 800.") : betNote(model, shown, model.get("bet"), CLOSED.includes(model.get("state"))));
  };
  life.listen(choices, "change", (event) => commit(model, { bet: event.target.value }));
  life.listen(field, "input", () => {
    const digits = field.value.replace(/[\s.,]/g, "");
    const fits = /^\d*$/.test(digits) && digits.length <= MOST_DIGITS;
    put(field, "aria-invalid", fits ? null : "true");
    if (fits) commit(model, { bet: digits && String(Number(digits)) });
    tell();
  });
  const choice = (answer) => node("label", {}, node("input", { type: "radio", name: group, value: answer.name }), node("span", {}, answer.text));
  return {
    root,
    draw(preset) {
      const next = JSON.stringify([preset.name, preset.answers]);
      if (next !== stamp) choices.replaceChildren(legend, ...preset.answers.map(choice));
      const [bet, closed] = [model.get("bet"), CLOSED.includes(model.get("state"))];
      choices.hidden = preset.answers.length === 0;
      guess.hidden = !choices.hidden;
      choices.disabled = field.disabled = closed;
      for (const input of choices.querySelectorAll("input")) input.checked = input.value === bet;
      const typed = field.value.replace(/[\s.,]/g, "");
      if (next !== stamp || (typed !== bet && field.getRootNode().activeElement !== field)) {
        field.value = /^\d+$/.test(bet) ? grouped(Number(bet)) : "";
        put(field, "aria-invalid", null);
      }
      stamp = next;
      shown = preset;
      tell();
    },
  };
}

/** What the reader can do about the bet now. */
function betNote(model, preset, bet, closed) {
  const seeds = preset.seeds > 1 ? tn("It takes {n} seed to settle.", "It takes {n} seeds to settle; a button for them comes after the first.", preset.seeds) : "";
  const look = t("Where to look: {look}", { look: preset.look });
  const parts = closed
    ? [bet ? t("Your bet is locked.") : t("No bet was made."), BUSY.includes(model.get("state")) ? t("Stop the run to choose another preset.") : "", look]
    : [isLocked(model, "presets") ? t("Set by the link that opened this page.") : "", bet ? t("It locks at Train.") : t("Make your bet, then press Train."), seeds, look];
  return parts.filter(Boolean).join(" ");
}

/** What can be done after an answer: more seeds, the next preset. */
function answerButtons(model, life, choose) {
  const repeat = node("button", { type: "button", class: "kd-button" }, t("Repeat with {n} seeds", { n: SEEDS }));
  const title = node("span", {});
  const next = node("button", { type: "button", class: "kd-button kd-primary" }, title);
  const root = node("div", { class: "kd-preset-buttons" }, repeat, next);
  let following = null;
  const press = (button, act) => life.listen(button, "click", () => button.getAttribute("aria-disabled") !== "true" && act());
  press(repeat, () => model.send({ command: "repeat", seeds: SEEDS }));
  press(next, () => choose(following.name));
  return {
    root,
    draw(preset, answer) {
      following = answer.verdict ? (model.get("presets").find((row) => row.name === preset?.next) ?? null) : null;
      root.hidden = !answer.verdict;
      const busy = BUSY.includes(model.get("state"));
      repeat.hidden = !answer.repeat || isLocked(model, "repeat");
      put(repeat, "aria-disabled", String(busy));
      next.hidden = following === null || following === preset || isLocked(model, "presets");
      put(next, "aria-disabled", String(busy));
      put(next, "title", busy ? t("Stop the run to choose another preset.") : (following?.question ?? null));
      say(title, following ? t("Next: {question}", { question: following.title }) : "");
    },
  };
}

/** The student's units as pictures: small beside the answer, large on a press. */
function unitPictures(life) {
  const id = uniqueId("units");
  const small = node("button", { type: "button", class: "kd-preset-units", popovertarget: id });
  const sheet = node("div", { class: "kd-preset-sheet kd-pictures" });
  const large = node("div", { id, class: "kd-preset-large", popover: "auto", role: "dialog", "aria-label": t("The student’s units") },
    node("p", { class: "kd-sentence" }, t("Each unit is one picture: its weights, green where ink speaks for it, purple where ink speaks against it.")), sheet);
  const root = node("div", {}, small, large);
  let stamp = null;
  return {
    root,
    draw(model) {
      const [[height, width], bytes] = [model.get("picture_shape"), model.get("pictures")];
      const values = height ? floats(bytes) : new Float32Array(0);
      const count = height ? values.length / (height * width) : 0;
      root.hidden = count === 0;
      if (stamp === bytes || !count) return;
      stamp = bytes;
      put(small, "aria-label", t("See the student’s {n} units", { n: count }));
      put(small, "title", t("See the student’s {n} units", { n: count }));
      const one = (i) => picture(values.subarray(i * height * width, (i + 1) * height * width), height, width);
      small.replaceChildren(...Array.from({ length: count }, (_, i) => one(i)));
      sheet.replaceChildren(...Array.from({ length: count }, (_, i) => node("figure", {}, one(i), node("figcaption", {}, t("unit {n}", { n: i + 1 })))));
    },
  };
}

// Purple to white to green (ColorBrewer's PRGn), apart from the colours of teacher and student.
const AGAINST = [118, 42, 131];
const FOR = [27, 120, 55];

function picture(values, height, width) {
  const canvas = node("canvas", { width, height, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  values.forEach((value, i) => {
    const end = value < 0 ? AGAINST : FOR;
    const strength = Math.min(1, Math.abs(value)) ** 0.7;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 247 + (end[c] - 247) * strength;
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

export default { render };
