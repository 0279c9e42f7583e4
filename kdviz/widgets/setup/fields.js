// Fields of a form whose options follow a list.

import { node, say, uniqueId } from "../shared/elements.js";

const MANY_CHOICES = 5;

/** A labelled native select whose options follow a list. */
export function selectField(life, name, onChoose) {
  const id = uniqueId("select");
  const select = node("select", { id, class: "kd-select" });
  const label = node("label", { for: id }, name);
  let stamp = "";
  life.listen(select, "change", () => onChoose(select.value));
  return {
    root: node("div", { class: "kd-field" }, label, select),
    setName(next) {
      say(label, next);
    },
    draw(options, chosen, disabled) {
      select.disabled = disabled;
      const next = JSON.stringify(options);
      if (next !== stamp) {
        select.replaceChildren(...options.map((o) => node("option", { value: o.value, disabled: o.disabled ? "" : null }, o.text)));
        stamp = next;
      }
      select.value = String(chosen);
    },
  };
}

/** Up to five choices as segments, more as a select. */
export function choiceField(life, name, onChoose) {
  const group = uniqueId("choice");
  const legend = node("legend", { class: "kd-unseen" }, name);
  const segments = node("fieldset", { class: "kd-segments" }, legend);
  const label = node("p", { class: "kd-label", "aria-hidden": "true" }, name);
  const list = selectField(life, name, (value) => onChoose(Number(value)));
  const root = node("div", { class: "kd-field" }, label, segments, list.root);
  let stamp = "";
  life.listen(segments, "change", (event) => onChoose(Number(event.target.value)));
  const segment = (o) => node("label", {}, node("input", { type: "radio", name: group, value: o.value }), node("span", {}, o.text));
  return {
    root,
    setName(next) {
      for (const part of [legend, label]) say(part, next);
      list.setName(next);
    },
    draw(options, chosen, disabled) {
      segments.disabled = disabled;
      const few = options.length <= MANY_CHOICES;
      root.hidden = options.length === 0;
      label.hidden = segments.hidden = !few;
      list.root.hidden = few;
      if (!few) {
        list.draw(options, chosen, disabled);
        return;
      }
      const next = JSON.stringify(options);
      if (next !== stamp) segments.replaceChildren(legend, ...options.map(segment));
      stamp = next;
      for (const input of segments.querySelectorAll("input")) input.checked = Number(input.value) === chosen;
    },
  };
}
