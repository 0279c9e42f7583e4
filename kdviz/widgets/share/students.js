// What students see: parts hidden, controls locked, T bounded. The result is only in the link that is made.

import { node, put, say } from "../shared/elements.js";
import { t } from "../shared/words.js";

const USUAL_RANGE = [0.5, 100];

/** The link's query with a lecturer's wishes in it: { hide: [names], lock: [names], range: [low, high] or null }. */
export function composedQuery(query, wishes, temperature) {
  const kept = query.replace(/^\?/, "").split("&").filter((part) => part && !/^(hide|lock|T_range)=/.test(part));
  const inside = withinRange(wishes.range, temperature);
  const parts = inside === temperature ? kept : [...kept.filter((part) => !part.startsWith("T=")), `T=${inside}`];
  if (wishes.hide.length) parts.push(`hide=${wishes.hide.join(",")}`);
  if (wishes.lock.length) parts.push(`lock=${wishes.lock.join(",")}`);
  if (wishes.range) parts.push(`T_range=${wishes.range.join(",")}`);
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
  const fields = node("div", { class: "kd-students" }, hide.root, lock.root, bounds.root);
  const hint = node("p", { class: "kd-hint" }, t("For lecturers: this goes into the link above; the page here stays as it is."));
  const summary = node("summary", { class: "kd-share-tab kd-share-fold" }, t("What students see"));
  return {
    root: node("details", { class: "kd-students-fold" }, summary, hint, fields),
    wishes: () => ({ hide: hide.ticked(), lock: lock.ticked(), range: bounds.range() }),
  };
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
