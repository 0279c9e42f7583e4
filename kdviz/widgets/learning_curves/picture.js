// The picture of a run to take away: an example, what teacher and student say of it, the curves, a caption. As SVG text,
// drawn from numbers alone, at any recorded step; a film is the same picture at one step after the other.

import { CURVE_NAMES, gapPath, spread } from "./lines.js";
import { grouped, short, shortPercent } from "../shared/format.js";
import { t } from "../shared/words.js";

export const PICTURE = { width: 1200, height: 675 };
const MOST_BARS = 10;
const MARGIN = 44;
const BARS = { top: 128, row: 36, middle: 358, reach: 148, bottom: 500 };
const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * A picture of `view`, the data and scales of the curves, where the run stands at `step`; `example` has an image, a
 * caption, a label, classes, a temperature and the probabilities of teacher and student, or is null.
 */
export function pictureOf(view, example, step, caption, colours) {
  const left = example ? 640 : MARGIN + 60;
  const parts = [
    element("rect", { width: PICTURE.width, height: PICTURE.height, fill: colours.surface }),
    ...(example ? examplePart(example, colours) : []),
    ...curvesPart(view, step, { left, right: example ? 960 : 900, top: 100, bottom: BARS.bottom }, colours),
    ...caption.map((line, i) => label(MARGIN, 584 + 30 * i, line, { size: i ? 18 : 21, weight: i ? 400 : 600, fill: i ? colours.muted : colours.ink })),
    label(PICTURE.width - MARGIN, 584 + 30 * 2, "kdviz", { size: 18, anchor: "end", weight: 600, fill: colours.muted }),
  ];
  const { width, height } = PICTURE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">${parts.join("")}</svg>`;
}

