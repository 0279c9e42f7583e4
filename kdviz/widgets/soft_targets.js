// SoftTargets: what teacher and student say about one probe, at the temperature under the thumb.

const MANY_CLASSES = 24;
const ROWS_OF_MANY = 20;
const LOG_FLOOR = -6;
const TEMPERATURE_TICKS = [0.5, 1, 2, 5, 10, 20, 50, 100];

const MEANINGS = {
  entropy: "Entropy of the softened probabilities, in bits: 0 when one class has everything, log₂ C when all C classes are equal.",
  rest: "Probability on all classes but the true one (but the teacher’s first choice where the label is unknown), at temperature T.",
  kl: "KL(σ_T(t) ‖ σ_T(s)), in nats: how far the student’s softened probabilities are from the teacher’s. 0 only when they are equal.",
  scaledKl: "T² times the divergence. The T² keeps the gradient’s size about the same at every temperature.",
  ce: "Cross-entropy of the student with the true label at T = 1, in nats: minus the logarithm of the probability it gives the true class.",
  loss: "L = α · T² · KL + (1 − α) · CE for this one probe. Training averages it over the batch.",
};

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "soft-targets", "Soft targets");
  const live = announcer(life, { apart: 20000 });
  const state = readProbes(model);
  const parts = {
    heading: headingPart(),
    probes: probesPart(model, life),
    sliders: slidersPart(model, life, () => painter.now()),
    bars: barsPart(model, life),
    sentence: sentencePart(),
    formula: formulaPart(),
    numbers: numbersPart(life),
    empty: node("p", { class: "kd-empty" }, "No probes yet. Their soft targets appear here once a teacher is chosen."),
  };
  body.append(
    parts.heading.root, parts.empty, parts.probes.root, parts.sliders.root, parts.bars.root,
    parts.sentence.root, parts.formula.root, parts.numbers.root,
  );
  root.append(live.region);

  const painter = drawing(life, () => {
    const view = currentView(model, state);
    for (const part of Object.values(parts)) part.draw?.(view, state);
    parts.empty.hidden = state.count > 0;
    body.classList.toggle("kd-is-empty", state.count === 0);
    live.announce(view.shown.has("sentence") ? view.sentence : "", `${view.temperature} ${view.alpha} ${view.selected}`);
  });
  const reread = () => {
    Object.assign(state, readProbes(model));
    painter.soon();
  };
  life.watch(["teacher_logits", "student_logits", "classes", "labels", "captions", "images", "image_shape"], reread);
  life.watch(
    ["temperature", "alpha", "temperature_range", "shown", "locked", "in_force", "selected", "scale",
      "student_step", "teacher_name", "student_name"],
    painter.soon,
  );
  painter.now();
  return () => life.end();
}

/** What changes only when Python sends numbers: rows, first choices, pixels. */
function readProbes(model) {
  const classes = model.get("classes");
  const width = classes.length;
  const teacher = floats(model.get("teacher_logits"));
  const student = floats(model.get("student_logits"));
  const count = width ? Math.floor(teacher.length / width) : 0;
  const row = (all, i) => (width && all.length >= (i + 1) * width ? all.subarray(i * width, (i + 1) * width) : all.subarray(0, 0));
  const choices = (all) => Array.from({ length: count }, (_, i) => (row(all, i).length ? argmax(row(all, i)) : -1));
  return {
    classes, count,
    teacherRow: (i) => row(teacher, i),
    studentRow: (i) => row(student, i),
    hasStudent: student.length > 0,
    teacherChoice: choices(teacher),
    studentChoice: choices(student),
    labels: model.get("labels"),
    captions: model.get("captions"),
    images: octets(model.get("images")),
    shape: model.get("image_shape"),
    stamp: Symbol("probes"),
  };
}

