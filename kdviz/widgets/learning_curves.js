// LearningCurves: error on validation data, step by step, on a logarithmic axis.

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const STEP_SIZES = [1, 2, 5];
const WIDE = 460;
const ROLES = ["student", "twin", "teacher"];
const NAMES = { student: "Student", twin: "Twin, no teacher", teacher: "Teacher" };

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "curves", "Learning curves");
  const live = announcer(life, { apart: 20000 });
  const head = curvesHead(model, life);
  const legend = node("p", { class: "kd-legend" });
  const plot = curvesPlot(model, life);
  const sentence = node("p", { class: "kd-sentence" });
  const edits = node("ol", { class: "kd-unseen", "aria-label": "Edits" });
  body.append(head.root, legend, plot.root, sentence, edits);
  root.append(live.region);

  const painter = drawing(life, () => {
    const view = curvesView(model, plot.width());
    head.draw(view);
    plot.draw(view);
    drawLegend(legend, view);
    say(sentence, model.get("sentence"));
    live.announce(model.get("sentence"), view.stage);
    const told = view.edits.map((edit) => `Step ${grouped(edit.step)}: ${edit.text}`);
    if (told.join("\n") !== [...edits.children].map((item) => item.textContent).join("\n")) edits.replaceChildren(...told.map((text) => node("li", {}, text)));
  });
  life.watch(["series", "teacher", "edits", "total_steps", "y_label", "cursor", "measure", "sentence"], painter.soon);
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(plot.root);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** Data and scales of one drawing. */
function curvesView(model, width) {
  const measure = model.get("measure");
  const flip = measure === "accuracy" ? (v) => 100 - v : (v) => v;
  const series = model.get("series")
    .map((s) => ({ ...s, values: s.values.map(flip), title: s.name || NAMES[s.role] }))
    .filter((s) => s.steps.length > 0);
  const reference = model.get("teacher");
  const teacher = reference === null || reference === undefined ? null : flip(reference);
  const unit = textSize();
  const height = Math.round(Math.min(380 * unit, Math.max(260 * unit, width * 0.58)));
  const names = series.length ? series.map((s) => s.title) : Object.values(NAMES);
  const labels = (28 + 7.3 * (Math.max(...names.map((name) => name.length), NAMES.teacher.length) + 7)) * unit;
  const wide = width >= WIDE * unit && labels < 0.36 * width;
  const right = wide ? labels : 16 * unit;
  const last = Math.max(1, model.get("total_steps"), ...series.map((s) => s.steps.at(-1)));
  const values = [...series.flatMap((s) => s.values), ...(teacher === null ? [] : [teacher])].filter(Number.isFinite);
  if (series.length === 0) values.push(...[100, 10].map(flip));
  const vertical = measure === "error" ? logAxis(values) : linearAxis(values);
  const left = 46 * unit;
  const box = { left, right: Math.max(left + 40, width - right), top: 34 * unit, bottom: height - 42 * unit };
  const x = (step) => box.left + (step / last) * (box.right - box.left);
  const y = (value) => box.bottom - vertical.at(value) * (box.bottom - box.top);
  return {
    measure, series, teacher, unit, width, height, box, x, y, last, vertical, stage: stageOf(series, last),
    wide, edits: model.get("edits"), cursor: model.get("cursor"), label: model.get("y_label"),
    ticks: series.length === 0 && last === 1 ? [0] : stepTicks(last, (box.right - box.left) / (70 * unit)),
  };
}

/** How large text is here, in units of the usual 16 px: the axes make room for it. */
function textSize() {
  return (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}

/** What a change of is worth saying at once: there is a first curve, or every curve has reached the end. */
function stageOf(series, last) {
  if (series.length === 0) return "empty";
  return series.every((s) => s.steps.at(-1) >= last) ? "ended" : "under way";
}

/** From the tick below the smallest value above zero to the tick above the largest. */
function logAxis(values) {
  const positive = values.filter((v) => v > 0);
  const [low, high] = positive.length ? [Math.min(...positive), Math.max(...positive)] : [1, 100];
  let first = TICKS.findLastIndex((t) => t <= low * 1.0001);
  let final = TICKS.findIndex((t) => t >= high * 0.9999);
  first = Math.max(0, first);
  final = final < 0 ? TICKS.length - 1 : Math.max(final, first + 2);
  const ticks = TICKS.slice(first, final + 1);
  const [bottom, top] = [Math.log(ticks[0]), Math.log(ticks.at(-1))];
  return { ticks, at: (v) => Math.min(1, Math.max(0, (Math.log(Math.max(v, 1e-9)) - bottom) / (top - bottom))) };
}

function linearAxis(values) {
  const low = values.length ? Math.min(...values) : 0;
  const step = [1, 2, 5, 10, 20].find((s) => (100 - low) / s <= 6) ?? 20;
  const floor = Math.max(0, Math.floor(low / step) * step);
  const ticks = [];
  for (let t = floor; t <= 100; t += step) ticks.push(t);
  return { ticks, at: (v) => Math.min(1, Math.max(0, (v - floor) / Math.max(1, 100 - floor))) };
}

function stepTicks(last, room) {
  const rough = last / Math.max(2, room);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const size = Math.max(1, (STEP_SIZES.find((s) => s * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.floor(last / size) + 1 }, (_, i) => i * size);
}

function curvesHead(model, life) {
  const title = node("h2", {});
  const group = uniqueId("measure");
  const option = (value, text) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { measure: value }));
    return { value, input, root: node("label", {}, input, node("span", {}, text)) };
  };
  const options = [option("error", "Error"), option("accuracy", "Accuracy")];
  const choice = node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, "Measure"), ...options.map((o) => o.root));
  return {
    root: node("div", { class: "kd-head" }, title, choice),
    draw(view) {
      say(title, view.measure === "error" ? view.label : view.label.replace(/^Error/, "Accuracy"));
      for (const o of options) o.input.checked = o.value === view.measure;
    },
  };
}

