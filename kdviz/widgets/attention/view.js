// Attention: where the layers of both models look. Python makes the maps of all layers; what is drawn of them is made here.

import { layerRow } from "./layer_row.js";
import { layerTable } from "./layer_table.js";
import { choiceOf } from "../shared/choice.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { grouped } from "../shared/format.js";
import { acrossButton, imageOf, isDark, isOfNow, MAP_INK, mapFigure, onTheme, staleness } from "../shared/maps.js";
import { isInView, joined } from "../shared/scene.js";
import { floats } from "../shared/softmax.js";
import { shownStudent } from "../shared/strip.js";
import "./style.css";

const ATTENTION_DEPENDS_ON = [
  "kind", "kinds", "form", "teacher_layer", "student_layer", "teacher_head", "student_head", "third", "made_of", "teacher_layers", "student_layers",
  "teacher_maps", "student_maps", "reasons", "numbers", "across", "made_for", "note", "progress",
  "selected", "images", "image_shape", "student_logits", "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const KIND_NAMES = { activation: "Activation maps", heads: "Attention per head", rollout: "Rollout" };
const FORM_NAMES = { sum: "Σ |A|², over channels", max: "max |A|², over channels" };
const THIRD_NAMES = { overlay: "Student over teacher", difference: "Student less teacher" };
const ATTENTION_MEANINGS = {
  kind: "Activation maps: where the channels of a convolutional layer are large, Q = F(A) / ‖F(A)‖₂ (attention transfer, Zagoruyko and Komodakis 2017). "
    + "Attention per head: how much the class token of a transformer draws on each patch. "
    + "Rollout: the same through all layers up to the one chosen, where half of each token comes from itself (Abnar and Zuidema 2020).",
  form: "How the channels A of a layer become one map F: the sum of their squares, or at each place the square of the strongest.",
  head: "A transformer’s layer looks several times at once. Heads of the same number in two models have nothing to do with each other.",
  third: "Each map on a scale of its own. Laid over each other they show the places of both; their difference is blue where the teacher looks more, orange where the student does.",
};
const ATTENTION_TERMS = {
  cosine: ["Cosine of both maps", "1 where both look at the same places in the same proportions. The larger map is averaged down to the smaller one first."],
  chance: ["Cosine by chance", "The student’s map against the teacher’s maps of other examples, median: what two maps share whatever they are of. Only what is above it is about this example."],
  squared: ["Squared distance", "‖Q_T − Q_S‖², both maps of L2 norm 1: 2 − 2 · cosine. It is what attention transfer makes small."],
};
const CKA_MEANING = "How alike two layers place the same examples to each other: 1 where one is the other turned or scaled, near 0 where they have nothing in common (debiased). "
  + "Below it what 95 of 100 shuffles of the examples stay below. Maps are averaged over places first, so it counts what is there, not where. Kornblith et al. 2019, Murphy et al. 2024.";
const MEDIAN_MEANING = "Of the maps of two layers, the median over the examples; below it the same with the teacher’s map of another example, which is what any two maps share.";
const OVERLAY_COLOURS = { teacher: [0, 114, 178], student: [230, 159, 0] };

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "attention", "Attention");
  const choices = attentionChoices(model, life);
  const note = node("p", { class: "kd-note", role: "status" });
  const parts = {
    image: mapFigure("Example"), teacher: mapFigure("Teacher", "teacher"), student: mapFigure("Student", "student"), third: mapFigure(THIRD_NAMES.overlay),
  };
  const maps = node("div", { class: "kd-maps" }, ...Object.values(parts).map((part) => part.root));
  const key = node("p", { class: "kd-note kd-map-key" }, ...["teacher", "student", "both"].map((who) => node("span", {}, node("i", { class: `kd-key-${who}` }), who)),
    node("span", {}, "each map on a scale of its own"));
  const rows = {
    teacher: layerRow(life, "Teacher", "teacher", (name) => commit(model, { teacher_layer: name })),
    student: layerRow(life, "Student", "student", (name) => commit(model, { student_layer: name })),
  };
  const reason = node("p", { class: "kd-note" });
  const numbers = figuresInARow(life, ATTENTION_TERMS);
  const sentence = liveSentence(life);
  const button = acrossButton(model, life, "Over many examples");
  const across = attentionAcross(life);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, "Attention: where do the layers look?")), choices.root, note, maps, key, reason,
    rows.teacher.root, rows.student.root, numbers.root, sentence.root, button.root, across.root);

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "attention");
    if (el.hidden) return;
    const view = attentionView(model);
    choices.draw(view);
    root.classList.toggle("kd-stale", view.there && !view.fresh);
    say(note, view.trouble || (!view.there ? "The maps are being made …" : view.fresh ? staleness(model) : "The maps of this choice are being made …"));
    note.hidden = !note.textContent;
    for (const part of [maps, key]) part.hidden = !view.there;
    say(reason, view.there ? Object.values(model.get("reasons")).join(" ") : "");
    reason.hidden = !reason.textContent;
    for (const side of ["teacher", "student"]) {
      const { layers, layer } = view[side];
      rows[side].root.hidden = !view.there || !layers.length;
      if (!rows[side].root.hidden) rows[side].draw(layers, layer.name, `${view[side].title}: ${layers.length === 1 ? "its layer" : `its ${layers.length} layers, choose one`}`);
    }
    if (view.there) drawAttention(parts, view);
    const keyed = { teacher: view.teacher.layer, student: view.student.layer, both: view.both && view.third === "overlay" };
    for (const [who, seen] of Object.entries(keyed)) key.querySelector(`.kd-key-${who}`).parentNode.hidden = !seen;
    numbers.root.hidden = !view.there || !view.both;
    numbers.draw(Object.fromEntries(Object.entries(view.pair).map(([name, value]) => [name, value === null ? "–" : value.toFixed(2)])));
    sentence.say(view.there && view.fresh ? attentionSentence(model, view) : "", attentionSubject(model, view));
    button.root.hidden = !model.get("kinds").length;
    button.draw();
    across.draw(model.get("across"));
  });
  life.watch(ATTENTION_DEPENDS_ON, painter.soon);
  onTheme(life, painter.soon);
  painter.now();
  return () => life.end();
}

