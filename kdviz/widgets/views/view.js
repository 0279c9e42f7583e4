// Views: which of the page's views the right side shows.

import { commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { LANGUAGE, t } from "../shared/words.js";
import "./style.css";

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  el.classList.add("kd-host", "kd-host-views");
  const group = uniqueId("views");
  const option = (value) => {
    const input = node("input", { type: "radio", name: group, value });
    const text = node("span", {});
    life.listen(input, "change", () => commit(model, { view: value }));
    return { value, input, text, root: node("label", {}, input, text) };
  };
  const names = model.get("names");
  const options = Object.keys(names).map(option);
  const segments = node("div", { class: "kd-segments kd-views", role: "radiogroup", "aria-label": t("Show") }, ...options.map((o) => o.root));
  el.replaceChildren(node("div", { class: "kd", lang: LANGUAGE }, segments));

  const painter = drawing(life, () => {
    const offered = options.filter((o) => model.get("offered").includes(o.value) && !isHidden(model, o.value));
    el.hidden = offered.length < 2;
    for (const o of options) {
      o.root.hidden = !offered.includes(o);
      o.input.checked = model.get("view") === o.value;
      o.input.disabled = isLocked(model, "view");
      say(o.text, model.get("titles")[o.value] ?? names[o.value]);
    }
  });
  life.watch(["view", "offered", "titles", "hidden", "locked"], painter.soon);
  painter.now();
  return () => life.end();
}

export default { render };
