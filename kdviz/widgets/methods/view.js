// Methods: one of many methods, by family, and what it is tried on.

import { choiceOf } from "../shared/choice.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "./style.css";

const FAMILY_NAMES = {
  labels: t("Labels, no teacher"), response: t("Response: what the teacher says"), feature: t("Features: what the layers compute"),
  relation: t("Relations: how examples relate"), adversarial: t("Adversarial"), transformer: t("Transformers"),
};
const ROOMY_REM = 52; // as in the style sheet: from here on the list stands beside the rest; below, it is a select

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "methods", t("Methods"));
  const names = {};
  const pair = choiceOf(life, t("Teacher → student"), names, (value) => choose(model, { pair: value }));
  const given = node("p", { class: "kd-methods-given" });
  const note = node("p", { class: "kd-note" });
  const lock = node("p", { class: "kd-note kd-methods-lock", role: "status" });
  const families = node("div", { class: "kd-methods-families" });
  const list = node("div", { class: "kd-methods-list" }, node("h2", {}, t("Method")), families);
  const short = shortList(model, life);
  body.append(short.root, lock, pair.root, given, note, list);
  let options = [];
  const listed = changing();

  const painter = drawing(life, () => {
    const [pairs, locked] = [model.get("pairs"), model.get("locked")];
    for (const one of pairs) names[one.name] = one.title;
    pair.root.hidden = pairs.length === 0;
    pair.root.querySelector("select").disabled = locked;
    if (pairs.length) pair.draw(model.get("pair"), pairs.map((one) => one.name));
    say(given, model.get("given"));
    given.hidden = !model.get("given");
    say(note, model.get("note"));
    say(lock, locked ? model.get("locked_reason") : "");
    lock.hidden = !locked;
    if (listed(JSON.stringify(model.get("methods")))) options = listMethods(model, life, families);
    short.draw(locked);
    for (const { input, root, row } of options) {
      input.checked = row.name === model.get("chosen");
      input.disabled = locked || row.reason !== "";
      root.classList.toggle("kd-methods-chosen", input.checked);
    }
  });
  const room = new ResizeObserver(() => {
    const width = (el.closest(".kd-methods-room") ?? document.documentElement).clientWidth;
    if (!width) return; // not on the page yet
    const roomy = width >= ROOMY_REM * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    [list.hidden, short.root.hidden] = [!roomy, roomy];
  });
  room.observe(body);
  life.onEnd(() => room.disconnect());
  life.watch(["methods", "chosen", "pairs", "pair", "given", "locked", "locked_reason", "note"], painter.soon);
  painter.now();
  return () => life.end();
}

/** The same as a select, for narrow places: the method that is seen comes before what else there is. */
function shortList(model, life) {
  const id = uniqueId("method");
  const select = node("select", { class: "kd-select", id });
  const listed = changing();
  life.listen(select, "change", () => choose(model, { chosen: select.value }));
  return {
    root: node("div", { class: "kd-field", hidden: "" }, node("label", { for: id }, t("Method")), select),
    draw(locked) {
      const rows = model.get("methods");
      if (listed(JSON.stringify(rows))) {
        const option = (row) => node("option", { value: row.name, disabled: row.reason ? "" : null }, row.title);
        select.replaceChildren(...Object.entries(FAMILY_NAMES).filter(([family]) => rows.some((row) => row.family === family))
          .map(([family, name]) => node("optgroup", { label: name }, ...rows.filter((row) => row.family === family).map(option))));
      }
      select.disabled = locked;
      if (select.value !== model.get("chosen")) select.value = model.get("chosen");
    },
  };
}

/** A radio button for each method, under its family's name; the reason why one cannot be chosen is a hover away. */
function listMethods(model, life, families) {
  const group = uniqueId("methods");
  const options = model.get("methods").map((row) => {
    const input = node("input", { type: "radio", name: group, value: row.name });
    life.listen(input, "change", () => choose(model, { chosen: row.name }));
    const told = row.reason ? definition(life, row.title, row.reason) : node("span", {}, row.title);
    const root = node(row.reason ? "div" : "label", { class: `kd-methods-row${row.reason ? " kd-methods-away" : ""}` }, input, told);
    if (row.reason) put(input, "aria-label", row.title);
    return { row, input, root };
  });
  const of = (family) => options.filter(({ row }) => row.family === family).map(({ root }) => root);
  families.replaceChildren(...Object.keys(FAMILY_NAMES).filter((family) => of(family).length)
    .map((family) => node("fieldset", { class: "kd-methods-family" }, node("legend", {}, FAMILY_NAMES[family]), ...of(family))));
  return options;
}

/** Choose, and let the page's address say it where there is one. */
function choose(model, values) {
  commit(model, values);
  if (!document.body.dataset.voila) return;
  const query = new URLSearchParams(location.search);
  query.set("method", model.get("chosen"));
  if (model.get("pair")) query.set("pair", model.get("pair"));
  history.replaceState(null, "", `?${query}`);
}

export default { render };