/** What is shown: both models' layers with their maps, the layer chosen of each, how far apart the two are. */
function attentionView(model) {
  const { who, title } = shownStudent(model);
  const made = model.get("made_of");
  const sideOf = (name, is) => {
    const layers = layersWithMaps(model.get(`${name}_layers`), floats(model.get(`${name}_maps`)), made.kind);
    const index = layers.findIndex((one) => one.name === model.get(`${name}_layer`));
    return { ...is, layers, at: index < 0 ? layers.length - 1 : index, layer: layers.at(index) ?? null, head: made[`${name}_head`] };
  };
  const teacher = sideOf("teacher", { title: "Teacher", who: "teacher" });
  const student = sideOf("student", { title, who });
  const found = model.get("numbers");
  const both = Boolean(teacher.layer && student.layer);
  const ofPair = (name) => (both ? found[name]?.[teacher.at]?.[student.at] ?? null : null);
  const trouble = model.get("note");
  const kinds = model.get("kinds");
  const kind = kinds.includes(model.get("kind")) ? model.get("kind") : kinds[0];
  const asked = { kind, form: model.get("form"), teacher_head: model.get("teacher_head"), student_head: model.get("student_head") };
  const matters = { activation: ["kind", "form"], heads: ["kind", "teacher_head", "student_head"], rollout: ["kind"] }[kind] ?? [];
  return {
    teacher, student, both, kind, kinds, trouble, asked, made, third: model.get("third"),
    there: Boolean(teacher.layer || student.layer) && !trouble,
    fresh: isOfNow(model) && matters.every((name) => made[name] === asked[name]),
    pair: { cosine: ofPair("cosine"), chance: ofPair("chance"), squared: ofPair("squared") },
    others: found.others ?? 0,
    shape: model.get("image_shape"),
    image: imageOf(model, model.get("made_for").selected ?? model.get("selected")),
  };
}

