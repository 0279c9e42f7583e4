// The same in numbers: the likeliest classes of the probe shown, and the entropy, at a few temperatures.

import { node, uniqueId } from "../shared/elements.js";
import { fixed, short } from "../shared/format.js";
import { entropyBits, logSoftmax } from "../shared/softmax.js";
import { t } from "../shared/words.js";

const AT = [1, 2, 4, 20];
const LIKELIEST = 3;

export function temperaturesPart() {
  const caption = uniqueId("temperatures");
  const table = node("div", { class: "kd-temperatures-table", role: "table", "aria-labelledby": caption });
  let drawn = "";
  return {
    root: node("div", { class: "kd-temperatures", role: "group", tabindex: "0", "aria-labelledby": caption },
      node("p", { id: caption }, t("The likeliest classes of this example, and the entropy of the whole answer")), table),
    draw(view, state) {
      this.root.hidden = state.count === 0 || !view.shown.has("temperatures");
      if (this.root.hidden) return;
      const stamp = `${view.selected} ${view.temperature} ${state.classes.length}`;
      if (stamp === drawn) return;
      drawn = stamp;
      table.replaceChildren(...rowsAt(state.teacherRow(view.selected), state.classes, view.temperature));
    },
  };
}

/** Head and rows; the temperature of the slider has a row of its own, in its place. */
function rowsAt(logits, classes, now) {
  const first = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a]).slice(0, LIKELIEST);
  const head = ["T", ...first.map((c) => `p(${classes[c]})`), t("Entropy, bits")];
  const all = [...new Set([...AT, now])].sort((a, b) => a - b);
  return [
    node("div", { role: "row" }, ...head.map((text) => node("span", { role: "columnheader" }, text))),
    ...all.map((T) => {
      const logP = logSoftmax(logits, T);
      const cells = [...first.map((c) => fixed(Math.exp(logP[c]), 3)), fixed(entropyBits(logP), 2)];
      return node("div", T === now ? { class: "kd-now", role: "row", "aria-current": "true" } : { role: "row" },
        node("span", { role: "rowheader" }, short(T)), ...cells.map((text) => node("span", { role: "cell" }, text)));
    }),
  ];
}
