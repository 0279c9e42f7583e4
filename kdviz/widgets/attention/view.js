// Attention: where the layers of both models look. Python makes the maps of all layers; what is drawn of them is made here.

import { layerRow } from "./layer_row.js";
import { layerTable } from "./layer_table.js";
import { rowAt, tokenAxes, tokenReader } from "./tokens.js";
import { choiceOf } from "../shared/choice.js";
import { examplesOf } from "../shared/compared.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, put, say } from "../shared/elements.js";
import { figuresInARow } from "../shared/figures_in_a_row.js";
import { fixed, grouped } from "../shared/format.js";
import { acrossButton, imageOf, isDark, isOfNow, MAP_INK, mapFigure, onTheme, staleness } from "../shared/maps.js";
import { isInView, joined } from "../shared/scene.js";
import { floats } from "../shared/softmax.js";
import { shownStudent } from "../shared/strip.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const ATTENTION_DEPENDS_ON = [
  "kind", "kinds", "form", "teacher_layer", "student_layer", "teacher_head", "student_head", "third", "made_of", "teacher_layers", "student_layers",
  "teacher_maps", "student_maps", "tokens", "place", "reasons", "numbers", "across", "made_for", "note", "progress",
  "selected", "images", "image_shape", "student_logits", "view", "views", "hidden", "runs", "shown_run", "total_steps",
];
const KIND_NAMES = { activation: t("Activation maps"), heads: t("Attention per head"), rollout: t("Rollout") };
const FORM_NAMES = { sum: t("Σ |A|² over channels"), max: t("max |A|² over channels") };
const THIRD_NAMES = { overlay: () => t("Overlay"), difference: (who) => t("{who} − teacher", { who }) };
const ATTENTION_MEANINGS = {
  kind: t("Activation maps: where the channels of a convolutional layer are large, Q = F(A) / ‖F(A)‖₂ (attention transfer, Zagoruyko and Komodakis 2017). "
    + "Attention per head: how much the class token of a transformer attends to each patch. "
    + "In a text: how much each token (a row) attends to each other (a column), a picture a head. "
    + "Rollout: the same through all layers up to the one chosen, where half of each token comes from itself (Abnar and Zuidema 2020)."),
  form: t("How the channels A of a layer become one map F: the sum of their squares, or at each place the square of the strongest."),
  head: t("A transformer’s layer has several attention heads. Heads of the same number in two models have nothing to do with each other."),
  third: t("Each map on its own scale. Overlaid they show the places of both; their difference is blue where the teacher looks more, orange where the student does."),
};
const ATTENTION_TERMS = {
  cosine: [t("Cosine of both maps"), t("1 where both look at the same places in the same proportions. The larger map is averaged down to the smaller one first.")],
  chance: [t("Cosine with another example (baseline)"), t("The student’s map against the teacher’s maps of other examples, median: what any two maps share. Only what is above it is about this example.")],
  squared: [t("Squared distance"), t("‖Q_T − Q_S‖², both maps of L2 norm 1: 2 − 2 · cosine. It is what attention transfer minimizes.")],
};
const CKA_MEANING = t("How similarly two layers arrange the same examples: 1 where one is the other rotated or scaled, near 0 where they have nothing in common (debiased). "
  + "Below it, the 95th percentile over shuffles of the examples. Maps are averaged over places first, so it compares what is there, not where. Kornblith et al. 2019, Murphy et al. 2024.");
