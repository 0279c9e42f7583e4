// The changed pictures, with what each model answers. Under an attack on each model itself every model has its own picture.

import { node, put, say } from "../shared/elements.js";
import { briefly } from "../shared/format.js";
import { octets } from "../shared/softmax.js";
import { picture } from "../shared/strip.js";
import { t } from "../shared/words.js";

export function grid() {
  const head = node("h3", { class: "kd-robustness-title" }, t("The same pictures, and what each model answers"));
  const list = node("div", { class: "kd-robustness-tiles", role: "list" });
  let kept = { of: null, bytes: new Uint8Array(0) };
  return {
    root: node("div", { class: "kd-robustness-pictures" }, head, list),
    draw(shown, bytes) {
      if (kept.of !== bytes) kept = { of: bytes, bytes: octets(bytes) };
      list.replaceChildren(...shown.found.examples.map((example, i) => tile(shown, kept.bytes, example, i)));
    },
  };
}

/** The stacks of pictures lie one after the other: by the model that they were made on, the level, the example. */
function placeOf({ found, place, on }, id, i) {
  const madeOn = on === "" ? "" : on === "own" ? id : on === "teacher" ? "teacher" : found.models[1].id;
  return (found.stacks.indexOf(madeOn) * found.levels.length + place) * found.examples.length + i;
}

function tile(shown, images, example, i) {
  const { found, models, classes, place, on } = shown;
  const name = (c) => classes[c] ?? String(c);
  const each = models.map(({ id, title, look }) => {
    const [answer, probability] = example.says[on][id][place];
    const right = answer === example.label;
    const mark = node("b", { class: "kd-robustness-answer", "data-right": String(right) }, `${right ? "✓" : "✗"} ${name(answer)}`);
    const text = node("span", { class: `kd-robustness-line kd-run-text kd-run-${look.name}` }, node("span", { class: "kd-robustness-who" }, title), mark,
      node("small", {}, briefly(probability)));
    return { id, text, words: right ? t("{who} {answer}, right", { who: title, answer: name(answer) }) : t("{who} {answer}, wrong", { who: title, answer: name(answer) }) };
  });
  const own = on === "own" ? models : models.slice(0, 1);
  const drawn = own.map(({ id, title }) => {
    const canvas = picture({ images, shape: found.shape }, placeOf(shown, id, i)) ?? node("span", {});
    put(canvas, "title", on === "own" ? t("made on: {who}", { who: title }) : null);
    return canvas;
  });
  const root = node("div", { class: "kd-robustness-tile", role: "listitem" }, node("div", { class: "kd-robustness-drawn" }, ...drawn), ...each.map((one) => one.text));
  const unseen = node("span", { class: "kd-unseen" });
  say(unseen, t("True class {name}: {each}", { name: name(example.label), each: each.map((one) => one.words).join(", ") }));
  root.prepend(unseen);
  for (const one of each) put(one.text, "aria-hidden", "true");
  return root;
}
