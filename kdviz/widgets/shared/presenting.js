// In front of a class: one view in large type, without what only its maker needs, and moved by single keys.
// The look is in present.css, by the names of parts; here are the title, the keys and the way in and out.

import { node, put, say, uniqueId } from "./elements.js";
import { LANGUAGE, t } from "./words.js";

const MARK = "data-kd-present";
const TYPE = "clamp(min(22px, 4vw), 1.31vw, 40px)"; // of the root; all else is in rem: at least 22 px, on a phone as usual
const SETTLE_MS = 300;
/** Keys, what they do, and whether the page has it; a page lists only its own. @type {[string, string, (scene: any) => boolean][]} */
const KEYS = [
  ["← →", t("The example before, the next one"), (scene) => listedExamples().length > 0 || scene.get("labels").length > 0],
  ["[ ]  ↑ ↓", t("Less T, more T"), () => temperatures().length > 0],
  [t("Space"), t("Train or pause"), () => exists(TRAIN)],
  ["F", t("Play the film"), () => exists(FILM)],
  ["1 – 9", t("The views"), () => exists(VIEWS)],
  ["?", t("These keys"), () => true],
  ["Esc", t("Leave the presentation"), () => true],
];
const TRAIN = ".kd-host-transport .kd-buttons > button";
const FILM = ".kd-host-curves .kd-film";
const VIEWS = ".kd-host-views [data-offered] input";
const BUSY = "input, textarea, select, canvas, [contenteditable], [role=slider], [role=radio], [role=listbox]";

export function isPresenting() {
  return document.documentElement.hasAttribute(MARK);
}

/** Turn the presentation on or off, and redraw what was measured. */
export function present(on) {
  put(document.documentElement, MARK, on ? "true" : null);
  document.documentElement.style.fontSize = on ? TYPE : "";
  for (const head of document.querySelectorAll(".kd-presenter")) /** @type {HTMLElement} */ (head).hidden = !on;
  dispatchEvent(new Event("resize"));
}

/** Get a page ready to be presented, by its scene; once. `?present` in its address begins at once. */
export function presentable(scene) {
  const page = document.body.dataset.voila || scene.exported; // its own, not a notebook's
  if (!page || !("answered" in (scene.get("link") ?? {})) || document.querySelector(".kd-presenter")) return;
  const title = node("p", { class: "kd-present-title", role: "heading", "aria-level": 1 });
  const help = helpPart(scene);
  const head = node("header", { class: "kd kd-presenter", lang: LANGUAGE, hidden: "" }, title, help.button, help.list);
  const above = document.getElementById("kd-mistake"); // what is wrong with the link stands on top of all
  if (above) above.after(head);
  else document.body.prepend(head);
  const name = () => say(title, scene.get("question") || document.querySelector("h1")?.textContent.replace(/¶\s*$/, "").trim() || document.title);
  scene.on("change:question", name);
  name();
  addEventListener("keydown", (event) => isPresenting() && !event.defaultPrevented && onKey(event, help, scene));
  const asked = new URLSearchParams(location.search).get("present");
  if (asked === "" || asked === "1") present(true);
}

function helpPart(scene) {
  const id = uniqueId("keys");
  const lines = KEYS.map(([keys, text]) => node("div", { role: "listitem" }, node("b", {}, keys), " ", node("span", {}, text)));
  const list = node("div", { class: "kd-card kd-present-keys", id, role: "list", hidden: "" }, ...lines);
  const button = node("button", { type: "button", class: "kd-button kd-present-help", "aria-label": t("Keys"), "aria-expanded": "false", "aria-controls": id }, "?");
  const toggle = (open = list.hidden) => {
    KEYS.forEach(([, , has], i) => (lines[i].hidden = !has(scene)));
    list.hidden = !open;
    put(button, "aria-expanded", String(open));
  };
  button.addEventListener("click", () => toggle());
  return { button, list, toggle };
}

/** One key; none is taken from a control that has the focus, and none that goes with Ctrl, Alt or ⌘. */
function onKey(event, help, scene) {
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  const within = target instanceof Element ? target : document.body;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") leave(help);
  else if (within.matches(BUSY) || (event.key === " " && within.matches("button, a, summary"))) return;
  else {
    const act = ACTS[event.key] ?? ACTS[event.key.toLowerCase()] ?? (/^[1-9]$/.test(event.key) ? () => chooseView(Number(event.key)) : null);
    if (event.key === "?") help.toggle();
    else if (act) act(scene);
    else return;
  }
  event.preventDefault();
}

/** @type {Record<string, (scene: any) => void>} */
const ACTS = {
  ArrowRight: (scene) => nextExample(1, scene),
  ArrowLeft: (scene) => nextExample(-1, scene),
  ArrowUp: () => moveTemperature(1),
  ArrowDown: () => moveTemperature(-1),
  "]": () => moveTemperature(1),
  "[": () => moveTemperature(-1),
  " ": () => clickOn(TRAIN),
  f: () => clickOn(FILM),
};

function leave(help) {
  if (!help.list.hidden) {
    help.toggle(false);
    return;
  }
  present(false);
  const address = new URL(location.href);
  address.searchParams.delete("present");
  history.replaceState(history.state, "", address);
}

function exists(selector) {
  return document.querySelector(selector) !== null;
}

function clickOn(selector) {
  const button = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (button && button.getAttribute("aria-disabled") !== "true") button.click();
}

function chooseView(number) {
  const all = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(VIEWS))];
  all.filter((input) => !input.disabled)[number - 1]?.click();
}

function listedExamples() {
  return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".kd-example[role=radio]"))].filter((one) => !one.hidden);
}

/** The neighbour in the strip of examples that the page lists, or, without one, among all examples. */
function nextExample(by, scene) {
  const listed = listedExamples();
  const at = listed.find((one) => one.getAttribute("aria-checked") === "true") ?? listed[0];
  if (at) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    at.dispatchEvent(new KeyboardEvent("keydown", { key: by > 0 ? "ArrowRight" : "ArrowLeft", bubbles: true, cancelable: true }));
    focused?.focus();
    return;
  }
  const count = scene.get("labels").length;
  if (!count) return;
  scene.set("selected", (scene.get("selected") + by + count) % count);
  scene.save_changes();
}

let settling = 0;

/** The sliders of T that can be moved. */
function temperatures() {
  const symbols = [...document.querySelectorAll(".kd-slider-label .kd-symbol")].filter((one) => one.textContent === "T");
  const inputs = symbols.map((one) => /** @type {HTMLInputElement | null} */ (one.closest(".kd-slider")?.querySelector("input[type=range]")));
  return inputs.filter((one) => one !== null && !one.disabled);
}

/** T by a twentieth of its slider: the views follow at once, Python when the keys rest. */
function moveTemperature(by) {
  const input = temperatures()[0];
  if (!input) return;
  const step = Math.max(1, Math.round(Number(input.dataset.page ?? 1) / 2));
  input.value = String(Number(input.value) + by * step);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  clearTimeout(settling);
  settling = window.setTimeout(() => input.dispatchEvent(new Event("change", { bubbles: true })), SETTLE_MS);
}
