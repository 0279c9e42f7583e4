// Methods: one of many methods, by family, and what it is tried on.

import { choiceOf } from "../shared/choice.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "./style.css";

const FAMILY_NAMES = {
  labels: t("Labels, no teacher"), response: t("Response: what the teacher says"), feature: t("Features: what its layers compute"),
  relation: t("Relations: how examples relate to each other"), adversarial: t("Adversarial"), transformer: t("Transformers"),
};
const ROOMY_REM = 52; // as in the style sheet: from here on the list stands beside the rest and need not be folded

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "methods", t("Methods"));
  const names = {};
  const pair = choiceOf(life, t("Teacher → student"), names, (value) => choose(model, { pair: value }));
  const given = node("p", { class: "kd-methods-given" });
  const note = node("p", { class: "kd-note" });
  const lock = node("p", { class: "kd-note kd-methods-lock", role: "status" });
  const families = node("div", { class: "kd-methods-families" });
  const chosen = node("span", { class: "kd-note" });
  const fold = node("details", { class: "kd-methods-fold" }, node("summary", {}, node("h2", {}, t("Method")), chosen), lock, families);
  fold.open = true;
  body.append(pair.root, given, note, fold);
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
    for (const { input, root, row } of options) {
      input.checked = row.name === model.get("chosen");
      input.disabled = locked || row.reason !== "";
      root.classList.toggle("kd-methods-chosen", input.checked);
    }
    say(chosen, options.find(({ input }) => input.checked)?.row.title ?? "");
  });
  const room = new ResizeObserver(() => {
    const width = (el.closest(".kd-methods-room") ?? document.documentElement).clientWidth;
    if (!width) return; // not on the page yet
    fold.open = width >= ROOMY_REM * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    room.disconnect(); // the reader folds it from now on
  });
  room.observe(body);
  life.onEnd(() => room.disconnect());
  life.watch(["methods", "chosen", "pairs", "pair", "given", "locked", "locked_reason", "note"], painter.soon);
  painter.now();
  return () => life.end();
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
