// One choice of several, as a select with a label.

import { changing, node, uniqueId } from "./elements.js";

/** A select with a label. */
export function choiceOf(life, label, names, choose) {
  const id = uniqueId("choice");
  const select = node("select", { class: "kd-select", id });
  const offered = changing();
  life.listen(select, "change", () => choose(select.value));
  return {
    root: node("div", { class: "kd-field" }, node("label", { for: id }, label), select),
    draw(value, values, more = {}) {
      const texts = values.map((one) => more[one] ?? names[one] ?? one);
      if (offered(texts.join("|"))) select.replaceChildren(...values.map((one, i) => node("option", { value: one }, texts[i])));
      if (select.value !== value) select.value = value;
    },
  };
}