const MEDIAN_MEANING = t("Of the maps of two layers, the median over the examples; below it the same with the teacher’s map of another example, which is what any two maps share.");
const OVERLAY_COLOURS = { teacher: [0, 114, 178], student: [230, 159, 0] };

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "attention", t("Attention"));
  const choices = attentionChoices(model, life);
  const note = node("p", { class: "kd-note", role: "status" });
  const parts = {
    image: mapFigure(t("Example")), teacher: mapFigure(t("Teacher"), "teacher", { ofModels: true }),
    student: mapFigure(t("Student"), "student", { ofModels: true }), third: mapFigure("", "", { ofModels: true }),
  };
  const maps = node("div", { class: "kd-maps" }, ...Object.values(parts).map((part) => part.root));
  const key = node("p", { class: "kd-note kd-map-key" }, ...Object.entries({ teacher: t("teacher"), student: t("student"), both: t("both") }).map(([who, name]) => node("span", {}, node("i", { class: `kd-key-${who}` }), name)),
    node("span", {}, t("each map on its own scale")));
  const rows = {
    teacher: layerRow(life, t("Teacher"), "teacher", (name) => commit(model, { teacher_layer: name })),
    student: layerRow(life, t("Student"), "student", (name) => commit(model, { student_layer: name })),
  };
  const reason = node("p", { class: "kd-note" });
  const numbers = figuresInARow(life, ATTENTION_TERMS);
  const seen = { row: -1, text: "" };
  const read = (row) => {
    if (row < 0 || row === seen.row) return;
    seen.row = row;
    painter.soon();
  };
  const axes = Object.values(parts).map(tokenAxes);
  for (const { canvas } of axes) {
    const follow = (event) => read(rowAt(canvas, event, model.get("tokens").length));
    life.listen(canvas, "pointermove", (event) => event.pointerType === "mouse" && follow(event));
    life.listen(canvas, "pointerdown", follow);
  }
  const reader = tokenReader(life, read);
  const sentence = liveSentence(life);
  const button = acrossButton(model, life, t("Over many examples"));
  const across = attentionAcross(life);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Attention: where do the layers look?"))), choices.root, note, maps, reader.root, key, reason,
    rows.teacher.root, rows.student.root, numbers.root, sentence.root, button.root, across.root);

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "attention");
    if (el.hidden) return;
    const view = attentionView(model);
    choices.draw(view);
    root.classList.toggle("kd-stale", view.there && !view.fresh);
    say(note, view.trouble || (!view.there ? t("The maps are being computed …") : view.fresh ? staleness(model) : t("The maps of this choice are being computed …")));
    note.hidden = !note.textContent;
    for (const part of [maps, key]) part.hidden = !view.there;
    say(reason, view.there ? Object.values(model.get("reasons")).join(" ") : "");
    reason.hidden = !reason.textContent;
    for (const side of ["teacher", "student"]) {
      const { layers, layer } = view[side];
      rows[side].root.hidden = !view.there || !layers.length;
      if (!rows[side].root.hidden) rows[side].draw(layers, layer.name, layersInWords(layers, view[side].title));
    }
    if (view.there) drawAttention(parts, view);
    const tokens = view.there ? model.get("tokens") : [];
    const text = tokens.join("\n");
    if (seen.text !== text) [seen.text, seen.row] = [text, Math.max(0, model.get("place"))];
    maps.classList.toggle("kd-maps-tokens", tokens.length > 0);
    for (const one of axes) one.draw(tokens, seen.row);
    reader.draw(tokens, seen.row, [view.teacher, view.student]);
    const keyed = { teacher: view.teacher.layer, student: view.student.layer, both: view.both && view.third === "overlay" };
    for (const [who, seen] of Object.entries(keyed)) key.querySelector(`.kd-key-${who}`).parentNode.hidden = !seen;
    numbers.root.hidden = !view.there || !view.both;
    numbers.draw(Object.fromEntries(Object.entries(view.pair).map(([name, value]) => [name, fixed(value, 2)])));
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
  const teacher = sideOf("teacher", { title: t("Teacher"), who: t("teacher") });
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
  const titles = layerTitles(layers.map((one) => one.layer ?? one.name), kind)
    .map((title, i) => (layers[i].head ? t("{layer}, head {n}", { layer: title, n: layers[i].head }) : title));
  const order = [...new Set(layers.map((one) => one.layer))];
  let start = 0;
  return layers.map((layer, i) => {
    const values = numbers.subarray(start, start + layer.height * layer.width);
    start += values.length;
    const short = layer.head ? `${order.indexOf(layer.layer) + 1}.${layer.head}` : titles[i];
    return { ...layer, values, short, title: titles[i] };
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
    parts[side].draw(large(layer), shape, { image, signed: side === "student", words: t("The {who}’s map, {where}", { who, where }) });
  }
  parts.third.root.hidden = !view.both;
  if (!view.both) return;
  const [own, other] = [large(teacher.layer), large(student.layer)];
  parts.third.name(THIRD_NAMES[view.third](student.title));
  if (view.third === "difference") parts.third.draw(other.map((v, i) => v - own[i]), shape, { image, words: t("The {who}’s map minus the teacher’s", { who: student.who }) });
  else drawOverlay(parts.third, own, other, shape, image, t("The {who}’s map over the teacher’s", { who: student.who }));
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
      const left = (1 - through("teacher", teacher[p])) * (1 - through("student", student[p]));
      frame.data[4 * p + c] = dark ? 255 - (255 - base) * left : base * left;
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
  if (kind === "rollout") return t("up to {layer}", { layer: layer.title });
  if (layer.layer !== undefined) return layer.title; // of a text, each head has a title of its own
  return kind === "heads" ? `${layer.title}, ${headInWords(head)}` : layer.title;
}

