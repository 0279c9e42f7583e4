// WritingSetup: what is learned from, who learns, and how; a select each, locked while a run is under way.

import { byHand, followLink } from "../shared/address.js";
import { choiceOf } from "../shared/choice.js";
import { codeFold } from "../shared/code_fold.js";
import { definition } from "../shared/definition.js";
import { card, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "../methods/style.css";
import "../share/style.css";
import "./style.css";

const OWN_PARAMETERS = ["data", "student", "method", "T", "alpha", "epochs", "seed"]; // of the address; what is hidden stays

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "writing-setup", t("Who learns from whom"));
  const lock = node("p", { class: "kd-note kd-methods-lock", role: "status" });
  const list = node("div", { class: "kd-writing-fields" });
  const note = node("span", {});
  const code = codeFold(life, "kd-writing-code", t("Python program"));
  const meaning = definition(life, t("What do these numbers count?"), t("A row is a piece of running text, or one task with its answer. A pass uses each row once, a few dozen rows a step. The loss is α times what the teacher teaches plus 1 − α times the surprise of the given text. Weights are the numbers that a model has learned."));
  const below = node("p", { class: "kd-note" }, note, " ", meaning);
  body.append(list, node("div", { class: "kd-writing-foot" }, lock, below, code.root));
  const parts = new Map(); // field -> its control
  const painter = drawing(life, () => {
    const [fields, locked] = [model.get("fields"), model.get("locked")];
    say(lock, locked ? model.get("locked_reason") : "");
    lock.hidden = !locked;
    below.hidden = locked; // in its place, so that what stands below stays where it is
    for (const field of fields) {
      if (!parts.has(field.name)) parts.set(field.name, fieldPart(model, life, field));
      parts.get(field.name).draw(field, locked);
    }
    const wanted = fields.flatMap(({ name }) => parts.get(name).nodes);
    if (wanted.length !== list.children.length || wanted.some((one, i) => one !== list.children[i])) list.replaceChildren(...wanted);
    say(note, model.get("note"));
    code.draw(model.get("code"));
  });
  life.watch(["fields", "locked", "locked_reason", "note", "code", "answer"], painter.soon);
  followLink(model, life, OWN_PARAMETERS);
  painter.now();
  return () => life.end();
}

function fieldPart(model, life, field) {
  const choice = choiceOf(life, field.title, {}, (value) => {
    byHand(model);
    model.send({ command: "choose", name: field.name, value });
  });
  const select = choice.root.querySelector("select");
  put(select, "data-field", field.name);
  const hint = node("p", { class: "kd-hint", id: uniqueId("hint") });
  const only = node("span", { class: "kd-writing-only" });
  choice.root.append(only);
  choice.root.classList.add(`kd-writing-${field.name}`);
  return {
    nodes: [choice.root, hint],
    draw(now, locked) {
      choice.draw(now.value, now.options.map(({ value }) => value), Object.fromEntries(now.options.map(({ value, text }) => [value, text])));
      select.disabled = locked;
      select.hidden = now.options.length === 1;
      say(only, select.hidden ? now.options[0].text : "");
      only.hidden = !select.hidden;
      say(hint, now.hint ?? "");
      hint.hidden = !now.hint;
      put(select, "aria-describedby", now.hint ? hint.id : null);
    },
  };
}

export default { render };
