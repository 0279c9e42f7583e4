// The same links as lists, for the keyboard and whoever prefers them: a teacher's layer, a student's layer, link by link.

import { choiceAt, ownLinks, writeLinks } from "./links.js";
import { choose } from "../shared/address.js";
import { changing, node, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";

/** A fold with two selects a link; one more, one less, and as they were. */
export function linkLists(model, life) {
  const rows = node("div", { class: "kd-links-rows" });
  const told = node("p", { class: "kd-note", role: "status" });
  const more = button(t("One link more"));
  const usual = button(t("Usual layers"));
  const buttons = node("div", { class: "kd-share-row" }, more, usual);
  const root = node("details", { class: "kd-method-code" }, node("summary", { class: "kd-share-tab kd-share-fold" }, t("Which layers")),
    node("div", { class: "kd-share-part" }, node("p", { class: "kd-note" }, t("Drag a line from a layer of the teacher to one of the student, or choose here.")), rows, told, buttons));
  const changed = changing();
  let drawing = null;
  const send = (links) => {
    say(told, "");
    choose(model, { layers: writeLinks(links) });
  };
  life.listen(usual, "click", () => send([]));
  life.listen(more, "click", () => {
    const links = ownLinks(drawing);
    const free = drawing.choices.find((one) => one.fits && !links.some((link) => link.teacher === drawing.teacher[one.teacher].name));
    if (free) send([...links, { student: drawing.student[free.student].name, teacher: drawing.teacher[free.teacher].name }]);
  });
  const turn = (at, who, name) => {
    const links = ownLinks(drawing);
    const next = { ...links[at], [who]: name };
    const place = (side) => drawing[side].findIndex((box) => box.name === next[side]);
    const choice = choiceAt(drawing, place("teacher"), place("student"));
    if (choice?.fits) send(links.map((link, i) => (i === at ? next : link)));
    else {
      say(told, choice?.says ?? "");
      draw(); // as it was
    }
  };
  const draw = () => {
    const links = ownLinks(drawing);
    const locked = model.get("locked");
    const names = (who) => [...new Set(drawing.choices.map((one) => one[who]))].sort((a, b) => a - b).map((place) => drawing[who][place].name);
    rows.replaceChildren(...links.map((link, at) => {
      const label = (who) => (who === "teacher" ? t("Teacher’s layer of link {n}", { n: at + 1 }) : t("Student’s layer of link {n}", { n: at + 1 }));
      const select = (who) => {
        const id = uniqueId("layer");
        const made = node("select", { class: "kd-select", id, "aria-label": label(who) }, ...names(who).map((name) => node("option", { value: name }, name)));
        made.value = link[who];
        made.disabled = locked;
        made.addEventListener("change", () => turn(at, who, made.value));
        return made;
      };
      const less = button(t("Remove link {n}", { n: at + 1 }), "×");
      less.hidden = links.length < 2;
      less.disabled = locked;
      less.addEventListener("click", () => send(links.filter((_, i) => i !== at)));
      return node("div", { class: "kd-links-row" }, select("teacher"), node("span", { "aria-hidden": "true" }, "→"), select("student"), less);
    }));
    more.disabled = locked;
    usual.disabled = locked;
    usual.hidden = !model.get("layers");
  };
  return {
    root,
    say: (sentence) => say(told, sentence),
    draw(next) {
      root.hidden = !next.choices?.length;
      drawing = next;
      if (!root.hidden && changed(next, model.get("locked"), model.get("layers"))) draw();
    },
  };
}

function button(label, text = label) {
  return node("button", { type: "button", class: "kd-button", "aria-label": text === label ? null : label }, text);
}
