// Saliency: where teacher and student look. Python makes the maps; their difference and all that is drawn is made here.

import { choiceOf } from "../shared/choice.js";
import { examplesOf } from "../shared/compared.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, say, svgNode } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { fixed, wholePercent } from "../shared/format.js";
import { acrossButton, imageOf, isOfNow, mapFigure, onTheme, staleness } from "../shared/maps.js";
import { isInView, joined } from "../shared/scene.js";
import { floats, octets } from "../shared/softmax.js";
import { picture, shownStudent } from "../shared/strip.js";
import { t } from "../shared/words.js";
import "./style.css";

const SALIENCY_DEPENDS_ON = [
  "method", "methods", "target", "explained", "teacher_map", "student_map", "features", "tokens", "place", "numbers", "across", "made_for", "note", "progress",
  "classes", "selected", "images", "image_shape", "captions", "student_logits", "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const METHOD_NAMES = {
  gradient: t("Gradient"), input_x_gradient: t("Input × gradient"), integrated_gradients: t("Integrated gradients"), smooth_gradient: t("SmoothGrad"),
  occlusion: t("Occlusion"), grad_cam: "Grad-CAM", feature_ablation: t("Feature ablation"),
};
const TARGET_NAMES = { teacher: t("Teacher’s first choice"), student: t("Student’s first choice"), label: t("True class") };
const SALIENCY_TERMS = {
  rank: [t("Rank correlation"), t("Spearman’s correlation of the absolute values of both maps: 1 where they put the places in the same order. Places that are 0 in both are left out.")],
  cosine: [t("Cosine"), t("Of both maps with their signs: 1 for the same map, −1 for its opposite.")],
  overlap: [t("Overlap of top 10\u00a0%"), t("Overlap of the tenth of all places with the largest values in both maps.")],
};
const LIKENESS = { rank: t("Rank correlation"), cosine: t("Cosine"), overlap: t("Overlap of top 10\u00a0%") };
const LISTED = 12; // examples that differ most

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "saliency", t("Saliency"));
  const method = choiceOf(life, t("Method"), METHOD_NAMES, (value) => commit(model, { method: value }));
  const target = choiceOf(life, t("For which class"), TARGET_NAMES, (value) => commit(model, { target: value }));
  const note = node("p", { class: "kd-note", role: "status" });
  const parts = {
    image: mapFigure(t("Example")), teacher: mapFigure(t("Teacher"), "teacher"), student: mapFigure(t("Student"), "student"), difference: mapFigure(""),
  };
  const maps = node("div", { class: "kd-maps" }, ...Object.values(parts).map((part) => part.root));
  const key = node("p", { class: "kd-note kd-map-key" }, node("span", {}, node("i", { class: "kd-key-supports" }), t("supports")),
    node("span", {}, node("i", { class: "kd-key-opposes" }), t("opposes")), node("span", {}, t("each map on its own scale")));
  const rows = featureRows();
  const text = tokenLines();
  const numbers = figuresInARow(life, SALIENCY_TERMS);
  const sentence = liveSentence(life);
  const button = acrossButton(model, life, t("Over many examples"));
  const across = acrossFigure(life, (index) => commit(model, { selected: index }));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Saliency: where do they look?"))),
    node("div", { class: "kd-saliency-controls" }, method.root, target.root), note, maps, rows.root, text.root, key, numbers.root, sentence.root, button.root, across.root);

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "saliency");
    if (el.hidden) return;
    const { who, title } = shownStudent(model);
    method.draw(model.get("method"), model.get("methods"));
    target.draw(model.get("target"), Object.keys(TARGET_NAMES), { student: t("{who}’s first choice", { who: title }) });
    const index = model.get("selected");
    const [teacher, student] = [floats(model.get("teacher_map")), floats(model.get("student_map"))];
    const trouble = model.get("note");
    const there = teacher.length > 0 && !trouble;
    const fresh = isOfNow(model);
    const shape = model.get("image_shape");
    const isImage = shape[0] > 0;
    root.classList.toggle("kd-stale", there && !fresh);
    say(note, trouble || (!there ? t("The maps are being computed …") : fresh ? staleness(model) : t("The maps of this example are being computed …")));
    note.hidden = !note.textContent;
    maps.hidden = !isImage || !there;
    key.hidden = !there;
    const tokens = model.get("tokens");
    rows.root.hidden = isImage || !there || tokens.length > 0;
    text.root.hidden = !there || !tokens.length;
    if (there && isImage && teacher.length === shape[0] * shape[1]) {
      const image = imageOf(model, model.get("made_for").selected ?? index);
      parts.image.draw(null, shape, { image });
      parts.teacher.draw(teacher, shape, { image, words: t("The {who}’s map", { who: t("teacher") }) });
      parts.student.draw(student, shape, { image, words: t("The {who}’s map", { who }) });
      parts.student.name(title);
      parts.difference.name(t("{who} − teacher", { who: title }));
      parts.difference.draw(student.map((v, i) => (v - teacher[i]) / 2), shape, { image, words: t("The {who}’s map minus the teacher’s", { who }) });
    } else if (there && tokens.length) text.draw(tokens, model.get("place"), [[t("Teacher"), "teacher", teacher], [title, "student", student]]);
    else if (there && !isImage) rows.draw(model.get("features"), teacher, student, title);
    const found = model.get("numbers");
    numbers.root.hidden = !there;
    numbers.draw({ rank: fixed(found.rank, 2), cosine: fixed(found.cosine, 2), overlap: fixed(found.overlap, 2) });
    sentence.say(there && fresh ? saliencySentence(model, found, isImage, tokens.length > 0) : "", `${index} ${model.get("method")}`);
    button.draw();
    across.draw(model, model.get("across"));
  });
  life.watch(SALIENCY_DEPENDS_ON, painter.soon);
  onTheme(life, painter.soon);
  painter.now();
  return () => life.end();
}

