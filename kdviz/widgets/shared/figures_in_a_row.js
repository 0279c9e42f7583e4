// Numbers side by side, each with its definition one hover away.

import { definition } from "./definition.js";
import { node, put, say } from "./elements.js";

/** A list of terms with their numbers; `draw({ key: text }, { key: another name }, { key: the exact number, for who hovers })`. */
export function figuresInARow(life, terms) {
  const made = Object.entries(terms).map(([key, [name, meaning]]) => {
    const term = definition(life, name, meaning);
    const value = node("span", { class: "kd-figure-value", "data-number": key });
    return { key, name, term, value, root: node("div", { class: "kd-figure", role: "listitem" }, term, value) };
  });
  return {
    root: node("div", { class: "kd-figures", role: "list" }, ...made.map((one) => one.root)),
    draw(values, names = {}, exact = {}) {
      for (const one of made) {
        one.root.hidden = values[one.key] === undefined;
        say(one.value, values[one.key] ?? "");
        put(one.value, "title", exact[one.key] ?? null);
        say(one.term.querySelector(".kd-term"), names[one.key] ?? one.name);
      }
    },
  };
}
