// The strip of probes of a view that stands alone: a radio group with one tab stop; arrows, Home and End choose.

import { commit, node, put } from "../shared/elements.js";
import { argmax } from "../shared/softmax.js";
import { answersInWords, picture } from "../shared/strip.js";
import { t } from "../shared/words.js";

export function probesPart(model, life) {
  const strip = node("div", { class: "kd-probes", role: "radiogroup", "aria-label": t("Probe") });
  const key = node("p", { class: "kd-note kd-probe-key" }, node("span", { class: "kd-dot", "aria-hidden": "true" }), ` ${t("teacher and student differ in their first choice")}`);
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
        stamp = null;
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
  const image = picture(state, i);
  item.append(image ?? node("span", { class: "kd-caption" }, state.captions[i] || t("Row {n}", { n: i + 1 })));
  item.classList.toggle("kd-text", !image);
  item.pixelSum = image ? pixelSum(state, i) : 0;
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

function nameProbe(item, state, i) {
  const choice = (row) => (row.length ? argmax(row) : -1);
  const [teacher, student] = [choice(state.teacherRow(i)), choice(state.studentRow(i))];
  item.classList.toggle("kd-differs", student >= 0 && teacher !== student);
  const words = [state.captions[i], answersInWords(state.classes, state.labels[i] ?? -1, teacher, student)].filter(Boolean).join(", ");
  put(item, "aria-label", t("Probe {n} of {total}: {words}", { n: i + 1, total: state.count, words }));
}