function escaped(value) {
  return String(value).replace(/[&<>"]/g, (letter) => ESCAPES[letter]);
}

function element(tag, attributes, inner = "") {
  const given = Object.entries(attributes).filter(([, value]) => value !== null).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  return `<${tag}${given.join("")}>${inner}</${tag}>`;
}

function label(x, y, text, { size = 18, anchor = "start", weight = 400, fill }) {
  return element("text", { x: round(x), y: round(y), "font-size": size, "text-anchor": anchor, "font-weight": weight, fill }, escaped(text));
}

function round(value) {
  return Number(value.toFixed(1));
}

/** The digit, and the two distributions to its right, teacher to the left of the classes, student to their right. */
function examplePart(example, colours) {
  const { classes, teacher, student, temperature } = example;
  const shown = mostProbable(teacher, student);
  const row = Math.min(BARS.row, (BARS.bottom - BARS.top) / shown.length);
  const parts = [label(MARGIN, 60, t("What they say of this example, T = {T}", { T: short(temperature) }), { size: 22, weight: 600, fill: colours.ink })];
  if (example.image) parts.push(element("image", { x: MARGIN, y: BARS.top - 28, width: 130, height: 130, href: example.image, style: "image-rendering:pixelated" }));
  parts.push(label(MARGIN, BARS.top + (example.image ? 132 : 0), example.caption, { size: 18, fill: colours.muted }));
  const sides = [["teacher", -1, "end", teacher, colours.teacher, colours.teacherText], ["student", 1, "start", student, colours.student, colours.studentText]];
  for (const [name, to, anchor, , , fill] of sides) {
    parts.push(label(BARS.middle + to * 30, BARS.top - 14, CURVE_NAMES[name], { size: 18, anchor, weight: 600, fill }));
  }
  shown.forEach((c, i) => {
    const y = BARS.top + i * row;
    const isTrue = c === example.label;
    parts.push(label(BARS.middle, y + row / 2 + 6, shortened(classes[c], 6), { size: 18, anchor: "middle", weight: isTrue ? 700 : 400, fill: isTrue ? colours.ink : colours.muted }));
    for (const [, to, , p, fill] of sides) {
      const width = round(Math.max(p[c] > 0.002 ? 2 : 0, p[c] * BARS.reach));
      parts.push(element("rect", { x: round(to < 0 ? BARS.middle - 30 - width : BARS.middle + 30), y: round(y + 4), width, height: round(row - 8), rx: 2, fill }));
    }
  });
  return parts;
}

/** Classes to draw, in their order: those that teacher and student think likeliest, where there are many. */
export function mostProbable(teacher, student, most = MOST_BARS) {
  const all = [...teacher.keys()];
  const likely = [...all].sort((a, b) => teacher[b] + student[b] - teacher[a] - student[a]).slice(0, most);
  return all.filter((c) => likely.includes(c));
}

function shortened(name, letters) {
  return name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
}

/** The curves up to a step in full, what comes after it light; names and values at the right. */
function curvesPart(view, step, box, colours) {
  const x = (at) => box.left + (at / view.last) * (box.right - box.left);
  const y = (value) => box.bottom - Math.min(3, view.vertical.at(value)) * (box.bottom - box.top);
  const parts = [label(box.left - 56, 60, view.title, { size: 22, weight: 600, fill: colours.ink })];
  for (const tick of view.vertical.ticks) {
    parts.push(element("line", { x1: box.left, x2: box.right, y1: round(y(tick)), y2: round(y(tick)), stroke: colours.line }));
    parts.push(label(box.left - 8, y(tick) + 5, `${short(tick)}\u00a0%`, { size: 15, anchor: "end", fill: colours.muted }));
  }
  for (const tick of view.ticks) parts.push(label(x(tick), box.bottom + 22, grouped(tick), { size: 15, anchor: "middle", fill: colours.muted }));
  const clip = element("clipPath", { id: "plot" }, element("rect", { x: box.left - 6, y: box.top - 4, width: box.right - box.left + 12, height: box.bottom - box.top + 8 }));
  const gap = gapPath({ series: view.series, x, beyond: y }, step);
  const lines = gap ? [element("path", { d: gap, fill: colours.ink, "fill-opacity": 0.08 })] : [];
  const ends = [];
  for (const s of view.series) {
    const look = colours.runs[s.look.name];
    const points = s.steps.map((at, i) => [at, x(at), y(s.values[i])]).filter(([, , height]) => Number.isFinite(height));
    const given = { fill: "none", stroke: look.line, "stroke-width": s.bold ? 4 : 2.5, "stroke-dasharray": look.dash || null, "stroke-linejoin": "round" };
    const past = points.filter(([at]) => at <= step);
    if (past.length < points.length) lines.push(element("path", { d: pathOf(points), ...given, opacity: 0.18 }));
    if (!past.length) continue;
    lines.push(element("path", { d: pathOf(past), ...given }));
    const [, endX, endY] = past.at(-1);
    const height = Math.max(box.top, endY);
    lines.push(element("circle", { cx: round(endX), cy: round(height), r: 6, fill: look.line }));
    ends.push({ height, text: `${s.plain} ${shortPercent(s.values[s.steps.indexOf(past.at(-1)[0])])}`, fill: look.text, weight: s.bold ? 700 : 400 });
  }
  if (view.teacher !== null) {
    const height = y(view.teacher);
    lines.push(element("line", { x1: box.left, x2: box.right, y1: round(height), y2: round(height), stroke: colours.teacher, "stroke-width": 2.5, "stroke-dasharray": "9 7" }));
    ends.push({ height, text: `${t("Teacher")} ${shortPercent(view.teacher)}`, fill: colours.teacherText, weight: 400 });
  }
  const placed = spread(ends.sort((a, b) => a.height - b.height), { unit: 1.4, box });
  const labels = placed.map((end) => label(box.right + 16, end.at + 6, end.text, { size: 18, weight: end.weight, fill: end.fill }));
  return [...parts, clip, element("g", { "clip-path": "url(#plot)" }, lines.join("")), ...labels];
}

function pathOf(points) {
  return `M${points.map(([, x, y]) => `${round(x)} ${round(y)}`).join("L")}`;
}

/** Lines of text below a picture: errors, then what it was trained with. */
export function captionOf({ row, twin, step, last, teacherName, studentName }) {
  const ended = step >= last && Number.isFinite(row.test);
  const errors = ended ? endedText(row, twin) : t("Step {step} of {total}", { step: grouped(step), total: grouped(last) });
  const settings = [
    Number.isFinite(row.temperature) ? `T = ${short(row.temperature)}` : "", Number.isFinite(row.alpha) ? `α = ${short(row.alpha)}` : "",
    ...(row.edits ?? []).map((edit) => t("{edit} from step {step}", { edit: edit.text, step: grouped(edit.step) })),
    Number.isFinite(row.seed) ? t("seed {seed}", { seed: row.seed }) : "",
  ].filter(Boolean).join(" · ");
  const models = teacherName && studentName ? t("Student: {student}. Teacher: {teacher}.", { student: studentName, teacher: teacherName }) : "";
  return [errors, settings, models];
}

function endedText(row, twin) {
  const numbers = { name: row.name || CURVE_NAMES[row.role], n: grouped(row.test) };
  if (!Number.isFinite(twin?.test)) return t("{name}: {n} test errors", numbers);
  return t("{name}: {n} test errors; its twin without a teacher: {twin}", { ...numbers, twin: grouped(twin.test) });
}

/** "kdviz-T4-alpha0.9-seed0-step1920": what a file of this picture is called, without its ending. */
export function fileName(row, step) {
  const parts = [
    row.role === "student" ? (row.named === false && row.name !== CURVE_NAMES.student ? row.name : "") : row.name || row.role,
    Number.isFinite(row.temperature) ? `T${row.temperature}` : "", Number.isFinite(row.alpha) ? `alpha${row.alpha}` : "",
    Number.isFinite(row.seed) ? `seed${row.seed}` : "", `step${step}`,
  ];
  return ["kdviz", ...parts].filter(Boolean).join("-").normalize("NFKD").replace(/[^\w.]+/g, "-").replace(/-+/g, "-");
}