function saliencySentence(model, found, isImage, isText) {
  const told = { name: model.get("classes")[model.get("explained")] ?? "" };
  if (found.overlap === null || found.overlap === undefined) return t("For “{name}”, one of the two maps singles out nothing.", told);
  const values = { ...told, share: wholePercent(found.overlap) };
  if (isText) return t("For “{name}”, the two maps share {share} of their most important tokens.", values);
  return isImage ? t("For “{name}”, the two maps share {share} of their most important pixels.", values)
    : t("For “{name}”, the two maps share {share} of their most important values.", values);
}

/** Of a row, the features with the largest values: the teacher's to the left, the student's to the right. */
function featureRows() {
  const head = node("div", { class: "kd-feature kd-feature-head" });
  const list = node("div", { class: "kd-features" }, head);
  const cell = (value, side) => {
    const bar = node("i", { class: `kd-feature-bar ${value < 0 ? "kd-against" : "kd-for"}`, style: `width:${(100 * Math.abs(value)).toFixed(1)}%` });
    return node("span", { class: `kd-feature-side kd-feature-${side}`, title: fixed(value, 2) }, bar);
  };
  return {
    root: list,
    draw(names, teacher, student, title) {
      head.replaceChildren(node("span", { class: "kd-map-teacher" }, t("Teacher")), node("span", {}), node("span", { class: "kd-map-student" }, title));
      list.replaceChildren(head, ...names.map((name, i) => node("div", { class: "kd-feature", role: "group",
        "aria-label": `${name}: ${t("Teacher")} ${fixed(teacher[i], 2)}, ${title} ${fixed(student[i], 2)}` },
        cell(teacher[i], "teacher"), node("span", { class: "kd-feature-name" }, name), cell(student[i], "student"))));
    },
  };
}