/** Everything one drawing needs, computed once. */
function currentView(model, state) {
  const temperature = model.get("temperature");
  const alpha = model.get("alpha");
  const selected = Math.min(Math.max(0, model.get("selected")), Math.max(0, state.count - 1));
  const label = state.labels[selected] ?? -1;
  const numbers = probeNumbers(state.teacherRow(selected), state.studentRow(selected), label, temperature, alpha);
  const view = {
    temperature, alpha, selected, label, numbers,
    inForce: model.get("in_force"),
    locked: model.get("locked"),
    shown: new Set(model.get("shown")),
    range: model.get("temperature_range"),
    scale: model.get("scale"),
    teacherName: model.get("teacher_name"),
    studentName: model.get("student_name"),
    step: model.get("student_step"),
    hasStudent: state.hasStudent,
  };
  view.sentence = state.count ? probeSentence(view, state) : "";
  return view;
}

function headingPart() {
  const title = node("h2", {}, "Soft targets");
  const force = node("p", { class: "kd-force kd-note" });
  return {
    root: node("div", { class: "kd-head" }, title, force),
    draw(view) {
      const { temperature, alpha, step } = view.inForce;
      const known = temperature !== undefined && alpha !== undefined;
      force.hidden = !known && !view.hasStudent;
      const differs = known && (temperature !== view.temperature || alpha !== view.alpha);
      force.classList.toggle("kd-preview", differs);
      const since = step ? ` since step ${grouped(step)}` : "";
      const values = known ? `T = ${short(temperature)}, α = ${short(alpha)}` : "";
      say(force, !known ? "" : differs ? `Preview. Training uses ${values}${since}.` : `In force${since}: ${values}.`);
    },
  };
}

/** The strip of probes: a radio group with one tab stop; arrows, Home and End choose. */
function probesPart(model, life) {
  const strip = node("div", { class: "kd-probes", role: "radiogroup", "aria-label": "Probe" });
  const key = node("p", { class: "kd-note kd-probe-key" }, node("span", { class: "kd-dot", "aria-hidden": "true" }), " teacher and student differ in their first choice");
  let items = [];
  let stamp = null;
  let pixels = null;

  const choose = (index) => {
    commit(model, { selected: index });
    items[index].focus();
  };
  life.listen(strip, "click", (event) => {
    const index = items.indexOf(event.target.closest("[role=radio]"));
    if (index >= 0) choose(index);
  });
  life.listen(strip, "keydown", (event) => {
    const index = items.indexOf(event.target.closest("[role=radio]"));
    const moves = { ArrowRight: index + 1, ArrowDown: index + 1, ArrowLeft: index - 1, ArrowUp: index - 1, Home: 0, End: items.length - 1, " ": index };
    if (index < 0 || !(event.key in moves)) return;
    event.preventDefault();
    choose((moves[event.key] + items.length) % items.length);
  });

  return {
    root: node("div", { class: "kd-probe-block" }, strip, key),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("probes");
      if (this.root.hidden) return;
      const source = `${state.count}|${state.images.length}|${state.shape}|${state.captions.join("¦")}`;
      if (pixels !== source || (stamp !== state.stamp && state.images.length && !samePixels(items, state))) {
        items = Array.from({ length: state.count }, (_, i) => probeItem(state, i));
        strip.replaceChildren(...items);
        pixels = source;
      }
      if (stamp !== state.stamp) items.forEach((item, i) => nameProbe(item, state, i));
      stamp = state.stamp;
      items.forEach((item, i) => {
        put(item, "aria-checked", i === view.selected ? "true" : "false");
        put(item, "tabindex", i === view.selected ? "0" : "-1");
      });
      key.hidden = !state.hasStudent || !items.some((item) => item.classList.contains("kd-differs"));
    },
  };
}

function probeItem(state, i) {
  const item = node("button", { type: "button", role: "radio", class: "kd-probe" });
  const picture = probePicture(state, i);
  item.append(picture ?? node("span", { class: "kd-caption" }, state.captions[i] || `Row ${i + 1}`));
  item.classList.toggle("kd-text", !picture);
  item.pixelSum = picture ? pixelSum(state, i) : 0;
  return item;
}

/** Enough to notice that another set of images has come. */
function pixelSum(state, i) {
  const size = state.shape[0] * state.shape[1];
  let sum = 0;
  for (let p = i * size; p < (i + 1) * size; p++) sum = (sum * 31 + state.images[p]) | 0;
  return sum;
}

function samePixels(items, state) {
  return items.length === state.count && items.every((item, i) => item.pixelSum === pixelSum(state, i));
}