/** Each layer with its own part of the numbers that came as one. */
function layersWithMaps(layers, numbers, kind) {
  const titles = layerTitles(layers.map(({ name }) => name), kind);
  let start = 0;
  return layers.map((layer, i) => {
    const values = numbers.subarray(start, start + layer.height * layer.width);
    start += values.length;
    return { ...layer, values, title: titles[i] };
  }).filter(({ values, height, width }) => values.length === height * width);
}

/** Names as they are shown: "block1" for "block1.attention" where all layers are parts of that name. */
function layerTitles(names, kind) {
  const last = names[0]?.split(".").at(-1);
  const shared = kind !== "activation" && names.every((name) => name.endsWith(`.${last}`));
  return shared ? names.map((name) => name.slice(0, -last.length - 1)) : names;
}

function drawAttention(parts, view) {
  const { teacher, student, image } = view;
  const sizes = [teacher.layer, student.layer].filter(Boolean);
  const shape = image ? view.shape : [Math.max(...sizes.map((one) => one.height)), Math.max(...sizes.map((one) => one.width))];
  const large = (layer) => enlarged(layer.values, [layer.height, layer.width], shape);
  parts.image.root.hidden = !image;
  if (image) parts.image.draw(null, shape, { image });
  for (const side of ["teacher", "student"]) {
    const { layer, title, who, head } = view[side];
    parts[side].root.hidden = !layer;
    if (!layer) continue;
    const where = layerInWords(layer, view.made.kind, head);
    parts[side].name(`${title}, ${where}`);
    parts[side].draw(large(layer), shape, { image, signed: side === "student", words: `The ${who}’s map, ${where}` });
  }
  parts.third.root.hidden = !view.both;
  if (!view.both) return;
  const [t, s] = [large(teacher.layer), large(student.layer)];
  parts.third.name(thirdInWords(view.third, student));
  if (view.third === "difference") parts.third.draw(s.map((v, i) => v - t[i]), shape, { image, words: `The ${student.who}’s map less the teacher’s` });
  else drawOverlay(parts.third, t, s, shape, image, `The ${student.who}’s map over the teacher’s`);
}

/** As on glass: where both look, both colours meet. On light ground they darken each other, on dark ground they add up. */
function drawOverlay(part, teacher, student, shape, image, words) {
  part.draw(null, shape, { words });
  const canvas = part.root.querySelector("canvas");
  const context = canvas.getContext("2d");
  const frame = context.getImageData(0, 0, shape[1], shape[0]);
  const dark = isDark(part.root);
  for (let p = 0; p < teacher.length; p++) {
    for (let c = 0; c < 3; c++) {
      const ground = frame.data[4 * p + c];
      const base = ground + ((dark ? 255 : 0) - ground) * (image ? (image[p] / 255) * MAP_INK : 0);
      const through = (side, v) => v ** 0.75 * (dark ? OVERLAY_COLOURS[side][c] / 255 : 1 - OVERLAY_COLOURS[side][c] / 255);
      const [t, s] = [through("teacher", teacher[p]), through("student", student[p])];
      frame.data[4 * p + c] = dark ? 255 - (255 - base) * (1 - t) * (1 - s) : base * (1 - t) * (1 - s);
    }
  }
  context.putImageData(frame, 0, 0);
}