/** The text once for each model, each token shaded by what it does for the class; the one asked about is framed. */
function tokenLines() {
  const root = node("div", { class: "kd-saliency-texts" });
  const fresh = changing();
  const tokenOf = (token, value, framed) => {
    const told = t("{token}: {value}", { token, value: fixed(value, 2) });
    const look = `kd-saliency-token ${value < 0 ? "kd-against" : "kd-for"}${framed ? " kd-asked" : ""}`;
    return node("span", { class: look, role: "listitem", title: told, "aria-label": told, style: `--kd-share:${Math.round(100 * Math.abs(value) ** 0.75)}%` }, token);
  };
  return {
    root,
    draw(tokens, place, sides) {
      if (!fresh(tokens.join("\n"), place, ...sides.map(([title, , values]) => `${title} ${values}`))) return;
      root.replaceChildren(...sides.map(([title, side, values]) => node("div", { class: "kd-saliency-text" },
        node("p", { class: `kd-map-${side}` }, title),
        node("div", { class: "kd-saliency-tokens", role: "list", "aria-label": t("{who}: tokens that support or oppose the class", { who: title }) },
          ...tokens.map((token, i) => tokenOf(token, values[i] ?? 0, i === place))))));
    },
  };
}

/** What many examples say: how alike the maps are, which differ most, whether the maps are worth looking at. */
function acrossFigure(life, choose) {
  const verdict = node("p", { class: "kd-sentence kd-across-verdict" });
  const said = node("div", { class: "kd-across-said" });
  const charts = node("div", { class: "kd-across-charts" });
  const strip = node("div", { class: "kd-probes", role: "group", "aria-label": t("Examples on which the maps differ most") });
  const root = node("div", { class: "kd-across-all" }, node("h3", { class: "kd-across-title" }), verdict, charts, said,
    node("p", { class: "kd-note" }, t("Where the maps differ most:")), strip);
  const fresh = changing();
  life.listen(strip, "click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(Number(button.dataset.index));
  });
  return {
    root,
    draw(model, found) {
      root.hidden = !found.n;
      if (root.hidden || !fresh(found, model.get("images"))) return;
      say(root.querySelector("h3"), `${examplesOf(found.n, "")}, ${METHOD_NAMES[found.method]}`);
      say(verdict, found.verdict ?? "");
      verdict.hidden = !found.verdict;
      charts.replaceChildren(...Object.entries(LIKENESS).map(([name, title]) => likenessHistogram(title, found.histograms[name])));
      const area = (side, name) => t("{value} (in random order {random})", { value: fixed(found.faithful[side][name], 2), random: fixed(found.faithful[side][`random_${name}`], 2) });
      const texts = [...found.sentences,
        t("Removing pixels or values in the order of the map leaves a mean probability of {teacher} for the teacher and {student} for the student, over {n} examples: the further below random, the more the map says about the model.", { teacher: area("teacher", "deletion"), student: area("student", "deletion"), n: found.few })];
      said.replaceChildren(...texts.map((text) => node("p", { class: "kd-sentence" }, text)));
      const state = { shape: model.get("image_shape"), images: octets(model.get("images")) };
      strip.replaceChildren(...found.order.slice(0, LISTED).map((index) => {
        const shown = picture(state, index) ?? node("span", { class: "kd-caption" }, model.get("captions")[index] || t("Row {n}", { n: index + 1 }));
        return node("button", { type: "button", class: `kd-probe${state.shape[0] ? "" : " kd-text"}`, "data-index": index, "aria-label": t("Example {n}", { n: index + 1 }) }, shown);
      }));
    },
  };
}

/** A histogram from −1 to 1. */
function likenessHistogram(title, counts) {
  const [width, height] = [200, 60];
  const most = Math.max(1, ...counts);
  const bars = counts.map((n, i) => svgNode("rect", {
    class: "kd-likeness-bar", x: (i * width) / counts.length + 0.5, width: width / counts.length - 1, y: height - (n / most) * height, height: (n / most) * height,
  }, svgNode("title", {}, examplesOf(n, ""))));
  const text = (x, anchor, word) => svgNode("text", { class: "kd-chart-text", x, y: height + 14, "text-anchor": anchor }, word);
  const svg = svgNode("svg", { viewBox: `0 0 ${width} ${height + 18}`, class: "kd-likeness", role: "img", "aria-label": t("Histogram from −1 to 1: {name} of both maps; tallest bar {most}", { name: title, most }) },
    svgNode("line", { class: "kd-chart-base", x1: 0, x2: width, y1: height, y2: height }), ...bars, text(0, "start", "−1"), text(width / 2, "middle", "0"), text(width, "end", "1"));
  return node("figure", { class: "kd-map" }, svg, node("figcaption", {}, title));
}

export default { render };