/** Grey values as ink on paper: white pixels of the data set become dark; the dark theme inverts them back. */
function probePicture(state, i) {
  const [height, width] = state.shape;
  const size = height * width;
  if (!size || state.images.length < (i + 1) * size) return null;
  const canvas = node("canvas", { width, height, class: "kd-picture", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  for (let p = 0; p < size; p++) frame.data[4 * p + 3] = state.images[i * size + p];
  context.putImageData(frame, 0, 0);
  return canvas;
}

function nameProbe(item, state, i) {
  const label = state.labels[i] ?? -1;
  const [t, s] = [state.teacherChoice[i], state.studentChoice[i]];
  const differs = s >= 0 && t !== s;
  item.classList.toggle("kd-differs", differs);
  const truth = label >= 0 ? `true class ${state.classes[label]}` : "label unknown";
  const says = s >= 0 ? `, teacher says ${state.classes[t]}, student says ${state.classes[s]}` : `, teacher says ${state.classes[t]}`;
  const caption = state.captions[i] ? `${state.captions[i]}, ` : "";
  put(item, "aria-label", `Probe ${i + 1} of ${state.count}: ${caption}${truth}${says}`);
}

function slidersPart(model, life, drawNow) {
  const temperature = slider(life, {
    name: "Temperature", symbol: "T", ticks: TEMPERATURE_TICKS,
    text: short, spoken: (v) => `temperature ${short(v)}`,
    onInput: (v) => { model.set("temperature", v); drawNow(); },
    onRelease: (v) => commit(model, { temperature: v }),
  });
  const alpha = slider(life, {
    name: "Weight of the soft term", symbol: "α", ticks: [0, 0.5, 1],
    tickText: (v) => ({ 0: "0: labels only", 1: "1: teacher only" })[v] ?? String(v),
    text: (v) => (Number.isInteger(v) ? String(v) : v.toFixed(2)),
    spoken: (v) => `alpha ${v.toFixed(2)}: ${Math.round(100 * v)} % soft term, ${Math.round(100 * (1 - v))} % hard term`,
    onInput: (v) => { model.set("alpha", v); drawNow(); },
    onRelease: (v) => commit(model, { alpha: v }),
  });
  alpha.setStops(Array.from({ length: 101 }, (_, i) => i / 100));
  return {
    root: node("div", { class: "kd-sliders" }, temperature.root, alpha.root),
    draw(view, state) {
      temperature.root.hidden = !view.shown.has("temperature");
      alpha.root.hidden = !view.shown.has("alpha");
      this.root.hidden = state.count === 0 || (temperature.root.hidden && alpha.root.hidden);
      temperature.setStops(ratioStops(view.range[0], view.range[1]));
      temperature.set(view.temperature);
      alpha.set(view.alpha);
      temperature.setDisabled(view.locked.includes("temperature"));
      alpha.setDisabled(view.locked.includes("alpha"));
      temperature.setMark(view.inForce.temperature ?? null, `Training uses T = ${short(view.inForce.temperature ?? 0)}`);
      alpha.setMark(view.inForce.alpha ?? null, `Training uses α = ${short(view.inForce.alpha ?? 0)}`);
    },
  };
}

/** The mirrored bars: teacher to the left, student to the right, class names in the middle. */
function barsPart(model, life) {
  const picture = node("div", { class: "kd-large" });
  const teacherHead = node("p", { class: "kd-side kd-side-teacher" });
  const studentHead = node("p", { class: "kd-side kd-side-student" });
  const rows = node("div", { class: "kd-rows", role: "table", "aria-label": "Softened probabilities by class" });
  const others = node("p", { class: "kd-note" });
  const axis = node("div", { class: "kd-axis", "aria-hidden": "true" });
  const switcher = scaleSwitch(model, life);
  let made = [];
  let key = "";
  let pictured = "";
  return {
    root: node("div", { class: "kd-bars" },
      node("div", { class: "kd-bars-head" }, picture, teacherHead, studentHead),
      node("div", { class: "kd-bar-grid" }, rows, axis), others, switcher.root),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("bars");
      if (this.root.hidden) return;
      const classes = rowsToShow(view, state);
      const nextKey = [view.hasStudent, ...classes.map((c) => `${c}:${state.classes[c]}`)].join("|");
      if (nextKey !== key) {
        made = classes.map((c) => barRow(state.classes[c]));
        rows.replaceChildren(barHeader(view.hasStudent), ...made.map((row) => row.root));
        key = nextKey;
      }
      const nextPicture = `${view.selected}|${state.images.length}|${pixelSumOrZero(state, view.selected)}`;
      if (nextPicture !== pictured) {
        picture.replaceChildren(...[probePicture(state, view.selected)].filter(Boolean));
        pictured = nextPicture;
      }
      picture.hidden = !picture.firstChild;
      sideHead(teacherHead, "Teacher", view.teacherName, "");
      sideHead(studentHead, "Student", view.studentName, view.hasStudent ? `step ${grouped(view.step)}` : "");
      this.root.classList.toggle("kd-one-sided", !view.hasStudent);
      studentHead.hidden = !view.hasStudent;
      classes.forEach((c, i) => made[i].draw(view, c));
      say(others, classes.length < state.classes.length
        ? `The ${classes.length} largest of ${state.classes.length} classes at T = 1; the others are not drawn.` : "");
      drawAxis(axis, view.scale);
      switcher.draw(view.scale);
    },
  };
}

function pixelSumOrZero(state, i) {
  const size = state.shape[0] * state.shape[1];
  return size && state.images.length >= (i + 1) * size ? pixelSum(state, i) : 0;
}

function sideHead(element, role, name, when) {
  const text = [role, name, when].filter(Boolean).join(" · ");
  if (element.title === text) return;
  element.title = text;
  element.replaceChildren(node("b", {}, role), node("span", {}, [name, when].filter(Boolean).join(", ")));
}

/** All classes; of very many only the largest, chosen at T = 1 so that the rows stand still while T moves. */
function rowsToShow(view, state) {
  const all = state.classes.map((_, c) => c);
  if (all.length <= MANY_CLASSES) return all;
  const teacher = state.teacherRow(view.selected);
  const first = all.sort((a, b) => teacher[b] - teacher[a]).slice(0, ROWS_OF_MANY);
  if (view.label >= 0 && !first.includes(view.label)) first[first.length - 1] = view.label;
  return first;
}

function barHeader(hasStudent) {
  const cell = (text) => node("span", { role: "columnheader" }, text);
  return node("div", { class: "kd-unseen", role: "row" }, cell("Teacher"), cell("Class"), hasStudent ? cell("Student") : null);
}

function barRow(name) {
  const teacherBar = node("span", { class: "kd-bar kd-bar-teacher", "aria-hidden": "true" });
  const studentBar = node("span", { class: "kd-bar kd-bar-student", "aria-hidden": "true" });
  const teacherValue = node("span", { class: "kd-p kd-p-teacher", role: "cell" });
  const studentValue = node("span", { class: "kd-p kd-p-student", role: "cell" });
  const title = node("span", { class: "kd-class", role: "rowheader", title: name }, name);
  const root = node("div", { class: "kd-row", role: "row" }, teacherBar, teacherValue, title, studentValue, studentBar);
  const side = (bar, value, logP, c, scale) => {
    const p = logP ? Math.exp(logP[c]) : null;
    say(value, p === null ? "" : probability(p));
    bar.style.width = p === null ? "0" : `${100 * barLength(logP[c], scale)}%`;
  };
  return {
    root,
    draw(view, c) {
      side(teacherBar, teacherValue, view.numbers.logT, c, view.scale);
      side(studentBar, studentValue, view.numbers.logS, c, view.scale);
      root.classList.toggle("kd-true", c === view.label);
      put(title, "aria-label", c === view.label ? `${name}, the true class` : null);
    },
  };
}

function barLength(logP, scale) {
  if (scale === "linear") return Math.exp(logP);
  return Math.min(1, Math.max(0, 1 - logP / Math.LN10 / LOG_FLOOR));
}

function drawAxis(axis, scale) {
  if (axis.dataset.scale === scale) return;
  axis.dataset.scale = scale;
  const ticks = scale === "linear" ? [[0, "0"], [0.5, "0.5"], [1, "1"]] : [[0, powerOfTen(LOG_FLOOR)], [0.5, powerOfTen(LOG_FLOOR / 2)], [1, "1"]];
  const half = (side) => {
    const marks = ticks.map(([at, text]) => {
      const mark = node("span", {}, text);
      mark.style.setProperty("--kd-at", at);
      return mark;
    });
    return node("span", { class: `kd-axis-half kd-axis-${side}` }, ...marks);
  };
  axis.replaceChildren(half("teacher"), node("span", { class: "kd-axis-name" }, "probability"), half("student"));
}

function scaleSwitch(model, life) {
  const group = uniqueId("scale");
  const option = (value, text) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { scale: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  };
  const options = [option("linear", "Linear"), option("log", "Log: see the tails")];
  return {
    root: node("div", { class: "kd-scale" }, node("fieldset", { class: "kd-segments" },
      node("legend", { class: "kd-unseen" }, "Scale of the bars"), ...options.map((o) => o.root))),
    draw(scale) {
      for (const o of options) o.input.checked = o.value === scale;
    },
  };
}

function sentencePart() {
  const root = node("p", { class: "kd-sentence" });
  return {
    root,
    draw(view, state) {
      root.hidden = state.count === 0 || !view.shown.has("sentence");
      say(root, view.sentence);
    },
  };
}

/** One sentence, and only what the numbers of this probe show. */
function probeSentence(view, state) {
  const { logT, logS, target } = view.numbers;
  if (!logT) return "The teacher’s outputs for this probe are not finite numbers.";
  const name = (c) => state.classes[c];
  const t = argmax(logT);
  const second = logT.length > 1 ? argmax(Array.from(logT, (l, c) => (c === t ? -Infinity : l))) : -1;
  const start = `At T = ${short(view.temperature)} the teacher says ${name(t)} (${probability(Math.exp(logT[t]))})`;
  const next = second >= 0 ? `, then ${name(second)} (${probability(Math.exp(logT[second]))})` : "";
  const truth = view.label >= 0 && view.label !== t ? `; the label is ${name(view.label)}` : "";
  if (!view.hasStudent) return `${start}${next}${truth}.`;
  if (!logS) return `${start}${next}${truth}; the student’s outputs are not finite numbers.`;
  const s = argmax(logS);
  const reply = s === t
    ? `the student says ${name(s)} too (${probability(Math.exp(logS[s]))})`
    : `the student says ${name(s)} (${probability(Math.exp(logS[s]))}) and leaves ${probability(Math.exp(logS[t]))} for ${name(t)}`;
  return `${start}${next}${truth}; ${reply}.`;
}

/** The formula, and under each symbol its number. */
function formulaPart() {
  const cells = {};
  const column = (symbol, key) => {
    const top = node("span", { class: "kd-math" });
    top.innerHTML = symbol;
    cells[key] ??= [];
    const fixed = FIXED_SYMBOLS[key];
    const below = node("span", { class: `kd-math-number${fixed ? "" : " kd-math-live"}` }, fixed ?? "");
    cells[key].push(below);
    return node("span", { class: "kd-math-column" }, top, below);
  };
  const sub = (letter) => `σ<sub><i>T</i></sub>(<i>${letter}</i>)`;
  const left = node("span", { class: "kd-math-term" }, column("<i>L</i>", "loss"), column("=", "equals"));
  const softTerm = node("span", { class: "kd-math-term" }, column("<i>α</i>", "alpha"), column("·", "dot"),
    column("<i>T</i>²", "square"), column("·", "dot"), column(`KL(${sub("t")} ‖ ${sub("s")})`, "kl"));
  const hardTerm = node("span", { class: "kd-math-term" },
    column("+", "plus"), column("(1 − <i>α</i>)", "beta"), column("·", "dot"), column("CE(<i>s</i>, <i>y</i>)", "ce"));
  const share = { soft: node("span", { class: "kd-share-soft" }), hard: node("span", { class: "kd-share-hard" }) };
  const shareText = node("p", { class: "kd-note" });
  const math = node("div", { class: "kd-formula-body", role: "math" }, left, softTerm, hardTerm);
  const shareBar = node("div", { class: "kd-share", "aria-hidden": "true" }, share.soft, share.hard);
  return {
    root: node("div", { class: "kd-formula" }, math, shareBar, shareText),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("formula");
      if (this.root.hidden) return;
      const n = view.numbers;
      const texts = {
        loss: quantity(n.loss), alpha: view.alpha.toFixed(2), square: quantity(view.temperature ** 2), kl: quantity(n.kl),
        beta: (1 - view.alpha).toFixed(2), ce: quantity(n.ce),
      };
      for (const [key, text] of Object.entries(texts)) for (const cell of cells[key]) say(cell, text);
      put(math, "aria-label", "L = alpha times T squared times KL of teacher and student, plus 1 minus alpha times CE: "
        + `${texts.loss} = ${texts.alpha} · ${texts.square} · ${texts.kl} + ${texts.beta} · ${texts.ce}`);
      drawShare(shareBar, share, shareText, view);
    },
  };
}

