// Views: which of the page's views the right side shows; where there are many, by groups.

import { commit, drawing, lifetime, node, onOtherWidth, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { sideways } from "../shared/sideways.js";
import { LANGUAGE, t } from "../shared/words.js";
import "./style.css";

const SEEN_PX = 200; // of a view, for it to be seen
const FEW = 5; // views that need no groups

/** Scroll a row sideways, and nothing else, until one of its parts is in sight. */
function inSight(row, part) {
  const [room, box] = [row.getBoundingClientRect(), part.getBoundingClientRect()];
  if (box.left < room.left) row.scrollLeft -= room.left - box.left + 24;
  else if (box.right > room.right) row.scrollLeft += box.right - room.right + 24;
}

/** Radio buttons in a row. `choose(value)` is called with what the reader takes; `draw` says which are there, and their texts. */
function rowOf(life, kind, label, values, choose) {
  const group = uniqueId(kind);
  const options = values.map((value) => {
    const input = node("input", { type: "radio", name: group, value });
    const text = node("span", {});
    life.listen(input, "change", () => choose(value));
    return { value, input, text, root: node("label", {}, input, text) };
  });
  const list = node("div", { class: `kd-views kd-views-${kind}`, role: "radiogroup", "aria-label": label }, ...options.map((o) => o.root));
  const row = sideways(life, list);
  let here = null;
  onOtherWidth(life, list, () => here && inSight(list, here.root));
  return {
    root: row.root,
    list,
    draw({ offered, shown, chosen, locked, nameOf }) {
      for (const o of options) {
        o.root.hidden = !shown.includes(o.value);
        put(o.root, "data-offered", offered.includes(o.value) ? "" : null);
        o.input.checked = o.value === chosen;
        o.input.disabled = locked;
        const name = nameOf(o.value);
        say(o.text, name);
        put(o.text, "data-text", name);
      }
      here = options.find((o) => o.input.checked && !o.root.hidden);
      if (here) inSight(list, here.root);
      row.draw();
    },
  };
}

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  el.classList.add("kd-host", "kd-host-views");
  const [names, groups] = [model.get("names"), model.get("groups")];
  const last = new Map(); // by group, the view that was shown last
  const groupOf = (view) => groups.find((one) => one.views.includes(view))?.name ?? "";
  const offered = (views) => views.filter((view) => model.get("offered").includes(view) && !isHidden(model, view));
  const inGroup = (name) => offered(groups.find((one) => one.name === name)?.views ?? []);
  const above = rowOf(life, "groups", t("Groups of views"), groups.map((one) => one.name), (name) => {
    const there = inGroup(name);
    commit(model, { view: there.includes(last.get(name)) ? last.get(name) : there[0] });
  });
  const below = rowOf(life, "show", t("Show"), Object.keys(names), (view) => commit(model, { view }));
  el.replaceChildren(node("div", { class: "kd", lang: LANGUAGE }, above.root, below.root));

  const painter = drawing(life, () => {
    const [view, locked, all] = [model.get("view"), isLocked(model, "view"), offered(Object.keys(names))];
    const there = groups.map((one) => one.name).filter((name) => inGroup(name).length);
    const grouped = all.length > FEW && there.length > 1;
    const group = groupOf(view);
    if (all.includes(view)) last.set(group, view);
    el.hidden = all.length < 2;
    above.root.hidden = !grouped;
    above.draw({ offered: [], shown: there, chosen: group, locked, nameOf: (name) => groups.find((one) => one.name === name).title });
    const shown = grouped && inGroup(group).length ? inGroup(group) : all;
    below.draw({ offered: all, shown, chosen: view, locked, nameOf: (one) => model.get("titles")[one] ?? names[one] });
  });
  // Who chooses by pointer is led to what was chosen, if it is out of sight; the keyboard's place stays where it is.
  for (const { list } of [above, below]) {
    life.listen(list, "click", (event) => {
      if (event.detail === 0 || below.list.getBoundingClientRect().bottom < innerHeight - SEEN_PX) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      list.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    });
  }
  life.watch(["view", "offered", "titles", "hidden", "locked"], painter.soon);
  painter.now();
  return () => life.end();
}

export default { render };
