// RunChoice: the runs that the page was opened with, one of them shown.

import { announcer, changing, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { LANGUAGE, t } from "../shared/words.js";
import "./style.css";

const MOST_SEGMENTS = 6; // more than these are a select
const LONGEST = 60; // letters of all segments together

function render({ model, el }) {
  const life = lifetime(model);
  el.classList.add("kd-host", "kd-host-run-choice");
  const id = uniqueId("shown-run");
  const place = node("div", {});
  const note = node("p", { class: "kd-note" });
  const lock = node("p", { class: "kd-note" }, t("The other runs can be shown once training rests."));
  el.replaceChildren(node("div", { class: "kd kd-run-choice", lang: LANGUAGE }, place, note, lock));
  const live = announcer(life);
  el.firstChild.append(live.region);
  const listed = changing();
  const send = (run) => model.send({ command: "show", run });
  let choice = null;

  const painter = drawing(life, () => {
    const runs = model.get("runs");
    const chosen = model.get("chosen");
    const now = runs.find((run) => run.id === chosen);
    const barred = (run) => model.get("locked") && now !== undefined && run.round !== now.round;
    el.hidden = runs.length < 2;
    if (listed(JSON.stringify(runs))) {
      const hadFocus = place.contains(place.getRootNode().activeElement);
      const letters = runs.reduce((sum, run) => sum + run.name.length, 0);
      choice = runs.length > MOST_SEGMENTS || letters > LONGEST ? selected(life, id, runs, send) : segments(life, id, runs, send);
      place.replaceChildren(choice.root);
      if (hadFocus) choice.focus(chosen);
    }
    choice?.draw(chosen, barred);
    say(note, model.get("note"));
    note.hidden = !model.get("note");
    live.announce(model.get("note"));
    lock.hidden = !runs.some(barred);
  });
  life.watch(["runs", "chosen", "locked", "note"], painter.soon);
  painter.now();
  return () => life.end();
}

function segments(life, group, runs, send) {
  const options = runs.map((run) => {
    const input = node("input", { type: "radio", name: group, value: run.id });
    life.listen(input, "change", () => send(run.id));
    return { run, input, root: node("label", {}, input, node("span", {}, run.name)) };
  });
  return {
    root: node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Run shown")), ...options.map(({ root }) => root)),
    focus: (chosen) => options.find(({ run }) => run.id === chosen)?.input.focus(),
    draw(chosen, barred) {
      for (const { run, input } of options) {
        input.checked = run.id === chosen;
        input.disabled = barred(run);
      }
    },
  };
}

function selected(life, id, runs, send) {
  const options = runs.map((run) => node("option", { value: run.id }, run.name));
  const select = node("select", { class: "kd-select", id }, ...options);
  life.listen(select, "change", () => send(select.value));
  return {
    root: node("div", { class: "kd-field" }, node("label", { for: id }, t("Run shown")), select),
    focus: () => select.focus(),
    draw(chosen, barred) {
      if (select.value !== chosen) select.value = chosen;
      options.forEach((option, i) => (option.disabled = barred(runs[i])));
    },
  };
}

export default { render };
