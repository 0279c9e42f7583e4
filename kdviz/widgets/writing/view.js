// Writing: what teacher, student and twin write after one prompt, side by side, each token shaded by its surprise.

import { meanBits, surpriseKey, surpriseOf, tokenText, tokenTip } from "./tokens.js";
import { choiceOf } from "../shared/choice.js";
import { announcer, card, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { fixed } from "../shared/format.js";
import { noAnswer, PATIENCE_MS } from "../shared/patience.js";
import { runKey } from "../shared/run_key.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";
import "./tokens.css";

const LONGEST = 120;

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "writing", t("Written side by side"));
  const live = announcer(life, { apart: 20000 });
  const id = uniqueId("prompt");
  const prompt = node("input", { id, class: "kd-writing-prompt", type: "text", maxlength: LONGEST, autocomplete: "off", spellcheck: "false" });
  const how = choiceOf(life, t("How"), {}, () => {});
  const select = how.root.querySelector("select");
  const write = node("button", { type: "submit", class: "kd-button" }, t("Write"));
  const form = node("form", { class: "kd-writing-form" }, node("div", { class: "kd-field" }, node("label", { for: id }, t("Begin with")), prompt), how.root, write);
  const note = node("p", { class: "kd-note", role: "status" });
  const readers = surpriseOf(life, model, { writer: t("who writes"), teacher: t("the teacher") });
  const rows = node("div", { class: "kd-writing-rows" });
  const sentence = node("p", { class: "kd-sentence" });
  const tools = node("div", { class: "kd-writing-tools" }, readers.root, surpriseKey());
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Written side by side"))), form, note, rows, tools, sentence);
  root.append(live.region);
  let made = [];
  let waiting = false;
  let silent = false;
  let timer = 0;
  let chosenWay = false;
  let typed = false; // the reader's own prompt is not written over by what Python has

  life.listen(prompt, "input", () => (typed = true));
  life.listen(select, "change", () => (chosenWay = true));
  life.listen(form, "submit", (event) => {
    event.preventDefault();
    if (waiting || model.get("busy")) return;
    [waiting, silent] = [true, false];
    clearTimeout(timer);
    timer = setTimeout(() => { [waiting, silent] = [false, true]; painter.soon(); }, PATIENCE_MS);
    model.send({ command: "write", prompt: prompt.value, sampling: select.value });
    painter.now();
  });

  const painter = drawing(life, () => {
    const texts = model.get("texts");
    const ways = model.get("samplings");
    if (!typed && prompt.value !== model.get("prompt")) prompt.value = model.get("prompt");
    how.draw(chosenWay ? select.value : model.get("sampling"), ways.map(({ value }) => value), Object.fromEntries(ways.map(({ value, text }) => [value, text])));
    form.hidden = !ways.length;
    const busy = waiting || model.get("busy");
    put(write, "aria-disabled", busy ? "true" : "false");
    put(write, "aria-busy", busy ? "true" : null);
    say(note, silent ? noAnswer() : model.get("refused"));
    note.hidden = !note.textContent;
    readers.draw(model.get("read_by"));
    if (made.length !== texts.length) {
      made = texts.map(() => rowOf(life));
      rows.replaceChildren(...made.map((row) => row.root));
    }
    made.forEach((row, i) => row.draw(texts[i], model.get("read_by")));
    tools.hidden = !texts.length;
    say(sentence, model.get("sentence"));
    sentence.hidden = !sentence.textContent;
    live.announce(model.get("sentence"), "writing");
  });
  underScene(life, scene, el, "writing", painter.soon);
  life.watch(["answer"], () => {
    clearTimeout(timer);
    [waiting, silent] = [false, false];
    typed = chosenWay = model.get("refused") !== ""; // what was refused stays, to be corrected
    painter.soon();
  });
  life.watch(["texts", "sentence", "prompt", "samplings", "sampling", "busy", "refused", "read_by"], painter.soon);
  life.onEnd(() => clearTimeout(timer));
  painter.now();
  return () => life.end();
}

/** One text, with who wrote it; below it the token that is read, or the mean. */
function rowOf(life) {
  const key = node("span", {});
  const name = node("span", {});
  const note = node("small", {});
  const read = node("p", { class: "kd-note kd-writing-read" });
  let told = null;
  let bits = [];
  let at = -1;
  const text = tokenText(life, {
    onMove(index) {
      at = index;
      show();
    },
  });
  const show = () => {
    text.draw(told.tokens, bits, at, t("Written by: {name}", { name: told.name }));
    const mean = meanBits(bits);
    say(read, at >= 0 ? tokenTip(told.tokens[at], bits[at] ?? null) : Number.isFinite(mean) ? t("{bits} bits a token on average", { bits: fixed(mean, 2) }) : "");
  };
  life.listen(text.root, "pointerleave", () => {
    at = -1;
    show();
  });
  return {
    root: node("div", { class: "kd-writing-row" }, node("p", { class: "kd-writing-who" }, key, name, note), text.root, read),
    draw(now, reader) {
      if (told?.who !== now.who) key.replaceChildren(runKey({ name: now.who, branch: -1 }));
      if (told?.tokens.length !== now.tokens.length) at = Math.min(at, now.tokens.length - 1);
      told = now;
      bits = reader === "teacher" ? now.teacher_bits : now.bits;
      say(name, now.name);
      say(note, now.note);
      show();
    },
  };
}

export default { render };
