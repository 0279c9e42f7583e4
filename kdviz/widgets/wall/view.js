// Wall: forty images of a class that the student never saw, and forty others, turning under the bias slider.

import { WALL, rightOf, wallRows } from "./numbers.js";
import { wallTiles } from "./tiles.js";
import { imagesOf, neverSaw, suitsInWords } from "./words.js";
import { BIAS_MEANING, biasSlider } from "../shared/bias_slider.js";
import { splitInWords } from "../shared/compared.js";
import { definition } from "../shared/definition.js";
import { announcer, card, changing, commit, drawing, lifetime, node, say } from "../shared/elements.js";
import { grouped, signed } from "../shared/format.js";
import { acrossButton } from "../shared/maps.js";
import { isInView, isLocked, joined } from "../shared/scene.js";
import { firstChoices, octets } from "../shared/softmax.js";
import { shownStudent, stepsAreTold } from "../shared/strip.js";
import { t, tParts } from "../shared/words.js";
import "./style.css";

const WALL_DEPENDS_ON = [
  "best", "note", "progress", "classes", "images", "image_shape", "labels", "sample", "split", "selected", "bias", "bias_class", "bias_range", "student_logits",
  "student_step", "view", "views", "hidden", "locked", "runs", "shown_run", "total_steps",
];

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "wall", t("Never seen"));
  const title = node("h2", {});
  const when = node("p", { class: "kd-note" });
  const bias = biasSlider(model, life, () => painter.now());
  const suits = acrossButton(model, life, t("What bias suits validation?"));
  const note = node("p", { class: "kd-note", role: "status" });
  const found = node("p", { class: "kd-sentence kd-wall-found", role: "status" });
  const tiles = wallTiles(life, (index) => {
    commit(model, { selected: index });
    painter.now();
  });
  const key = wallKey(life);
  const live = announcer(life, { apart: 4000 });
  body.append(node("div", { class: "kd-head" }, title, when), node("div", { class: "kd-wall-controls" }, bias.root, suits.root), note, found, tiles.root, key.root);
  root.append(live.region);
  const read = wallReader(model);

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "wall");
    if (el.hidden) return;
    const view = read();
    say(title, view.name === undefined ? t("Never seen") : neverSaw(view.name));
    say(when, view.when);
    say(note, own.get("note") || view.empty);
    note.hidden = !note.textContent;
    tiles.root.hidden = key.root.hidden = bias.root.hidden = Boolean(view.empty);
    suits.root.hidden = Boolean(view.empty) || model.scene?.raw.exported === true || isLocked(model, "bias");
    say(found, view.empty ? "" : foundInWords(model, view));
    found.hidden = !found.textContent;
    if (view.empty) return;
    bias.draw();
    suits.draw();
    tiles.draw(view);
    key.draw(view);
    live.announce(wallInWords(view), `${view.who} ${view.step}`);
  });
  life.watch(WALL_DEPENDS_ON, painter.soon);
  painter.now();
  return () => life.end();
}

/** What one drawing needs; what is on the wall is looked up anew only where it changed. */
function wallReader(model) {
  const [others, answered] = [changing(), changing()];
  let [images, rows, says] = [new Uint8Array(0), { own: [], others: [] }, new Int16Array(0)];
  return () => {
    const [classes, labels, omitted, logits] = ["classes", "labels", "bias_class", "student_logits"].map((name) => model.get(name));
    if (others(model.get("images"), labels, model.get("sample"), omitted)) {
      images = octets(model.get("images"));
      rows = wallRows(labels, model.get("sample") || labels.length, omitted);
    }
    if (answered(logits, classes)) says = firstChoices(logits, classes.length);
    const count = (list) => ({ right: rightOf(list, says, labels), n: list.length });
    const { who, title } = shownStudent(model);
    const step = model.get("student_step");
    const view = {
      classes, labels, omitted, images, rows, says, who, step, shape: model.get("image_shape"), selected: model.get("selected"), sample: model.get("sample"),
      split: model.get("split"), bias: model.get("bias"), name: classes[omitted], counts: { own: count(rows.own), others: count(rows.others) },
      when: whenInWords(model, title, step),
    };
    return { ...view, empty: wallIsEmpty(view) };
  };
}

function whenInWords(model, who, step) {
  if (!stepsAreTold(model)) return who;
  return step > 0 ? t("{who}, step {step}", { who, step: grouped(step) }) : t("{who}, before training: it guesses", { who });
}

function wallIsEmpty({ name, rows, says, labels, shape }) {
  if (name === undefined) return t("No class is left out of training: choose one in Setup.");
  if (!shape[0] || !rows.own.length) return t("There are no images of this class to show.");
  return says.length < labels.length ? t("There is no student yet: press Train.") : "";
}

/** What the search found, while the run and the step that it looked at are shown. */
function foundInWords(model, { step, name }) {
  const best = model.get("best") ?? {};
  return best.run === model.get("shown_run") && best.step === step && best.after ? suitsInWords(best, name) : "";
}

function wallInWords({ who, bias, counts, name }) {
  const told = { who, bias: signed(bias), own: counts.own.right, n: counts.own.n, images: imagesOf(name), others: counts.others.right, all: counts.others.n };
  return t("With bias {bias} the {who} is right on {own} of {n} {images} and on {others} of {all} others.", told);
}

/** What the frames mean, and where the images come from. */
function wallKey(life) {
  const sample = node("span", {});
  const bias = definition(life, t("bias"), BIAS_MEANING);
  const framed = (right, text) => node("span", {}, node("i", { class: "kd-wall-key-frame", "data-right": right }, right === "true" ? "" : "8"), text);
  return {
    root: node("p", { class: "kd-note kd-wall-key" }, framed("true", t("right")), framed("false", t("wrong: in the corner, its answer")), sample,
      node("span", {}, ...tParts("After training, only the {bias} changes.", { bias }))),
    draw({ counts, sample: total, split }) {
      const told = { n: counts.own.n, total: grouped(total), split: splitInWords(split) };
      say(sample, counts.own.n < WALL ? t("All {n} among {total} {split} images drawn at random", told) : t("The first {n} of each among {total} {split} images drawn at random", told));
    },
  };
}

export default { render };
