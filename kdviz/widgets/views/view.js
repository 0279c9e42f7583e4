// Views: which of the page's views the right side shows.

import { commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { sideways } from "../shared/sideways.js";
import { LANGUAGE, t } from "../shared/words.js";
import "./style.css";

const SEEN_PX = 200; // of a view, for it to be seen

/** Scroll a row sideways, and nothing else, until one of its parts is in sight. */
function inSight(row, part) {
  const [room, box] = [row.getBoundingClientRect(), part.getBoundingClientRect()];
  if (box.left < room.left) row.scrollLeft -= room.left - box.left + 24;
  else if (box.right > room.right) row.scrollLeft += box.right - room.right + 24;
}

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
  const segments = node("div", { class: "kd-views", role: "radiogroup", "aria-label": t("Show") }, ...options.map((o) => o.root));
  const row = sideways(life, segments);
  el.replaceChildren(node("div", { class: "kd", lang: LANGUAGE }, row.root));

  const painter = drawing(life, () => {
    const offered = options.filter((o) => model.get("offered").includes(o.value) && !isHidden(model, o.value));
    el.hidden = offered.length < 2;
    for (const o of options) {
      o.root.hidden = !offered.includes(o);
      o.input.checked = model.get("view") === o.value;
      o.input.disabled = isLocked(model, "view");
      const name = model.get("titles")[o.value] ?? names[o.value];
      say(o.text, name);
      put(o.text, "data-text", name);
    }
    const chosen = offered.find((o) => o.input.checked);
    if (chosen) inSight(segments, chosen.root);
    row.draw();
  });
  // Who chooses by pointer is led to what was chosen, if it is out of sight; the keyboard's place stays where it is.
  life.listen(segments, "click", (event) => {
    if (event.detail === 0 || segments.getBoundingClientRect().bottom < innerHeight - SEEN_PX) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    segments.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  });
  life.watch(["view", "offered", "titles", "hidden", "locked"], painter.soon);
  painter.now();
  return () => life.end();
}

export default { render };
