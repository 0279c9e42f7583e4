// Inside: two layers drawn, and on request the loss around the student, how sharp it is, probes, layers over training.

import { layersOverTraining, probeBars, sharpnessTable } from "./layers.js";
import { lossPlane } from "./plane.js";
import { modelDrawings } from "./points.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, onOtherWidth, say } from "../shared/elements.js";
import { acrossButton, isOfNow, onTheme, staleness } from "../shared/maps.js";
import { roleName, runLook } from "../shared/run_key.js";
import { isInView, joined } from "../shared/scene.js";
import { floats } from "../shared/softmax.js";
import { answersInWords } from "../shared/strip.js";
import { t } from "../shared/words.js";
import "./style.css";

const INSIDE_DEPENDS_ON = [
  "drawn", "teacher_points", "student_points", "beside_points", "across", "made_for", "note", "progress", "labels", "classes", "selected", "student_logits",
  "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const LONGEST_MARK = 2; // letters of a class that is drawn by its name
const PCA_MEANING = t("The two directions in which the outputs of a model’s last hidden layer differ most (principal components). The student’s drawing is turned, and mirrored where that helps, to lie on the teacher’s: directions of such a drawing mean nothing by themselves. "
  + "The class of the selected example stands out.");
const PLANE_MEANING = t("The mean cross-entropy of validation examples at weights between and around both networks, colored by its logarithm (Li et al. 2018). It shows two of very many dimensions, and another random direction gives another picture.");
const PROBE_MEANING = t("Logistic regression on the frozen layer, fitted to half of the examples and tried on the other half, with 95\u00a0% intervals.");
const TRAINING_MEANING = t("How alike the last hidden layers of student and teacher arrange the examples: debiased linear CKA, 1 for the same arrangement and near 0 for none; and the share of the teacher’s nearest examples that are nearest in the student too.");

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "inside", t("Inside"));
  const note = node("p", { class: "kd-note", role: "status" });
  const drawings = modelDrawings(life, (index) => commit(model, { selected: index }));
  const sentence = liveSentence(life);
  const button = acrossButton(model, life, t("Measure the landscape and the layers"));
  const fresh = changing();
  const painter = drawing(life, () => draw());
  const plane = lossPlane(life, () => {
    fresh();
    painter.soon();
  });
  const planeSays = node("p", { class: "kd-sentence" });
  const planeNote = node("p", { class: "kd-note" });
  const table = sharpnessTable(life);
  const probes = probeBars();
  const training = layersOverTraining();
  const heading = (name, meaning) => node("h3", { class: "kd-inside-title" }, definition(life, name, meaning));
  const planePart = node("div", { class: "kd-inside-part" }, heading(t("The loss around the student"), PLANE_MEANING), planeSays, plane.root, planeNote);
  const sharpPart = node("div", { class: "kd-inside-part" }, node("h3", { class: "kd-inside-title" }, t("How sharp the minimum is")), table.root);
  const probePart = node("div", { class: "kd-inside-part" }, heading(t("What a linear probe reads from each layer"), PROBE_MEANING), probes.root);
  const trainingPart = node("div", { class: "kd-inside-part" }, heading(t("The last hidden layer over training"), TRAINING_MEANING), training.root);
  const across = node("div", { class: "kd-inside-across" }, planePart, sharpPart, trainingPart, probePart);
  const title = node("h3", { class: "kd-inside-title" }, definition(life, t("The last hidden layers in two dimensions"), PCA_MEANING));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Inside: what did they learn?"))), note, title, drawings.root, sentence.root, button.root, across);

  function draw() {
    el.hidden = !isInView(model, "inside");
    if (el.hidden) return;
    const drawn = model.get("drawn");
    const trouble = model.get("note");
    const there = Boolean(drawn.n) && !trouble;
    const ofNow = isOfNow(model, { follows: [] });
    root.classList.toggle("kd-stale", there && !ofNow);
    say(note, trouble || (!there ? t("The layers are being drawn …") : ofNow ? staleness(model) : t("The layers are being drawn for this run …")));
    note.hidden = !note.textContent;
    for (const part of [title, drawings.root, sentence.root, button.root]) part.hidden = !there;
    button.draw();
    if (there) drawings.draw(insideShown(model, drawn));
    sentence.say(there && ofNow ? drawn.said : "", drawn.layers?.join(" ") ?? "");
    const found = model.get("across");
    across.hidden = !found.plane;
    if (!across.hidden && fresh(found, model.get("runs"))) drawAcross(found);
  }

  function drawAcross(found) {
    const named = (id) => insideRun(model, id);
    const titles = found.plane.ids.map((id) => named(id).title);
    plane.draw(found.plane, titles);
    say(planeSays, found.plane.said);
    say(planeNote, found.plane.note);
    table.draw(found.sharpness, named);
    probePart.hidden = !found.probes.length;
    probes.draw(found.probes, named);
    trainingPart.hidden = !found.training.lines;
    if (!trainingPart.hidden) training.draw(found.training, named);
  }
  life.watch(INSIDE_DEPENDS_ON, painter.soon);
  onTheme(life, painter.soon);
  onOtherWidth(life, root, painter.soon);
  painter.now();
  return () => life.end();
}

/** What the drawings show: the points, how a class is written, which example is selected. */
function insideShown(model, drawn) {
  const [classes, labels] = [model.get("classes"), model.get("labels")];
  const points = [model.get("teacher_points"), model.get("student_points"), model.get("beside_points")].map(floats);
  const short = classes.every((name) => name.length <= LONGEST_MARK);
  return {
    count: drawn.n,
    models: drawn.ids.map((id, i) => ({ ...insideRun(model, id), points: points[i], layer: drawn.layers[i], explained: drawn.explained[i] })),
    labels,
    marks: short ? classes : [],
    selected: model.get("selected"),
    words: (index) => t("Example {n}: {answers}.", { n: index + 1, answers: answersInWords(classes, labels[index], -1, -1) }),
  };
}

/** How a model is called and drawn, by its id in the numbers. */
function insideRun(model, id) {
  if (id === "teacher") return { title: t("Teacher"), look: { name: "teacher", branch: -1 } };
  if (id === "rescaled") return { title: t("the same, layers scaled"), look: { name: "student", branch: -1 } };
  const run = model.get("runs").find((row) => row.id === id);
  return { title: run ? roleName(run) : t("Student"), look: run ? runLook(run) : { name: "student", branch: -1 } };
}

export default { render };
