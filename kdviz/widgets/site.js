// Opens a page of a site: its widgets, what waits for an answer, figures, and the switches above the page.

import { obey } from "./obeyed.js";
import { widgetsOf } from "./stand_in.js";

const CODE = "kdviz-code"; // as a served lesson keeps it
const LINKED = { T: "temperature", alpha: "alpha", selected: "selected" }; // of a link to the Lab, what a recorded run can follow

/** Texts that scripts have put down by their names, in the place of the names. */
function withTexts(page) {
  const texts = globalThis.kdvizParts ?? {};
  for (const [id, long] of Object.entries(page.texts)) {
    for (const [name, part] of Object.entries(long)) page.models[id][name] = texts[part];
  }
  return { ...page, modules: page.modules.map((part) => texts[part]) };
}

async function startWidgets() {
  const text = document.getElementById("kd-widgets")?.textContent;
  if (!text) return new Map();
  const widgets = widgetsOf(withTexts(JSON.parse(text)), obey);
  for (const { model } of widgets.values()) model.exported = true;
  follow(widgets);
  for (const place of places()) if (!place.closest(".kd-site-after:not([data-kd-open])")) await draw(widgets, place);
  return widgets;
}

const places = (/** @type {ParentNode} */ within = document) => /** @type {HTMLElement[]} */ ([...within.querySelectorAll("[data-widget]")]);

async function draw(widgets, place) {
  const id = place.dataset.widget;
  if (!id) return;
  delete place.dataset.widget;
  await widgets.get(id).render({ el: place });
}

/** What a link asks of a recorded run, as far as that can follow. */
function follow(widgets) {
  const asked = new URLSearchParams(location.search);
  for (const { model } of widgets.values()) {
    for (const [name, trait] of Object.entries(LINKED)) {
      const value = asked.has(name) ? Number(asked.get(name)) : Number.NaN;
      if (Number.isFinite(value) && value >= 0 && typeof model.get(trait) === "number" && model.get("runs")) model.set(trait, value);
    }
  }
}

/** What came opens once the questions before it are answered; all of it where a page could not be drawn. */
function startGates(widgets) {
  for (const gate of /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".kd-site-after")])) {
    const asked = (gate.dataset.kdAfter ?? "").split(" ").map((id) => widgets.get(id)?.model).filter(Boolean);
    const open = async () => {
      if ("kdOpen" in gate.dataset) return;
      gate.dataset.kdOpen = "";
      for (const place of places(gate)) await draw(widgets, place);
      drawFigures();
    };
    const look = () => asked.every((model) => model.get("answer") !== "") && open();
    for (const model of asked) model.on("change:answer", look);
    gate.querySelector("button")?.addEventListener("click", () => {
      const body = /** @type {HTMLElement} */ (gate.querySelector(".kd-site-after-body"));
      body.tabIndex = -1;
      open();
      body.focus();
    });
    look();
  }
}

/** Figures take the page's colours; those that cannot be seen yet have no width, and wait. */
function drawFigures() {
  const { Plotly } = /** @type {any} */ (globalThis);
  if (!Plotly) return;
  const dark = document.documentElement.dataset.kdDark === "true";
  const [ink, line] = dark ? ["#eceef0", "#3a3e45"] : ["#1f2328", "#dfe2e6"];
  for (const place of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-figure]")])) {
    if (!place.offsetWidth) continue;
    const figure = JSON.parse(document.getElementById(place.dataset.figure ?? "")?.textContent ?? "{}");
    Plotly.react(place, figure.data, coloured(inLines(figure.layout, place.offsetWidth), ink, line), { responsive: true, displayModeBar: false });
  }
}

const LETTER = 9; // px, about, of a title
const LINE = 22;

