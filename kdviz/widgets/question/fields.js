// A number, an order, and words.

import { plain } from "./marking.js";
import { bare, marked } from "./marks.js";
import { numberLine } from "./number_line.js";
import { node, put, say, uniqueId } from "../shared/elements.js";
import { marksOf } from "../shared/format.js";
import { LANGUAGE, t } from "../shared/words.js";

export function numberEditor(life, { low, high, unit }, onDraft) {
  const [id, about] = [uniqueId("number"), uniqueId("between")];
  const field = node("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", class: "kd-question-field", maxlength: 24, "aria-describedby": about });
  const label = node("label", { for: id, class: "kd-unseen" }, t("Your number"));
  const between = node("p", { class: "kd-note", id: about });
  const line = numberLine(life, low, high, unit);
  const read = () => {
    const value = numberOf(field.value, unit);
    const fits = value !== null && (low === null || value >= low) && (high === null || value <= high);
    put(field, "aria-invalid", field.value.trim() === "" || fits ? null : "true");
    return fits ? value : null;
  };
  const text = endsText(low, high, unit);
  life.listen(field, "input", () => {
    const value = read();
    say(between, field.hasAttribute("aria-invalid") && !text ? t("This is not a number.") : text);
    onDraft(value);
  });
  life.listen(field, "keydown", (event) => event.key === "Enter" && !field.readOnly && onDraft(read(), true));
  return {
    root: node("div", { class: "kd-question-number" }, node("div", { class: "kd-question-typed" }, label, field, node("span", {}, unit.trim())), between, line.root),
    draw({ answer, solution, final, lively }) {
      field.readOnly = final;
      if (answer !== null && numberOf(field.value, unit) !== answer) field.value = asTyped(answer);
      say(between, final ? "" : text);
      line.draw(answer, solution ? solution.right : null, lively);
    },
  };
}

function endsText(low, high, unit) {
  if (low !== null && high !== null) return t("A number from {low} to {high}.", { low: plain(low), high: `${plain(high)}${unit}` });
  if (low !== null) return t("A number from {low} on.", { low: `${plain(low)}${unit}` });
  return high === null ? "" : t("A number up to {high}.", { high: `${plain(high)}${unit}` });
}

const asTyped = (value) => String(value).replace("-", "−").replace(".", marksOf(LANGUAGE).decimal);

/** A number as it is typed: with a decimal comma or point, thousands set apart as the language does, its unit behind; null for none. */
export function numberOf(text, unit = "", marks = marksOf(LANGUAGE)) {
  const tight = (one) => one.replace(/[\s\u00a0\u202f]/g, "");
  let digits = tight(text).replace("−", "-");
  if (unit.trim() && digits.endsWith(tight(unit))) digits = digits.slice(0, -tight(unit).length);
  const [group, decimal] = [marks.group, marks.decimal].map((mark) => mark.replace(/\W/, "\\$&"));
  if (new RegExp(`^[-+]?[1-9]\\d{0,2}(${group}\\d{3})+(${decimal}\\d+)?$`).test(digits)) digits = digits.replaceAll(marks.group, "");
  const given = digits.replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i.test(given) && Number.isFinite(Number(given)) ? Number(given) : null;
}

/** Items that are moved up and down by buttons. */
export function orderEditor(life, { items }, onDraft) {
  const list = node("ol", { class: "kd-order" });
  const where = node("p", { class: "kd-unseen", "aria-live": "polite" });
  let order = [...items];
  let locked = false;
  const rows = new Map(items.map((text) => [text, itemRow(text)]));
  for (const [text, { up, down }] of rows) {
    life.listen(up, "click", () => move(text, -1, up, down));
    life.listen(down, "click", () => move(text, 1, down, up));
  }
  const move = (text, by, pressed, other) => {
    const from = order.indexOf(text);
    const to = from + by;
    if (locked || to < 0 || to >= order.length) return;
    order.splice(from, 1);
    order.splice(to, 0, text);
    place();
    (pressed.getAttribute("aria-disabled") === "true" ? other : pressed).focus();
    say(where, t("{item}: place {place} of {n}", { item: bare(text), place: to + 1, n: order.length }));
    onDraft([...order]);
  };
  const place = () => {
    const wanted = order.map((text) => rows.get(text).root);
    if (wanted.some((root, i) => root !== list.children[i])) list.append(...wanted);
    order.forEach((text, i) => {
      const { up, down } = rows.get(text);
      put(up, "aria-disabled", String(locked || i === 0));
      put(down, "aria-disabled", String(locked || i === order.length - 1));
    });
  };
  return {
    root: node("div", {}, list, where),
    first: [...items], // as it stands is an order too
    draw({ answer, solution, final }) {
      locked = final;
      if (answer !== null) order = [...answer];
      place();
      list.classList.toggle("kd-locked", final);
      for (const [text, { root, mark }] of rows) {
        const at = solution ? solution.items.indexOf(text) : -1;
        const stands = at === order.indexOf(text);
        root.classList.toggle("kd-right", stands);
        say(mark, at < 0 ? "" : stands ? "✓" : t("belongs at {place}", { place: at + 1 }));
      }
    },
  };
}

function itemRow(text) {
  const button = (sign, name) => node("button", { type: "button", class: "kd-button kd-order-move", "aria-label": name }, sign);
  const up = button("↑", t("Move “{item}” up", { item: bare(text) }));
  const down = button("↓", t("Move “{item}” down", { item: bare(text) }));
  const mark = node("span", { class: "kd-choice-mark" });
  const buttons = node("span", { class: "kd-order-buttons" }, up, down);
  return { up, down, mark, root: node("li", {}, node("span", { class: "kd-order-item" }, node("span", {}, ...marked(text)), mark, buttons)) };
}

export function textEditor(life, { longest }, onDraft) {
  const id = uniqueId("words");
  const field = node("textarea", { id, class: "kd-question-words", rows: 4, maxlength: longest });
  life.listen(field, "input", () => onDraft(field.value.trim() || null));
  return {
    root: node("div", {}, node("label", { for: id, class: "kd-unseen" }, t("Your answer")), field),
    draw({ answer, final }) {
      field.readOnly = final;
      if (answer !== null && field.value.trim() !== answer) field.value = answer;
    },
  };
}
