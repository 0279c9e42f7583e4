// Presets: where to start from, the question that comes with it, and what the reader expects.

import { announcer, card, commit, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { t, tParts } from "../shared/words.js";
import "./style.css";

const EXPECTATIONS = "kdviz-expected-";
const BUSY = ["loading", "running"];

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "presets", t("Presets"));
  const live = announcer(life, { quiet: 300 });
  const choice = presetChoice(life, (name) => {
    commit(model, { chosen: name });
    model.send({ command: "preset", name });
  });
  const question = node("h2", { class: "kd-preset-question" });
  const expectation = expectationPart(life);
  const look = node("p", { class: "kd-note kd-preset-look" });
  const asked = node("div", { class: "kd-preset-asked" }, question, expectation.root, look);
  body.append(choice.root, asked);
  root.append(live.region);

  const painter = drawing(life, () => {
    el.hidden = isHidden(model, "presets");
    if (el.hidden) return;
    const preset = model.get("presets").find((p) => p.name === model.get("chosen")) ?? null;
    choice.draw(model);
    asked.hidden = preset === null;
    if (preset) {
      say(question, preset.question);
      say(look, t("Where to look: {look}", { look: preset.look }));
      expectation.draw(preset.name, model.get("finished"));
    }
    live.announce(preset?.question ?? t("The default"), preset?.name ?? "");
  });
  life.watch(["presets", "chosen", "finished", "hidden", "locked", "state"], painter.soon);
  painter.now();
  return () => life.end();
}

/** A native select of the default and the presets. */
function presetChoice(life, onChoose) {
  const id = uniqueId("preset");
  const select = node("select", { id, class: "kd-select" });
  const why = node("p", { class: "kd-note", id: `${id}-why` });
  const root = node("div", { class: "kd-preset-choice" }, node("label", { for: id, class: "kd-label" }, t("Start from")), select, why);
  let stamp = "";
  life.listen(select, "change", () => onChoose(select.value));
  return {
    root,
    draw(model) {
      const options = [{ name: "", title: t("The default") }, ...model.get("presets")];
      const next = JSON.stringify(options.map((o) => [o.name, o.title]));
      if (next !== stamp) select.replaceChildren(...options.map((o) => node("option", { value: o.name }, o.title)));
      stamp = next;
      select.value = model.get("chosen");
      const [locked, busy] = [isLocked(model, "presets"), BUSY.includes(model.get("state"))];
      select.disabled = locked || busy;
      say(why, locked ? t("Set by the link that opened this page.") : busy ? t("Stop the run to start from something else.") : "");
      put(select, "aria-describedby", why.textContent ? why.id : null);
    },
  };
}

/** What the reader expects: a field before the run has ended, the words themselves after. They never leave the browser. */
function expectationPart(life) {
  const id = uniqueId("expected");
  const field = node("textarea", { id, class: "kd-preset-field", rows: 1, maxlength: 400, placeholder: t("Optional; it stays in this browser") });
  const asking = node("div", { class: "kd-field" }, node("label", { for: id }, t("What do you expect?")), field);
  const words = node("q", {});
  const told = node("p", { class: "kd-preset-told" }, ...tParts("You expected: {words}", { words }));
  let shown = null;
  life.listen(field, "input", () => keepExpectation(shown, field.value));
  return {
    root: node("div", {}, asking, told),
    draw(name, finished) {
      if (name !== shown) field.value = expectationFor(name);
      shown = name;
      const written = field.value.trim();
      asking.hidden = finished;
      told.hidden = !finished || written === "";
      say(words, written);
    },
  };
}

// Kept for the session, where the browser lets a page keep anything.
const expectations = new Map();

function expectationFor(name) {
  try {
    return sessionStorage.getItem(EXPECTATIONS + name) ?? "";
  } catch {
    return expectations.get(name) ?? "";
  }
}

function keepExpectation(name, text) {
  expectations.set(name, text);
  try {
    sessionStorage.setItem(EXPECTATIONS + name, text);
  } catch {
    // The map has it.
  }
}

export default { render };
