// Schemes: one of many schemes, by family, found by name or acronym, and what can be set of it.

import { foundRows } from "./found.js";
import { listWhereRoomy } from "../methods/room.js";
import { byHand, choose, followLink } from "../shared/address.js";
import { choiceOf } from "../shared/choice.js";
import { card, changing, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { t, tn } from "../shared/words.js";
import "../methods/style.css";
import "./style.css";

const FAMILY_TITLES = {
  online: t("Together, at the same time"), rows: t("In rows: one after the other"), self: t("From itself"),
  several: t("Several teachers"), place: t("In the place where it is used"), answers: t("Little of the teacher to see"),
  budget: t("Few labels, other data"), text: t("Models of text"),
};
const OWN_PARAMETERS = ["scheme", "set"]; // of the address; epochs, seed and what is hidden stay as the link had them

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "schemes", t("Schemes"));
  const note = node("p", { class: "kd-note" });
  const lock = node("p", { class: "kd-note kd-methods-lock", role: "status" });
  const families = node("div", { class: "kd-methods-families" });
  const list = node("div", { class: "kd-methods-list" }, node("h2", {}, t("Scheme")), families);
  const short = shortList(model, life);
  const settings = node("div", { class: "kd-schemes-options" });
  const id = uniqueId("find");
  const search = node("input", { type: "search", id, class: "kd-input kd-schemes-find", autocomplete: "off", spellcheck: "false", placeholder: t("Name or acronym") });
  const count = node("p", { class: "kd-note kd-schemes-count", role: "status" });
  const finder = node("div", { class: "kd-field" }, node("label", { for: id }, t("Find")), search, count);
  body.append(finder, short.root, lock, list, settings, note);
  let options = [];
  let selects = [];
  const [listed, offered] = [changing(), changing()];
  const painter = drawing(life, () => {
    const locked = model.get("locked");
    const rows = foundRows(model.get("schemes"), search.value);
    say(note, model.get("note"));
    say(lock, locked ? model.get("locked_reason") : "");
    lock.hidden = !locked;
    say(count, search.value.trim() ? tn("{n} scheme found", "{n} schemes found", rows.length) : "");
    if (listed(JSON.stringify(rows))) options = listSchemes(model, life, families, rows);
    short.draw(locked, rows);
    for (const { input, root, row } of options) {
      input.checked = row.name === model.get("chosen");
      input.disabled = locked;
      root.classList.toggle("kd-methods-chosen", input.checked);
    }
    const told = model.get("options");
    if (offered(JSON.stringify(told.map(({ chosen, ...rest }) => rest)))) {
      selects = told.map((one) => optionOf(model, life, one));
      settings.replaceChildren(...selects.map(({ root }) => root));
    }
    selects.forEach((one, i) => one.show(told[i], locked));
    settings.hidden = !told.length;
  });
  life.listen(search, "input", painter.soon);
  life.listen(search, "keydown", (event) => {
    const rows = foundRows(model.get("schemes"), search.value);
    if (event.key !== "Enter" || !rows.length || model.get("locked")) return;
    choose(model, { chosen: rows[0].name });
  });
  listWhereRoomy(life, el, body, list, short.root);
  life.watch(["schemes", "chosen", "options", "locked", "locked_reason", "note"], painter.soon);
  followLink(model, life, OWN_PARAMETERS);
  painter.now();
  return () => life.end();
}

/** The same as a select, for narrow places: the scheme that is seen comes before what else there is. */
function shortList(model, life) {
  const id = uniqueId("scheme");
  const select = node("select", { class: "kd-select", id });
  const listed = changing();
  life.listen(select, "change", () => choose(model, { chosen: select.value }));
  return {
    root: node("div", { class: "kd-field", hidden: "" }, node("label", { for: id }, t("Scheme")), select),
    draw(locked, found) {
      const chosen = model.get("chosen");
      const rows = model.get("schemes").filter((row) => row.name === chosen || found.includes(row));
      if (listed(JSON.stringify(rows))) {
        const option = (row) => node("option", { value: row.name }, row.title);
        select.replaceChildren(...familiesOf(rows).map(([family, members]) => node("optgroup", { label: FAMILY_TITLES[family] }, ...members.map(option))));
      }
      select.disabled = locked;
      if (select.value !== chosen) select.value = chosen;
    },
  };
}

function familiesOf(rows) {
  return Object.keys(FAMILY_TITLES).map((family) => [family, rows.filter((row) => row.family === family)]).filter(([, members]) => members.length);
}

/** A radio button for each scheme, under its family's name. */
function listSchemes(model, life, families, rows) {
  const group = uniqueId("schemes");
  const options = rows.map((row) => {
    const input = node("input", { type: "radio", name: group, value: row.name });
    life.listen(input, "change", () => choose(model, { chosen: row.name }));
    const acronym = row.acronym ? node("abbr", { class: "kd-schemes-acronym" }, row.acronym) : null;
    return { row, input, root: node("label", { class: "kd-methods-row" }, input, node("span", {}, row.title), acronym) };
  });
  const rootOf = new Map(options.map(({ row, root }) => [row, root]));
  families.replaceChildren(...familiesOf(rows).map(([family, members]) =>
    node("fieldset", { class: "kd-methods-family" }, node("legend", {}, FAMILY_TITLES[family]), ...members.map((row) => rootOf.get(row)))));
  return options;
}

/** What can be set of the scheme, as a select. */
function optionOf(model, life, one) {
  const texts = Object.fromEntries(one.values.map(({ value, text }) => [value, text]));
  const choice = choiceOf(life, one.title, texts, (value) => {
    byHand(model);
    model.send({ command: "option", name: one.name, value });
  });
  const select = choice.root.querySelector("select");
  return {
    root: choice.root,
    show(told, locked) {
      choice.draw(told.chosen, one.values.map(({ value }) => value));
      select.disabled = locked;
    },
  };
}

export default { render };
