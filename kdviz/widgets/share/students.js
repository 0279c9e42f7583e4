// What students see: parts hidden, controls locked, T bounded, presented. The result is only in the link that is made.

import { hasAddress } from "../shared/copy.js";
import { node, put, say } from "../shared/elements.js";
import { isPresenting, present } from "../shared/presenting.js";
import { t } from "../shared/words.js";

const USUAL_RANGE = [0.5, 100];

/** The link's query with a lecturer's wishes in it: { hide: [names], lock: [names], range: [low, high] or null, present }. */
export function composedQuery(query, wishes, temperature) {
  const kept = query.replace(/^\?/, "").split("&").filter((part) => part && !/^(hide|lock|T_range)=/.test(part));
  const inside = withinRange(wishes.range, temperature);
  const parts = inside === temperature ? kept : [...kept.filter((part) => !part.startsWith("T=")), `T=${inside}`];
  if (wishes.hide.length) parts.push(`hide=${wishes.hide.join(",")}`);
  if (wishes.lock.length) parts.push(`lock=${wishes.lock.join(",")}`);
  if (wishes.range) parts.push(`T_range=${wishes.range.join(",")}`);
  if (wishes.present) parts.push("present");
  return parts.length ? `?${parts.join("&")}` : "";
}

/** The same as the call of a notebook. */
export function composedCall(call, wishes, temperature) {
  const inside = withinRange(wishes.range, temperature);
  let given = call.slice(call.indexOf("(") + 1, call.lastIndexOf(")"));
  const more = [];
  if (inside !== temperature) {
    given = given.replace(/(^|, )temperature=[^,]*/, "").replace(/^, /, "");
    more.push(`temperature=${inside}`);
  }
  if (wishes.hide.length) more.push(`hidden=${pythonList(wishes.hide)}`);
  if (wishes.lock.length) more.push(`locked=${pythonList(wishes.lock)}`);
  if (wishes.range) more.push(`temperature_range=[${wishes.range.join(", ")}]`);
  return `${call.slice(0, call.indexOf("("))}(${[given, ...more].filter(Boolean).join(", ")})`;
}

function withinRange(range, value) {
  return range ? Math.min(range[1], Math.max(range[0], value)) : value;
}

function pythonList(names) {
  return `[${names.map((name) => JSON.stringify(name)).join(", ")}]`;
}

/** Check boxes and two numbers, opened as the page itself was; `wishes()` says what is ticked. */
export function studentsPart(model, life, onChange) {
  const names = model.get("names");
  const hide = tickList(life, t("Hide"), names.hide, model.get("hidden") ?? [], onChange);
  const lock = tickList(life, t("Lock"), names.lock, model.get("locked") ?? [], onChange);
  const bounds = boundsPart(life, model.get("temperature_range") ?? USUAL_RANGE, onChange);
  const form = presentationPart(life, onChange);
  lock.root.hidden = Object.keys(names.lock).length === 0;
  bounds.root.hidden = !model.get("bounds");
  form.root.hidden = !hasAddress();
  const wishes = () => ({ hide: hide.ticked(), lock: lock.ticked(), range: bounds.root.hidden ? null : bounds.range(), present: form.ticked() });
  const look = node("button", { type: "button", class: "kd-button" }, t("Preview"));
  life.listen(look, "click", () => preview(model, life, wishes(), look));
  const fields = node("div", { class: "kd-students" }, hide.root, lock.root, node("div", { class: "kd-students-more" }, bounds.root, form.root, look));
  const hint = node("p", { class: "kd-hint" }, t("For lecturers: options for the link above. This page does not change."));
  const summary = node("summary", { class: "kd-share-tab kd-share-fold" }, t("What students see"));
  return { root: node("details", { class: "kd-students-fold" }, summary, hint, fields), wishes };
}

function presentationPart(life, onChange) {
  const input = node("input", { type: "checkbox" });
  input.checked = isPresenting();
  life.listen(input, "change", onChange);
  return { root: node("label", { class: "kd-check" }, input, node("span", {}, t("Presentation: large type, moved by keys"))), ticked: () => input.checked };
}

/** The page as students will see it, in this browser alone, until Back. */
function preview(model, life, wishes, opener) {
  const limits = { hidden: wishes.hide, locked: wishes.lock, ...(wishes.range ? { temperature_range: wishes.range } : {}) };
  const before = Object.fromEntries(Object.keys(limits).map((name) => [name, model.get(name)]));
  const show = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
  };
  const back = node("button", { type: "button", class: "kd-button kd-primary" }, t("Back"));
  const bar = node("div", { class: "kd kd-preview", role: "region", "aria-label": t("Preview") }, node("p", {}, t("This is what students see.")), back);
  const end = () => {
    bar.remove();
    show(before);
    if (wishes.present) present(false);
    requestAnimationFrame(() => requestAnimationFrame(() => opener.focus())); // the part it stands in is drawn by then
  };
  life.listen(back, "click", end);
  life.onEnd(() => bar.remove());
  document.body.append(bar);
  show(limits);
  if (wishes.present) present(true);
  scrollTo(0, 0);
  back.focus();
}

function tickList(life, title, names, ticked, onChange) {
  const boxes = Object.entries(names).map(([name, text]) => {
    const input = node("input", { type: "checkbox", value: name });
    input.checked = ticked.includes(name);
    return { input, root: node("label", { class: "kd-check" }, input, node("span", {}, text)) };
  });
  const list = node("div", { class: "kd-ticklist" }, ...boxes.map((box) => box.root));
  const root = node("fieldset", { class: "kd-students-group" }, node("legend", { class: "kd-label" }, title), list);
  life.listen(root, "change", onChange);
  return { root, ticked: () => boxes.filter((box) => box.input.checked).map((box) => box.input.value) };
}

function boundsPart(life, range, onChange) {
  const field = (name, value) => {
    const input = node("input", { type: "number", class: "kd-number", "aria-label": name, min: 0.01, max: 1000, step: "any", value });
    life.listen(input, "input", onChange);
    return input;
  };
  const [low, high] = [field(t("Lowest T"), range[0]), field(t("Highest T"), range[1])];
  const wrong = node("p", { class: "kd-note kd-students-wrong", role: "status" });
  const root = node("fieldset", { class: "kd-students-group" }, node("legend", { class: "kd-label" }, t("Bounds of T")),
    node("div", { class: "kd-bounds" }, low, node("span", { "aria-hidden": "true" }, "–"), high), wrong);
  return {
    root,
    range() {
      const [a, b] = [low.valueAsNumber, high.valueAsNumber];
      const fits = a > 0 && a < b && b <= 1000;
      say(wrong, fits ? "" : t("Expected two numbers above 0 and up to 1000, the smaller first."));
      for (const input of [low, high]) put(input, "aria-invalid", fits ? null : "true");
      return fits && (a !== USUAL_RANGE[0] || b !== USUAL_RANGE[1]) ? [a, b] : null;
    },
  };
}
