// Robustness: accuracy against the radius of an attack or the severity of a corruption, and the changed pictures.

import { chart } from "./chart.js";
import { grid } from "./grid.js";
import { isAttack, KIND_NAMES, levelInWords, sourceOf } from "./words.js";
import { choiceOf } from "../shared/choice.js";
import { examplesOf } from "../shared/compared.js";
import { card, commit, drawing, lifetime, liveSentence, node, onOtherWidth, say } from "../shared/elements.js";
import { grouped, shortPercent } from "../shared/format.js";
import { acrossButton, onTheme } from "../shared/maps.js";
import { modelsOf } from "../shared/run_key.js";
import { isInView, joined } from "../shared/scene.js";
import { slider } from "../shared/slider.js";
import { stepsAreTold } from "../shared/strip.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const ROBUSTNESS_DEPENDS_ON = [
  "kind", "made_on", "level", "found", "pictures", "note", "progress", "classes", "view", "views", "hidden", "runs", "shown_run", "split", "student_step", "total_steps",
];
const SOURCE_NAMES = { own: t("Each model itself"), teacher: t("The teacher, passed on"), student: t("The student, passed on") };
const EXPLAINED = {
  fgsm: t("One step of the radius along the sign of each pixel’s gradient (FGSM)."),
  pgd: t("Ten steps along the sign of the gradient, from a random start, never further than the radius from the picture (PGD)."),
  noise: t("Normal noise on each pixel, standard deviation 0.08 to 0.38."),
  blur: t("Normal blur, standard deviation 0.5 to 3 pixels."),
  rotation: t("Turned by 10 to 50 degrees, to a side drawn at random."),
  contrast: t("Brought nearer to the mean grey, down to a twentieth of the contrast."),
  occlusion: t("A black square at a random place, 15 to 55\u00a0% of the side."),
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "robustness", t("Robustness"));
  const count = node("p", { class: "kd-note" });
  const kind = choiceOf(life, t("What changes the pictures"), KIND_NAMES, (value) => commit(model, { kind: value }));
  const source = choiceOf(life, t("The attack is made on"), SOURCE_NAMES, (value) => commit(model, { made_on: value }));
  const button = acrossButton(model, life, t("Measure now"));
  const explained = node("p", { class: "kd-note" });
  const note = node("p", { class: "kd-note", role: "status" });
  const level = slider(life, {
    name: t("Level"), text: (place) => levelInWords(model.get("found"), place),
    onInput: (value) => {
      model.set("level", value);
      painter.now();
    },
    onRelease: (value) => commit(model, { level: value }),
  });
  const plot = chart();
  const pictures = grid();
  const sentence = liveSentence(life);
  const warning = node("p", { class: "kd-sentence kd-robustness-hides" });
  const bound = node("p", { class: "kd-note" }, t("An attack shows what at least goes wrong; another one may do more."));
  const small = node("p", { class: "kd-note" }, t("Upright lines are 95\u00a0% intervals over these pictures."));
  const all = node("div", { class: "kd-robustness-all" }, plot.root, level.root, sentence.root, warning, pictures.root, bound, small);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Robustness: does it hold?")), count),
    node("div", { class: "kd-robustness-controls" }, kind.root, source.root, button.root), explained, note, all);
  let width = 0;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "robustness");
    if (el.hidden) return;
    const found = model.get("found");
    const there = Boolean(found.levels);
    const exported = model.scene?.raw.exported === true;
    kind.root.hidden = exported;
    button.root.hidden = exported;
    kind.draw(model.get("kind"), Object.keys(KIND_NAMES));
    source.root.hidden = !isAttack(model.get("kind"));
    source.draw(model.get("made_on"), Object.keys(SOURCE_NAMES));
    button.draw();
    say(explained, EXPLAINED[model.get("kind")]);
    say(note, model.get("note") || statusOf(model, found, there, exported));
    note.hidden = !note.textContent;
    all.hidden = !there;
    say(count, there ? examplesOf(found.n, model.get("split")) : "");
    if (!there) return;
    root.classList.toggle("kd-stale", found.kind !== model.get("kind") || found.run !== model.get("shown_run"));
    const place = Math.min(model.get("level"), found.levels.length - 1);
    const shown = { found, place, on: sourceOf(found, model.get("made_on")), models: modelsOf(model, found), classes: model.get("classes") };
    level.setName(isAttack(found.kind) ? t("Radius") : t("Severity"));
    level.setStops(found.levels.map((_, i) => i));
    level.set(place);
    width ||= Math.max(260, all.clientWidth);
    plot.draw(shown, width);
    pictures.draw(shown, model.get("pictures"));
    sentence.say(inWords(shown), `${found.kind} ${place} ${shown.on}`);
    say(warning, hidesInWords(shown));
    warning.hidden = !warning.textContent;
    bound.hidden = !isAttack(found.kind);
  });
  life.watch(ROBUSTNESS_DEPENDS_ON, painter.soon);
  onTheme(life, painter.soon);
  onOtherWidth(life, root, () => {
    width = 0;
    painter.soon();
  });
  painter.now();
  return () => life.end();
}

/** What the numbers are of, where they are not of what is chosen and shown now. */
function statusOf(model, found, there, exported) {
  if (model.get("progress") !== null && model.get("progress") !== undefined) return t("The pictures are being changed and shown to each model …");
  if (!there) return exported ? t("Nothing had been measured when this file was written.") : t("Nothing is measured yet: press Measure now.");
  if (found.kind !== model.get("kind")) return t("What is shown was measured for {kind}; press Measure now.", { kind: KIND_NAMES[found.kind] });
  if (found.run !== model.get("shown_run")) return t("What is shown was measured for another run; press Measure now.");
  const shown = model.get("student_step");
  return !stepsAreTold(model) || found.step === shown ? "" : t("Measured after step {step}; the page shows step {shown}.", { step: grouped(found.step), shown: grouped(shown) });
}

/** Who is right how often at the level of the slider. */
function inWords({ found, place, on, models }) {
  const each = models.map(({ id, title }) => {
    const [, value, low, high] = found.curves[on][id][place].map((v) => 100 * v);
    return t("{who} {share} (95\u00a0% CI {low} to {high})", { who: title, share: shortPercent(value), low: shortPercent(low), high: shortPercent(high) });
  }).join(", ");
  const told = { level: levelInWords(found, place), each, n: grouped(found.n) };
  if (place === 0) return tn("Right on the unchanged picture: {each}.", "Right on the {n} unchanged pictures: {each}.", found.n, told);
  return isAttack(found.kind) ? t("Right at radius {level}: {each}.", told) : t("Right at severity {level}: {each}.", told);
}

/** Whose own attack is weaker than one that was made on another model. */
function hidesInWords({ found, models }) {
  const named = (id) => models.find((one) => one.id === id)?.title ?? id;
  return found.hides.map(([id, other]) => t("{who}: pictures made on another model ({other}) mislead it more than those made on itself. Its gradient hides, and its own curve is too good.", { who: named(id), other: named(other) })).join(" ");
}

export default { render };
