// Methods: one of many methods, by family, and what it is tried on.

import { LINK } from "./link.js";
import { listWhereRoomy } from "./room.js";
import { foundRows } from "./search.js";
import { choose, followLink } from "../shared/address.js";
import { choiceOf } from "../shared/choice.js";
import { hasAddress } from "../shared/copy.js";
import { definition } from "../shared/definition.js";
import { card, changing, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { t, tn } from "../shared/words.js";
import "../method_picture/style.css";
import "./style.css";

const MOST_TOLD = 2; // methods of other pages that a search tells of
const OTHER_PAGE = /[^/]*$/; // the last part of an address, in whose place another page's stands
const FAMILY_NAMES = {
  labels: t("Labels, no teacher"), response: t("Response: what the teacher says"), feature: t("Features: what the layers compute"),
  relation: t("Relations: how examples relate"), adversarial: t("Adversarial"), transformer: t("Transformers"),
  elsewhere: t("Not on this page"),
};

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
  const search = searchField(model, life, () => painter.soon());
  body.append(search.root, short.root, lock, pair.root, given, note, list);
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
    const rows = search.found();
    if (listed(JSON.stringify(rows))) options = listMethods(model, life, families, rows);
    short.draw(locked, rows);
    for (const { input, root, row } of options) {
      input.checked = row.name === model.get("chosen");
      input.disabled = locked || row.reason !== "";
      root.classList.toggle("kd-methods-chosen", input.checked);
    }
  });
  listWhereRoomy(life, el, body, list, short.root);
  life.watch(["methods", "chosen", "pairs", "pair", "given", "locked", "locked_reason", "note"], painter.soon);
  followLink(model, life, LINK);
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
    draw(locked, found) {
      const chosen = model.get("methods").filter((row) => row.name === model.get("chosen") && !found.includes(row));
      const rows = [...chosen, ...found]; // a select shows what is chosen, found or not
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

/** A field that narrows the list; Enter takes the first method that can be chosen, Escape empties it. */
function searchField(model, life, redraw) {
  const id = uniqueId("search");
  const input = node("input", { type: "search", id, class: "kd-select kd-methods-search", placeholder: t("KD, RKD, Hinton …"), autocomplete: "off", spellcheck: "false" });
  const told = node("p", { class: "kd-note", role: "status" });
  const more = node("div", { class: "kd-methods-more" });
  const found = () => foundRows(model.get("methods"), input.value);
  const tell = () => {
    const rows = found();
    const one = rows.length === 1 ? rows[0] : null;
    const counted = tn("{n} method", "{n} methods", rows.length);
    say(told, !input.value.trim() ? "" : !rows.length ? t("No method is called so.") : one?.reason ? `${one.title}: ${one.reason}` : counted);
    told.hidden = !told.textContent;
    const linked = input.value.trim() ? rows.filter((row) => row.link) : [];
    more.replaceChildren(...(linked.length <= MOST_TOLD ? linked.flatMap((row) => elsewhere(row, row === one)) : []));
    more.hidden = !more.children.length;
    redraw();
  };
  life.listen(input, "input", tell);
  life.listen(input, "keydown", (event) => {
    if (event.key === "Escape") input.value = "";
    const first = found().find((row) => row.name && !row.reason);
    if (event.key === "Enter" && first && !model.get("locked")) choose(model, { chosen: first.name });
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      tell();
    }
  });
  told.hidden = more.hidden = true;
  return { found, root: node("div", { class: "kd-field" }, node("label", { for: id }, t("Search by name, acronym or author")), input, told, more) };
}

/** What a method that another page runs is, unless that is told already, its formula, source, and the link there. */
function elsewhere(row, told) {
  const formula = node("div", { class: "kd-method-formulas" });
  formula.innerHTML = row.formula; // MathML that Python made of formulas in the package; nothing of a reader's is in it
  const link = hasAddress() ? [node("p", { class: "kd-note" }, linkTo(row), ` ${t("(in a new tab)")}`)] : [];
  const what = told ? [] : [node("p", { class: "kd-note" }, `${row.title}: ${row.reason}`)];
  return [...what, ...(row.formula ? [formula] : []), node("p", { class: "kd-note" }, row.source), ...link];
}

function linkTo(row) {
  const href = location.pathname.replace(OTHER_PAGE, "") + row.link;
  return node("a", { href, target: "_blank", rel: "noopener" }, row.says);
}

/** A radio button for each method, under its family's name; the reason why one cannot be chosen is a hover away. */
function listMethods(model, life, families, rows) {
  const group = uniqueId("methods");
  const options = rows.map((row) => {
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

export default { render };