/** The legend of narrow places, there before the first value; wide places carry the names at the ends of the lines. */
function drawLegend(legend, view) {
  legend.hidden = view.wide;
  if (legend.hidden) return;
  const lines = ends(view);
  const names = view.series.length ? lines : ROLES.map((role) => lines.find((l) => l.role === role) ?? { role, name: NAMES[role] });
  const entries = [...names].sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role))
    .map((line) => [line.role, line.name, line.value === undefined ? "–" : percent(line.value)]);
  const stamp = JSON.stringify(entries);
  if (legend.dataset.stamp === stamp) return;
  legend.dataset.stamp = stamp;
  legend.replaceChildren(...entries.map(([role, name, value]) => node("span", { class: `kd-legend-item kd-text-${role}` },
    node("i", { class: `kd-key kd-key-${role}` }), `${name} `, node("span", { class: "kd-legend-value" }, value))));
}

/** Line ends in the order top to bottom: what a direct label or the legend says. */
function ends(view) {
  const lines = view.series.map((s) => ({
    role: s.role, name: s.title, value: s.values.at(-1), step: s.steps.at(-1),
  }));
  if (view.teacher !== null) lines.push({ role: "teacher", name: "Teacher", value: view.teacher, step: view.last });
  return lines.filter((line) => Number.isFinite(line.value)).sort((a, b) => view.y(a.value) - view.y(b.value));
}

function curvesPlot(model, life) {
  const svg = svgNode("svg", { class: "kd-plot-svg", "aria-hidden": "true" });
  const layer = (name) => svg.appendChild(svgNode("g", { class: `kd-layer-${name}` }));
  const layers = Object.fromEntries(["grid", "edits", "lines", "labels", "cursor"].map((name) => [name, layer(name)]));
  const empty = node("p", { class: "kd-plot-empty" });
  const readout = node("div", { class: "kd-readout", hidden: "" });
  const handle = node("div", { class: "kd-plot-handle", role: "slider", tabindex: "0", "aria-label": "Read the curves at a step" });
  const root = node("div", { class: "kd-plot" }, svg, handle, readout, empty);
  const pool = nodePool(layers);
  let view = null;
  let hover = null;

  const readAt = (step) => {
    hover = step;
    if (view) drawCursor(view, hover ?? view.cursor, layers.cursor, readout, handle);
  };
  followPointer(model, life, handle, () => view, readAt);
  followKeys(model, life, handle, () => view, readAt);

  return {
    root,
    width: () => Math.round(root.clientWidth || 600),
    draw(next) {
      view = next;
      put(svg, "viewBox", `0 0 ${view.width} ${view.height}`);
      root.style.height = `${view.height}px`;
      pool.begin();
      drawGrid(view, pool);
      drawEdits(view, pool);
      drawLines(view, pool);
      if (view.wide) drawLabels(view, pool);
      pool.finish();
      const nothing = view.series.length === 0;
      say(empty, nothing ? `Press Train: the ${view.measure} on validation data appears here, step by step.` : "");
      empty.hidden = !nothing;
      empty.style.left = `${(view.box.left + view.box.right) / 2}px`;
      empty.style.top = `${(view.box.top + view.box.bottom) / 2}px`;
      empty.style.maxWidth = `min(30ch, ${view.box.right - view.box.left - 8}px)`;
      put(handle, "tabindex", nothing ? "-1" : "0");
      put(handle, "aria-hidden", nothing ? "true" : null);
      drawCursor(view, hover ?? view.cursor, layers.cursor, readout, handle);
    },
  };
}