const FIXED_SYMBOLS = { equals: "=", dot: "·", plus: "+" };

function drawShare(bar, share, text, view) {
  const { soft, hard, loss, scaledKl } = view.numbers;
  bar.classList.toggle("kd-blank", !(loss > 0));
  if (loss > 0) {
    share.soft.style.width = `${(100 * soft) / loss}%`;
    share.hard.style.width = `${(100 * hard) / loss}%`;
    say(text, `Soft term ${quantity(soft)}, hard term ${quantity(hard)}: the soft term is ${wholePercent(soft / loss)} of L on this probe.`);
  } else if (scaledKl === null) {
    say(text, view.hasStudent ? "These outputs are not finite numbers, so L has no value." : "L has a value once there is a student.");
  } else {
    say(text, loss === null ? "This probe has no label, so its hard term and L have no value." : "Both terms are 0 on this probe.");
  }
}

/** Whole percent that never rounds a part to nothing or to all. */
function wholePercent(share) {
  if (share > 0 && share < 0.01) return "less than 1\u00a0%";
  if (share > 0.99 && share < 1) return "more than 99\u00a0%";
  return `${Math.round(100 * share)}\u00a0%`;
}

/** Entropy and off-class mass of both sides as a small table; the terms of the loss beside it. */
function numbersPart(life) {
  const values = {};
  const value = (key, unit = "") => {
    const data = node("data", { "data-number": key });
    const small = node("small", {}, unit ? ` ${unit}` : "");
    values[key] = { data, small };
    return node("span", { class: "kd-value" }, data, small);
  };
  const row = (...cells) => node("div", { role: "row", class: "kd-pair" }, ...cells);
  const line = (term, meaning, keys, unit) => row(
    node("span", { role: "rowheader" }, definition(life, term, meaning)),
    ...keys.map((key) => node("span", { role: "cell" }, value(key, unit))),
  );
  const side = (role, text) => node("b", { role: "columnheader", class: `kd-text-${role}` }, text);
  const table = node("div", { class: "kd-pairs", role: "table", "aria-label": "Softened probabilities in one number" },
    row(node("span", { role: "columnheader" }, node("span", { class: "kd-unseen" }, "Number")), side("teacher", "Teacher"), side("student", "Student")),
    line("Entropy", MEANINGS.entropy, ["teacherEntropy", "studentEntropy"], "bits"),
    line("Off the true class", MEANINGS.rest, ["teacherRest", "studentRest"]));
  const term = (name, meaning, key, unit) => node("div", { class: "kd-number" }, definition(life, name, meaning), value(key, unit));
  const list = node("div", { class: "kd-numbers" }, term("KL", MEANINGS.kl, "kl", "nats"), term("T² · KL", MEANINGS.scaledKl, "scaledKl", "nats"),
    term("CE at T = 1", MEANINGS.ce, "ce", "nats"), term("L", MEANINGS.loss, "loss", "nats"));
  return {
    root: node("div", { class: "kd-number-block" }, table, list),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("numbers");
      this.root.classList.toggle("kd-one-sided", !view.hasStudent);
      for (const [key, { data, small }] of Object.entries(values)) {
        const number = view.numbers[key];
        say(data, key.endsWith("Rest") ? probability(number) : quantity(number));
        put(data, "value", number === null ? "" : String(number));
        small.hidden = number === null;
      }
    },
  };
}

export default { render };