function layersInWords(layers, who) {
  if (layers[0].head) return tn("{who}: its head", "{who}: its {n} heads as layer.head, choose one", layers.length, { who });
  return tn("{who}: its layer", "{who}: its {n} layers, choose one", layers.length, { who });
}

function headInWords(head) {
  return head >= 0 ? t("head {n}", { n: head + 1 }) : t("mean of heads");
}

function attentionSentence(model, { teacher, student, both, made, pair, others }) {
  const n = model.get("selected") + 1;
  const step = model.get("made_for").step;
  const at = ({ layer, head }) => layerInWords(layer, made.kind, head);
  if (!both) {
    const [has, lacks] = teacher.layer ? [teacher, student] : [student, teacher];
    return t("In example {n} the {who}’s map is shown ({where}); the {other} has none.", { n, who: has.who, where: at(has), other: lacks.who });
  }
  const after = step === null || step === undefined || !model.get("total_steps") ? [] : [t("after step {step}", { step: grouped(step) })];
  const told = { n, who: student.who, teacher: at(teacher), student: [at(student), ...after].join(", "), cosine: fixed(pair.cosine, 2) };
  if (pair.cosine === null) return t("In example {n} the teacher’s map ({teacher}) and the {who}’s ({student}) have no cosine: one of them is 0 throughout.", told);
  const start = t("In example {n} the teacher’s map ({teacher}) and the {who}’s ({student}) have a cosine of {cosine}.", told);
  return pair.chance === null ? start : `${start} ${besideChance(pair, others)}`;
}

/** The cosine beside the one that maps of other examples have; the difference is that of the numbers as they are written. */
function besideChance({ cosine, chance }, others) {
  const above = Number(cosine.toFixed(2)) - Number(chance.toFixed(2));
  const told = { size: fixed(Math.abs(above), 2), chance: fixed(chance, 2), n: others };
  if (Math.abs(above) < 0.005) return t("That is the same as the {chance} it has with the teacher’s maps of {n} other examples (median).", told);
  return above > 0 ? t("That is {size} above the {chance} it has with the teacher’s maps of {n} other examples (median).", told)
    : t("That is {size} below the {chance} it has with the teacher’s maps of {n} other examples (median).", told);
}

/** What a sentence is about: while this stays the same it is not spoken again at once. */
function attentionSubject(model, { teacher, student, made }) {
  return [model.get("selected"), made.kind, made.form, teacher.layer?.name, student.layer?.name, teacher.head, student.head].join(" ");
}

