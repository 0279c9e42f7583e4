// StudySetup: what a study varies, what it holds still, its seeds and epochs.

import { announcer, card, changing, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const SIDES = { x: t("Across"), y: t("Down") };

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "study-setup", t("Setup"));
  const live = announcer(life);
  const send = (name, value) => model.send({ command: "choose", name, value });
  const axes = Object.fromEntries(Object.entries(SIDES).map(([side, title]) => [side, axisPart(life, side, title, send)]));
  const budget = node("div", { class: "kd-study-fields" });
  const rest = node("div", { class: "kd-study-fields" });
  const more = node("details", { class: "kd-more kd-study-more" }, node("summary", {}, t("What all cells have in common")), rest);
  const fields = node("fieldset", { class: "kd-study-all" }, node("legend", { class: "kd-unseen" }, t("Setup")), axes.x.root, axes.y.root, budget, more);
  const lock = node("p", { class: "kd-note kd-study-lock" });
  const size = node("p", { class: "kd-study-size" });
  const estimate = node("p", { class: "kd-note kd-study-estimate", role: "status" });
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("The study"))), lock, fields, size, estimate);
  root.append(live.region);
  const singles = new Map(); // field -> its select

  const painter = drawing(life, () => {
    const locked = model.get("locked") || limits.locked("setup");
    fields.disabled = locked;
    say(lock, locked ? (limits.locked("setup") ? t("These choices are fixed on this page.") : model.get("locked_reason")) : "");
    lock.hidden = !locked;
    const all = model.get("fields");
    for (const [side, axis] of Object.entries(axes)) axis.draw(all.find((one) => one.axis === side), model.get("axes"));
    place(budget, all.filter((one) => !one.axis && one.group === "budget"));
    place(rest, all.filter((one) => !one.axis && one.group !== "budget"));
    say(size, model.get("size"));
    say(estimate, model.get("estimate"));
    estimate.classList.toggle("kd-failed", model.get("too_much"));
    live.announce(`${model.get("size")} ${model.get("estimate")}`);
  });

  const place = (where, wanted) => {
    const selects = wanted.map((field) => {
      if (!singles.has(field.name)) singles.set(field.name, singlePart(life, send));
      singles.get(field.name).draw(field);
      return singles.get(field.name).root;
    });
    if (selects.length !== where.children.length || selects.some((one, i) => one !== where.children[i])) where.replaceChildren(...selects);
  };
  const limits = underScene(life, scene, el, "setup", painter.soon);
  life.watch(["fields", "axes", "size", "estimate", "too_much", "locked", "locked_reason", "answer"], painter.soon);
  painter.now();
  return () => life.end();
}

/** A select for the axis, and a check box for each of its values. */
function axisPart(life, side, title, send) {
  const id = uniqueId("axis");
  const select = node("select", { class: "kd-select", id });
  const values = node("fieldset", { class: "kd-study-values" });
  const offered = changing();
  const listed = changing();
  let now = null;
  life.listen(select, "change", () => send(side, select.value));
  life.listen(values, "change", (event) => {
    const chosen = now.options.map((one) => one.value).filter((value) => (value === event.target.value ? event.target.checked : now.chosen.includes(value)));
    if (!chosen.length) {
      event.target.checked = true; // an axis has a value
      return;
    }
    now = { ...now, chosen }; // the next click may come before the answer
    send(now.name, chosen.join(","));
  });
  return {
    root: node("div", { class: "kd-study-axis" }, node("div", { class: "kd-field" }, node("label", { for: id }, title), select), values),
    draw(field, axes) {
      now = field;
      if (!field) return;
      if (offered(JSON.stringify(axes))) select.replaceChildren(...axes.map((one) => node("option", { value: one.value }, one.text)));
      select.value = field.name;
      if (listed(field.name, JSON.stringify(field.options))) {
        const legend = node("legend", { class: "kd-unseen" }, t("Values of {name}", { name: field.title }));
        values.replaceChildren(legend, ...field.options.map((one) => node("label", { class: "kd-study-value" },
          node("input", { type: "checkbox", value: one.value }), node("span", {}, one.text))));
      }
      for (const input of values.querySelectorAll("input")) input.checked = field.chosen.includes(input.value);
    },
  };
}

/** One value of several, as a select with a label. */
function singlePart(life, send) {
  const id = uniqueId("setting");
  const select = node("select", { class: "kd-select", id });
  const label = node("label", { for: id });
  const listed = changing();
  let name = "";
  life.listen(select, "change", () => send(name, select.value));
  return {
    root: node("div", { class: "kd-field" }, label, select),
    draw(field) {
      name = field.name;
      say(label, field.title);
      put(select, "data-field", name);
      if (listed(JSON.stringify(field.options))) select.replaceChildren(...field.options.map((one) => node("option", { value: one.value }, one.text)));
      select.value = field.chosen[0];
    },
  };
}

export default { render };