/** SVG nodes kept from one drawing to the next, by layer and kind, so that a redraw makes none. */
function nodePool(layers) {
  const kept = new Map();
  const used = new Map();
  return {
    begin() {
      used.clear();
    },
    take(layer, tag, attributes, text = "") {
      const kind = `${layer}/${tag}`;
      const index = used.get(kind) ?? 0;
      used.set(kind, index + 1);
      if (!kept.has(kind)) kept.set(kind, []);
      const nodes = kept.get(kind);
      nodes[index] ??= layers[layer].appendChild(svgNode(tag));
      for (const [name, value] of Object.entries(attributes)) put(nodes[index], name, value);
      put(nodes[index], "display", null);
      if (tag === "text") say(nodes[index], text);
    },
    finish() {
      for (const [kind, nodes] of kept) {
        for (let i = used.get(kind) ?? 0; i < nodes.length; i++) put(nodes[i], "display", "none");
      }
    },
  };
}

function drawGrid(view, pool) {
  const { box, unit } = view;
  for (const tick of view.vertical.ticks) {
    const y = view.y(tick).toFixed(1);
    pool.take("grid", "line", { x1: box.left, x2: box.right, y1: y, y2: y, class: "kd-grid" });
    pool.take("grid", "text", { x: box.left - 8, y, dy: "0.34em", class: "kd-tick-text", "text-anchor": "end" }, `${tick} %`);
  }
  for (const tick of view.ticks) {
    const x = view.x(tick).toFixed(1);
    pool.take("grid", "text", { x, y: box.bottom + 18 * unit, dy: "0", class: "kd-tick-text", "text-anchor": "middle" }, grouped(tick));
  }
  const middle = (box.left + box.right) / 2;
  pool.take("grid", "text", { x: middle, y: box.bottom + 36 * unit, dy: "0", class: "kd-tick-text", "text-anchor": "middle" }, "optimiser step");
}

/** A hairline and a diamond for each edit; its text where it fits before the next one, else in the read-out only. */
function drawEdits(view, pool) {
  view.edits.forEach((edit, i) => {
    const x = view.x(edit.step);
    pool.take("edits", "line", { x1: x, x2: x, y1: view.box.top - 4, y2: view.box.bottom, class: "kd-edit-line" });
    pool.take("edits", "path", { d: `M${x - 4} ${view.box.top - 12}l4 -4l4 4l-4 4z`, class: "kd-edit-mark" });
    const next = i + 1 < view.edits.length ? view.x(view.edits[i + 1].step) - 8 : view.width;
    if (x + 8 + edit.text.length * 6.6 * view.unit > next) return;
    pool.take("edits", "text", { x: x + 8, y: view.box.top - 8, class: "kd-edit-text" }, edit.text);
  });
}

function drawLines(view, pool) {
  if (view.teacher !== null) {
    const y = view.y(view.teacher).toFixed(1);
    pool.take("lines", "line", { x1: view.box.left, x2: view.box.right, y1: y, y2: y, class: "kd-line-teacher" });
  }
  const order = { twin: 0, student: 1 };
  for (const s of [...view.series].sort((a, b) => order[a.role] - order[b.role])) {
    let path = "";
    s.steps.forEach((step, i) => {
      if (Number.isFinite(s.values[i])) path += `${path ? "L" : "M"}${view.x(step).toFixed(1)} ${view.y(s.values[i]).toFixed(1)}`;
    });
    pool.take("lines", "path", { d: path || "M0 0", class: `kd-line kd-line-${s.role}` });
    const [step, value] = [s.steps.at(-1), s.values.at(-1)];
    pool.take("lines", "circle", { cx: view.x(step), cy: view.y(value), r: 3.5, class: `kd-end kd-end-${s.role}` });
  }
}

/** Names and last values at the right; pushed apart where they would overlap. */
function drawLabels(view, pool) {
  for (const end of spread(ends(view), view)) {
    pool.take("labels", "text", { x: view.box.right + 12, y: end.at, dy: "0.34em", class: `kd-label-text kd-text-${end.role}` }, `${end.name} ${percent(end.value)}`);
  }
}

function spread(lines, view) {
  const apart = 16 * view.unit;
  const placed = lines.map((line) => ({ ...line, at: view.y(line.value) }));
  for (let i = 1; i < placed.length; i++) placed[i].at = Math.max(placed[i].at, placed[i - 1].at + apart);
  const over = placed.length ? placed.at(-1).at - view.box.bottom : 0;
  if (over > 0) {
    placed.at(-1).at -= over;
    for (let i = placed.length - 2; i >= 0; i--) placed[i].at = Math.min(placed[i].at, placed[i + 1].at - apart);
  }
  return placed;
}