function attentionChoices(model, life) {
  const choice = (name, term, meaning, names = {}, valueOf = (text) => text) =>
    attentionChoice(life, term, meaning, names, (text) => commit(model, { [name]: valueOf(text) }));
  const made = {
    kind: choice("kind", t("Maps"), ATTENTION_MEANINGS.kind, KIND_NAMES),
    form: choice("form", t("Form of the map"), ATTENTION_MEANINGS.form, FORM_NAMES),
    teacher_head: choice("teacher_head", t("Teacher’s head"), ATTENTION_MEANINGS.head, {}, Number),
    student_head: choice("student_head", t("Student’s head"), ATTENTION_MEANINGS.head, {}, Number),
    third: choice("third", t("Combined"), ATTENTION_MEANINGS.third),
  };
  const drawHeads = (name, { layers }, kind, asked) => {
    const count = Math.max(0, ...layers.map((layer) => layer.heads));
    made[name].root.hidden = kind !== "heads" || count < 2;
    const values = [-1, ...Array.from({ length: count }, (_, i) => i)];
    const names = Object.fromEntries(values.map((v) => [v, v < 0 ? t("Mean of {n} heads", { n: count }) : t("Head {n}", { n: v + 1 })]));
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
      made.third.draw(third, Object.keys(THIRD_NAMES), Object.fromEntries(Object.keys(THIRD_NAMES).map((one) => [one, THIRD_NAMES[one](student.title)])));
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
  const framed = t("Framed: the teacher’s layer most similar to each of the student’s.");
  const cka = layerTable(life, definition(life, t("Similarity of layers (linear CKA)"), CKA_MEANING), t("Linear CKA of each layer of the teacher with each of the student"), framed);
  const cosine = layerTable(life, definition(life, t("Similarity of maps (median cosine)"), MEDIAN_MEANING), t("Median cosine of the maps of each layer of the teacher with each of the student"),
    `${framed} ${t("Small: with another example’s map.")}`);
  const said = node("div", { class: "kd-across-said" });
  const root = node("div", { class: "kd-across-all" }, title, cka.root, cosine.root, said);
  const fresh = changing();
  const pairOf = ({ rows, columns }, i, j) => ({ teacher: rows[i], student: columns[j] });
  const bestOf = ({ rows, columns, best }, i, j) => best[columns[j]] === rows[i];
  return {
    root,
    draw(found) {
      root.hidden = !found.n;
      if (root.hidden || !fresh(found)) return;
      say(title, [examplesOf(found.n, ""), found.cosine ? acrossInWords(found) : ""].filter(Boolean).join(", "));
      cka.draw({ ...found.cka, cell: (i, j) => {
        const [value, chance, best] = [found.cka.matrix[i][j], found.cka.chance?.[i][j], bestOf(found.cka, i, j)];
        const told = { ...pairOf(found.cka, i, j), value: fixed(value, 2), chance: fixed(chance, 2) };
        const words = chance === undefined ? t("teacher {teacher}, student {student}: linear CKA {value}", told)
          : t("teacher {teacher}, student {student}: linear CKA {value}, by chance up to {chance}", told);
        return { value, best, text: told.value, more: chance === undefined ? "" : told.chance, words: bestInWords(words, best) };
      } });
      said.replaceChildren(...found.sentences.map((sentence) => node("p", { class: "kd-sentence" }, sentence)));
      cosine.root.hidden = !found.cosine;
      if (!found.cosine) return;
      const titles = { rows: layerTitles(found.cosine.rows, found.kind), columns: layerTitles(found.cosine.columns, found.kind) };
      cosine.draw({ ...titles, cell: (i, j) => {
        const [value, chance, best] = [found.cosine.median[i][j], found.cosine.chance[i][j], bestOf(found.cosine, i, j)];
        const told = { ...pairOf(found.cosine, i, j), value: fixed(value, 2), chance: fixed(chance, 2) };
        const words = t("teacher {teacher}, student {student}: median cosine {value}, by chance {chance}", told);
        return { value, best, text: told.value, more: told.chance, words: bestInWords(words, best) };
      } });
    },
  };
}

function bestInWords(words, best) {
  return best ? t("{words}, best match", { words }) : words;
}

function acrossInWords({ kind, form, teacher_head, student_head }) {
  const heads = teacher_head < 0 && student_head < 0 ? headInWords(-1) : t("teacher {teacher}, student {student}", { teacher: headInWords(teacher_head), student: headInWords(student_head) });
  const more = { activation: FORM_NAMES[form], heads }[kind];
  return KIND_NAMES[kind] + (more ? ` (${more})` : "");
}

export default { render };