/** A layout whose title is broken where the page is too narrow for it: plotly would cut it off. */
function inLines(layout, width) {
  const text = layout.title?.text ?? "";
  const most = Math.floor((width - 40) / LETTER);
  if (text.length <= most || text.includes("<")) return layout;
  const lines = text.split(" ").reduce((all, word) => {
    const longer = `${all.at(-1)} ${word}`;
    return longer.length <= most ? [...all.slice(0, -1), longer] : [...all, word];
  }, [""]);
  const broken = lines.map((line) => line.trim()).filter(Boolean);
  const margin = layout.margin && { ...layout.margin, t: (layout.margin.t ?? 56) + LINE * (broken.length - 1) };
  const legend = layout.legend?.y > 1 ? { ...layout.legend, y: -0.3, yanchor: "top" } : layout.legend; // it has no room above
  return { ...layout, margin, legend, title: { ...layout.title, text: broken.join("<br>") } };
}

/** A layout on the page's ground, with margins that leave a phone some room. */
function coloured(layout, ink, line) {
  const axis = { gridcolor: line, linecolor: ink, tickcolor: ink, zerolinecolor: line };
  const placed = { automargin: true, title: { standoff: 12 } }; // a title stands clear of the numbers of its axis
  const margin = { l: 64, r: 16, t: layout.title || layout.annotations ? 56 : 16, b: 56 };
  const bare = { ...axis, showline: false, ticks: "" }; // around a picture; a colour alone would draw a line
  const lines = (value) => (value.showticklabels === false ? bare : axis);
  const own = Object.entries(layout).map(([key, value]) => [key, /^[xy]axis/.test(key) ? { ...value, ...lines(value) } : value]);
  return {
    ...Object.fromEntries(own),
    margin: Object.keys(layout.margin ?? {}).length < 2 ? margin : layout.margin, // an upper margin alone is Plotly Express's own
    template: { layout: { title: { x: 0.05 }, xaxis: { ...axis, ...placed }, yaxis: { ...axis, ...placed } } },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { ...layout.font, color: ink },
  };
}

/** Code is folded; one switch opens all of it, on every page. An exercise's code is its text and stays open. */
function startCode() {
  const button = document.getElementById("kd-code-switch");
  const folds = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details.kd-code:not([data-kd-exercise])")]);
  if (!button || folds.length === 0) return;
  const set = (all) => {
    if (all) document.documentElement.dataset.kdCode = "all";
    else delete document.documentElement.dataset.kdCode;
    button.setAttribute("aria-checked", String(all));
    for (const fold of folds) fold.open = all;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const all = button.getAttribute("aria-checked") !== "true";
    set(all);
    keep(CODE, all ? "all" : "");
  });
  set(kept(CODE) === "all");
}

/** How many of the questions on the page have been answered. */
function startProgress(widgets) {
  const place = document.getElementById("kd-answered");
  const questions = [...widgets.values()].map(({ model }) => model).filter((model) => model.get("key") && model.get("kind"));
  if (!place || !questions.length) return;
  const say = () => {
    const n = questions.filter((model) => model.get("answer") !== "").length;
    place.textContent = (place.dataset.kdSaid ?? "").replace("{n}", String(n)).replace("{of}", String(questions.length));
  };
  for (const model of questions) model.on("change:answer", say);
  say();
}

function startTheme() {
  const select = /** @type {HTMLSelectElement | null} */ (document.getElementById("kd-theme"));
  const { kdviz } = /** @type {any} */ (globalThis);
  if (!select) return;
  select.value = kdviz.chosenTheme();
  select.addEventListener("change", () => kdviz.chooseTheme(select.value));
  new MutationObserver(drawFigures).observe(document.documentElement, { attributeFilter: ["data-kd-dark"] });
}

function startContents() {
  const contents = /** @type {HTMLDetailsElement | null} */ (document.querySelector(".kd-site-contents"));
  const wide = matchMedia("(min-width: 76rem)");
  const set = () => contents && (contents.open = wide.matches);
  wide.addEventListener("change", set);
  set();
}

function kept(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds for this page.
  }
}

async function start() {
  startTheme();
  startContents();
  startCode();
  let widgets = new Map();
  try {
    widgets = await startWidgets();
  } finally {
    startGates(widgets);
    startProgress(widgets);
    drawFigures();
    document.body.dataset.kdReady = "true";
  }
}

start();