/** A map on a larger grid, each place as a block: nothing is made up between them. */
function enlarged(values, [height, width], [tall, broad]) {
  const found = new Float32Array(tall * broad);
  for (let y = 0; y < tall; y++) {
    const row = Math.floor((y * height) / tall) * width;
    for (let x = 0; x < broad; x++) found[y * broad + x] = Math.max(0, values[row + Math.floor((x * width) / broad)]);
  }
  return found;
}

function layerInWords(layer, kind, head) {
  if (kind === "rollout") return `up to ${layer.title}`;
  return kind === "heads" ? `${layer.title}, ${headInWords(head)}` : layer.title;
}

function thirdInWords(third, { title }) {
  return THIRD_NAMES[third].replace("Student", title);
}

function headInWords(head) {
  return head >= 0 ? `head ${head + 1}` : "mean of heads";
}

function attentionSentence(model, { teacher, student, both, made, pair, others }) {
  const example = `In example ${model.get("selected") + 1}`;
  const step = model.get("made_for").step;
  const at = ({ layer, head }) => layerInWords(layer, made.kind, head);
  if (!both) {
    const [has, lacks] = teacher.layer ? [teacher, student] : [student, teacher];
    return `${example} the ${has.who}’s map is shown (${at(has)}); the ${lacks.who} has none.`;
  }
  const after = step === null || step === undefined || !model.get("total_steps") ? "" : `, after step ${grouped(step)}`;
  const both_maps = `${example} the teacher’s map (${at(teacher)}) and the ${student.who}’s (${at(student)}${after})`;
  if (pair.cosine === null) return `${both_maps} have no cosine: one of them is 0 throughout.`;
  const says = `${both_maps} have a cosine of ${pair.cosine.toFixed(2)}`;
  if (pair.chance === null) return `${says}.`;
  const above = Number(pair.cosine.toFixed(2)) - Number(pair.chance.toFixed(2)); // as both are written
  const size = Math.abs(above).toFixed(2);
  const compared = size === "0.00" ? "the same as" : `${size} ${above > 0 ? "above" : "below"}`;
  return `${says}, ${compared} the ${pair.chance.toFixed(2)} it has with the teacher’s maps of ${others} other examples (median).`;
}

/** What a sentence is about: while this stays the same it is not spoken again at once. */
function attentionSubject(model, { teacher, student, made }) {
  return [model.get("selected"), made.kind, made.form, teacher.layer?.name, student.layer?.name, teacher.head, student.head].join(" ");
}

function attentionChoices(model, life) {
  const choice = (name, term, meaning, names = {}, valueOf = (text) => text) =>
    attentionChoice(life, term, meaning, names, (text) => commit(model, { [name]: valueOf(text) }));
  const made = {
    kind: choice("kind", "Maps", ATTENTION_MEANINGS.kind, KIND_NAMES),
    form: choice("form", "Form of the map", ATTENTION_MEANINGS.form, FORM_NAMES),
    teacher_head: choice("teacher_head", "Teacher’s head", ATTENTION_MEANINGS.head, {}, Number),
    student_head: choice("student_head", "Student’s head", ATTENTION_MEANINGS.head, {}, Number),
    third: choice("third", "Both as one", ATTENTION_MEANINGS.third, THIRD_NAMES),
  };
  const drawHeads = (name, { layers }, kind, asked) => {
    const count = Math.max(0, ...layers.map((layer) => layer.heads));
    made[name].root.hidden = kind !== "heads" || count < 2;
    const values = [-1, ...Array.from({ length: count }, (_, i) => i)];
    const names = Object.fromEntries(values.map((v) => [v, v < 0 ? `Mean of ${count} heads` : `Head ${v + 1}`]));
    made[name].draw(String(values.includes(asked) ? asked : -1), values.map(String), names);
  };
  return {
    root: node("div", { class: "kd-attention-choices" }, ...Object.values(made).map((one) => one.root)),
    draw({ teacher, student, kind, kinds, asked, both, third }) {
      made.kind.root.hidden = !kinds.length;
      made.kind.draw(kind, kinds);
      made.form.root.hidden = kind !== "activation";
      made.form.draw(asked.form, Object.keys(FORM_NAMES));
      drawHeads("teacher_head", teacher, kind, asked.teacher_head);
      drawHeads("student_head", student, kind, asked.student_head);
      made.third.root.hidden = !both;
      made.third.draw(third, Object.keys(THIRD_NAMES), Object.fromEntries(Object.keys(THIRD_NAMES).map((one) => [one, thirdInWords(one, student)])));
    },
  };
}

