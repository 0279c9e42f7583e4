// The report's page: a cell of the 2×2 chooses the strip, the strip chooses the example, the example all its views.

"use strict";
const report = JSON.parse(document.getElementById("report").textContent);
const words = report.words.texts[report.words.language] ?? {};
const t = (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
const dark = matchMedia("(prefers-color-scheme: dark)");

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Grey or colour pixels on a canvas; `shape` is channels, height, width. */
function image(text, shape, label) {
  if (text.startsWith("data:")) return make("img", { src: text, alt: label });
  const [channels, height, width] = shape, pixels = bytes(text), size = height * width;
  const canvas = make("canvas", { width, height, role: "img", "aria-label": label });
  const drawn = new ImageData(width, height);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) drawn.data[4 * i + c] = pixels[channels === 3 ? c * size + i : i];
    drawn.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(drawn, 0, 0);
  return canvas;
}

const signed = (text) => new Int8Array(bytes(text).buffer);

/** A signed map (127 is its largest size): orange supports the class, blue opposes it; grey is 0. */
function map(values, shape, label) {
  const [, height, width] = shape;
  const canvas = make("canvas", { width, height, role: "img", "aria-label": label });
  const drawn = new ImageData(width, height);
  const ends = { low: [0, 114, 178], zero: [246, 246, 246], high: [213, 94, 0] };
  values.forEach((value, i) => {
    const share = Math.abs(value) / 127, end = value < 0 ? ends.low : ends.high;
    for (let c = 0; c < 3; c++) drawn.data[4 * i + c] = ends.zero[c] + share * (end[c] - ends.zero[c]);
    drawn.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(drawn, 0, 0);
  return canvas;
}

const name = (k) => (k < 0 ? t("not known") : report.classes[k]);
const sentence = (e) =>
  t("Example {n}: its class is {truth}; the teacher says {teacher}, the student {student}.", {
    n: (e.index + 1).toLocaleString(report.words.language),
    truth: name(e.y),
    teacher: name(e.top_teacher),
    student: name(e.top_student),
  });
const WHO = { teacher: t("teacher"), student: t("student") };

let cell = null, chosen = null;
const cells = [...document.querySelectorAll("[data-cell]")];
const strip = document.getElementById("strip");
const one = document.getElementById("one");
const said = document.getElementById("said");

function showCell(which) {
  cell = which;
  for (const button of cells) button.setAttribute("aria-pressed", String(button.dataset.cell === which));
  const shown = report.examples.filter((e) => e.cell === which);
  const buttons = shown.map((e) => {
    const small = e.pixels ? image(e.pixels, report.shape, "") : make("span", { class: "row" }, t("no. {n}", { n: e.index + 1 }));
    const button = make("button", { type: "button", "aria-label": sentence(e), title: sentence(e), "aria-pressed": "false" }, small);
    button.addEventListener("click", () => show(e));
    return button;
  });
  strip.replaceChildren(...buttons);
  if (shown.length) show(shown[0]);
  else {
    one.replaceChildren();
    said.textContent = t("No example is of this kind.");
  }
}

function show(example) {
  chosen = example;
  const at = report.examples.filter((e) => e.cell === cell).indexOf(example);
  [...strip.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
  const parts = [];
  if (example.pixels) parts.push(make("figure", {}, image(example.pixels, report.shape, sentence(example)), make("figcaption", {}, t("the example"))));
  for (const [who, text] of Object.entries(example.maps ?? {})) {
    parts.push(make("figure", {}, map(signed(text), report.map_shape, t("{method} of the {who}", { method: report.method, who: WHO[who] ?? who })), make("figcaption", {}, WHO[who] ?? who)));
  }
  if (example.maps?.teacher && example.maps.student) {
    const [teacher, student] = [signed(example.maps.teacher), signed(example.maps.student)];
    const difference = student.map((value, i) => Math.trunc((value - teacher[i]) / 2));
    parts.push(make("figure", {}, map(difference, report.map_shape, t("the student’s map minus the teacher’s")), make("figcaption", {}, t("student − teacher"))));
  }
  if (example.tokens) parts.push(...texts(example));
  parts.push(bars(example));
  one.replaceChildren(...parts);
  said.textContent = sentence(example);
}

/** A text, token by token: once for each model where they have maps, each token shaded by what it does for the class. */
function texts(example) {
  const line = (shades, name) => make("figure", { class: "text" }, make("div", {}, ...example.tokens.map((token, i) => {
    const value = shades?.[i] ?? 0;
    const colour = value < 0 ? "0 114 178" : "213 94 0";
    const style = value ? `background: rgb(${colour} / ${(0.75 * Math.abs(value)).toFixed(2)})` : undefined;
    return make("span", { class: i === example.at ? "asked" : undefined, style, title: shades ? value.toFixed(2) : undefined }, token);
  })), make("figcaption", {}, name));
  const sides = Object.entries(example.shades ?? {});
  return sides.length ? sides.map(([who, shades]) => line(shades, WHO[who] ?? who)) : [line(null, t("the example"))];
}

function bars(example) {
  const { teacher, student } = example, node = make("div", { class: "bars" });
  node.append(
    make("span", { class: "head teacher" }, t("Teacher")), make("span"), make("span"), make("span"),
    make("span", { class: "head student" }, t("Student")),
  );
  example.order.forEach((k, i) => {
    const width = (p) => `width:${(100 * p).toFixed(2)}%`;
    node.append(
      make("span", { class: "bar teacher", style: width(teacher[i]) }),
      make("span", { class: "p" }, teacher[i].toFixed(3)),
      make("span", { class: k === example.y ? "name true" : "name" }, report.classes[k]),
      make("span", { class: "p" }, student[i].toFixed(3)),
      make("span", { class: "bar student", style: width(student[i]) }),
    );
  });
  return node;
}

for (const button of cells) button.addEventListener("click", () => showCell(button.dataset.cell));
if (cells.length) showCell((cells.find((b) => report.examples.some((e) => e.cell === b.dataset.cell)) ?? cells[0]).dataset.cell);

function drawFigures() {
  const ink = dark.matches ? "#eceef0" : "#1f2328", line = dark.matches ? "#3a3e45" : "#dfe2e6";
  for (const node of document.querySelectorAll(".plot")) {
    if (node.closest("details:not([open])")) continue; // drawn once it is unfolded: folded, it has no width to fit
    const figure = JSON.parse(document.getElementById(node.dataset.figure).textContent);
    const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink } };
    delete layout.title; // the page says it above
    layout.margin = { ...layout.margin, t: layout.annotations?.length ? 40 : 16 }; // those are titles of its parts
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis/.test(key)) layout[key] = { ...layout[key], gridcolor: line, linecolor: ink, tickcolor: ink, zerolinecolor: line };
    }
    Plotly.react(node, figure.data, layout, { responsive: true, displayModeBar: false });
  }
}
drawFigures();
for (const folded of document.querySelectorAll("details")) folded.addEventListener("toggle", drawFigures);
dark.addEventListener("change", drawFigures);