/** The recorded value at or before a step; null before the first one. */
function valueAt(s, step) {
  let found = null;
  for (let i = 0; i < s.steps.length && s.steps[i] <= step; i++) found = { step: s.steps[i], value: s.values[i] };
  return found;
}

function drawCursor(view, step, layer, readout, handle) {
  const reading = step !== null && step !== undefined && view.series.length > 0;
  put(layer, "display", reading ? null : "none");
  readout.hidden = !reading;
  put(handle, "aria-valuemin", 0);
  put(handle, "aria-valuemax", view.last);
  const at = reading ? Math.min(view.last, Math.max(0, step)) : view.last;
  put(handle, "aria-valuenow", at);
  const lines = view.series.map((s) => ({ s, found: valueAt(s, at) })).filter(({ found }) => found);
  const values = lines.map(({ s, found }) => `${s.title} ${percent(found.value)}`);
  put(handle, "aria-valuetext", `step ${grouped(at)}: ${values.join(", ") || "no value yet"}`);
  if (!reading) return;
  if (!layer.firstChild) layer.append(svgNode("line", { class: "kd-cursor-line" }));
  const x = view.x(at);
  for (const [name, value] of [["x1", x], ["x2", x], ["y1", view.box.top], ["y2", view.box.bottom]]) put(layer.firstChild, name, value);
  const edits = view.edits.filter((edit) => Math.abs(view.x(edit.step) - x) < 6).map((edit) => ["edit", edit.text]);
  const rows = [...lines.map(({ s, found }) => [s.role, `${s.title} ${percent(found.value)}`])];
  if (view.teacher !== null) rows.push(["teacher", `Teacher ${percent(view.teacher)}`]);
  readout.replaceChildren(node("b", {}, `Step ${grouped(at)}`), ...[...rows, ...edits].map(([role, text]) => node("span", { class: `kd-text-${role}` }, text)));
  placeReadout(view, x, readout);
}

/** Beside the cursor; in narrow places above the plot, over the legend, where it hides no curve. */
function placeReadout(view, x, readout) {
  readout.classList.toggle("kd-above", !view.wide);
  if (!view.wide) {
    readout.removeAttribute("style");
    return;
  }
  const room = view.width - readout.offsetWidth;
  const beside = x + 10 <= room ? x + 10 : x - 10 - readout.offsetWidth;
  readout.style.left = `${Math.max(0, Math.min(room, beside))}px`;
  readout.style.top = `${view.box.top + 4}px`;
}

/** Moving reads values and sends nothing; a click keeps the cursor there (and tells Python). */
function followPointer(model, life, handle, current, readAt) {
  const stepOf = (event) => {
    const view = current();
    const inside = event.clientX - handle.getBoundingClientRect().left - view.box.left;
    const wanted = (inside / (view.box.right - view.box.left)) * view.last;
    return nearestRecorded(view, Math.min(view.last, Math.max(0, wanted)));
  };
  const active = () => current()?.series.length > 0;
  life.listen(handle, "pointermove", (event) => active() && readAt(stepOf(event)));
  life.listen(handle, "pointerleave", () => readAt(null));
  life.listen(handle, "click", (event) => {
    if (!active()) return;
    const step = stepOf(event);
    commit(model, { cursor: step === model.get("cursor") ? null : step });
  });
}

function followKeys(model, life, handle, current, readAt) {
  life.listen(handle, "keydown", (event) => {
    const view = current();
    if (!view?.series.length) return;
    const steps = recordedSteps(view);
    const at = model.get("cursor") ?? steps.at(-1);
    const index = steps.indexOf(nearestRecorded(view, at));
    const page = Math.max(1, Math.round(steps.length / 10));
    const moves = {
      ArrowRight: index + 1, ArrowUp: index + 1, ArrowLeft: index - 1, ArrowDown: index - 1,
      PageUp: index + page, PageDown: index - page, Home: 0, End: steps.length - 1,
    };
    if (event.key === "Escape") model.set("cursor", null);
    else if (event.key in moves) model.set("cursor", steps[Math.min(steps.length - 1, Math.max(0, moves[event.key]))]);
    else return;
    event.preventDefault();
    readAt(null);
  });
  life.listen(handle, "keyup", (event) => {
    if (/^(Arrow|Page|Home|End|Escape)/.test(event.key)) model.save_changes();
  });
}

function recordedSteps(view) {
  return [...new Set(view.series.flatMap((s) => s.steps))].sort((a, b) => a - b);
}

function nearestRecorded(view, wanted) {
  let best = 0;
  let apart = Infinity;
  for (const s of view.series) {
    for (const step of s.steps) {
      const d = Math.abs(step - wanted);
      if (d < apart) [best, apart] = [step, d];
    }
  }
  return best;
}

export default { render };