/** A choice whose name is a term with a definition. */
function attentionChoice(life, term, meaning, names, choose) {
  const made = choiceOf(life, term, names, choose);
  made.root.querySelector("label").replaceWith(node("div", { class: "kd-label" }, definition(life, term, meaning)));
  put(made.root.querySelector("select"), "aria-label", term);
  return made;
}

/** What many examples say: which layers correspond, and how alike their maps are beside chance. */
function attentionAcross(life) {
  const title = node("h3", { class: "kd-across-title" });
  const framed = "Framed: the teacher’s layer most like each of the student’s.";
  const cka = layerTable(life, definition(life, "Likeness of layers (linear CKA)", CKA_MEANING), "Linear CKA of each layer of the teacher with each of the student", framed);
  const cosine = layerTable(life, definition(life, "Likeness of maps (median cosine)", MEDIAN_MEANING), "Median cosine of the maps of each layer of the teacher with each of the student",
    `${framed} Small: with another example’s map.`);
  const said = node("div", { class: "kd-across-said" });
  const root = node("div", { class: "kd-across-all" }, title, cka.root, cosine.root, said);
  const fresh = changing();
  const text = (v) => (v === null || v === undefined ? "–" : v.toFixed(2));
  const pairOf = ({ rows, columns }, i, j) => `teacher ${rows[i]}, student ${columns[j]}`;
  const bestOf = ({ rows, columns, best }, i, j) => best[columns[j]] === rows[i];
  return {
    root,
    draw(found) {
      root.hidden = !found.n;
      if (root.hidden || !fresh(found)) return;
      say(title, `${grouped(found.n)} examples${found.cosine ? `, ${acrossInWords(found)}` : ""}`);
      cka.draw({ ...found.cka, cell: (i, j) => {
        const [value, chance, best] = [found.cka.matrix[i][j], found.cka.chance?.[i][j], bestOf(found.cka, i, j)];
        const shuffled = chance === undefined ? "" : `, by chance up to ${text(chance)}`;
        return { value, best, text: text(value), more: shuffled && text(chance), words: `${pairOf(found.cka, i, j)}: linear CKA ${text(value)}${shuffled}${best ? ", best match" : ""}` };
      } });
      said.replaceChildren(...found.sentences.map((sentence) => node("p", { class: "kd-sentence" }, sentence)));
      cosine.root.hidden = !found.cosine;
      if (!found.cosine) return;
      const titles = { rows: layerTitles(found.cosine.rows, found.kind), columns: layerTitles(found.cosine.columns, found.kind) };
      cosine.draw({ ...titles, cell: (i, j) => {
        const [value, chance, best] = [found.cosine.median[i][j], found.cosine.chance[i][j], bestOf(found.cosine, i, j)];
        return { value, best, text: text(value), more: text(chance), words: `${pairOf(found.cosine, i, j)}: median cosine ${text(value)}, by chance ${text(chance)}${best ? ", best match" : ""}` };
      } });
    },
  };
}

function acrossInWords({ kind, form, teacher_head, student_head }) {
  const heads = teacher_head < 0 && student_head < 0 ? headInWords(-1) : `teacher ${headInWords(teacher_head)}, student ${headInWords(student_head)}`;
  const more = { activation: FORM_NAMES[form], heads }[kind];
  return KIND_NAMES[kind].toLowerCase() + (more ? ` (${more})` : "");
}

export default { render };
