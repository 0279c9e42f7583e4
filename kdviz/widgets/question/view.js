// Question: what is asked, what it is answered with, and, once that may be told, what is said to the answer.

import { barsEditor } from "./bars.js";
import { choiceEditor, severalEditor } from "./choices.js";
import { curveEditor } from "./curve.js";
import { numberEditor, orderEditor, textEditor } from "./fields.js";
import { heatMapEditor } from "./heat_map.js";
import { fits, replyTo, verdictOn } from "./marking.js";
import { markedIn } from "./marks.js";
import { pointEditor } from "./point.js";
import { card, commit, focusedBeside, lifetime, node, say } from "../shared/elements.js";
import { PATIENCE_MS } from "../shared/patience.js";
import { ANSWER, remembered } from "../shared/remembered.js";
import { t } from "../shared/words.js";
import "./style.css";

/**
 * What a kind is answered with: `{ root, first, draw({ answer, solution, final, lively }) }`. It hands over a draft
 * whenever that is one, or null; `atOnce` where a press is an answer. `first`: a draft that stands without a touch.
 *
 * @type {Record<string, (life: any, asked: any, onDraft: (draft: any, atOnce?: boolean) => void) => { root: HTMLElement, first?: any, draw: (state: any) => void }>}
 */
const EDITORS = {
  choice: choiceEditor, several: severalEditor, number: numberEditor, order: orderEditor, text: textEditor,
  bars: barsEditor, curve: curveEditor, "heat-map": heatMapEditor, point: pointEditor,
};

async function render({ model, el, host }) {
  const life = lifetime(model);
  const gate = model.get("gate") ? await host.getModel(model.get("gate")) : null;
  const { body } = card(el, "question", t("Question"));
  body.removeAttribute("aria-label"); // its legend names it; a page has many, and none is a landmark
  const kept = remembered(model, ANSWER, () => model.get("key"));
  const parts = partsOf(body);
  const [sayText, saySaid] = [markedIn(parts.legend), markedIn(parts.reply)];
  let [editor, editing, draft, lively, waiting] = [null, null, null, false, 0];

  const answer = () => parsed(model.get("answer"));
  const isFinal = () => model.get("final") || (model.get("answer") !== "" && model.get("tells") === "at-once");
  const open = () => gate && model.get("answer") !== "" && commit(gate, { opened: true });
  const give = (value) => {
    if (value === null || isFinal()) return;
    const text = JSON.stringify(value);
    const focused = focusedBeside(parts.done) === parts.done;
    lively = true;
    kept.put(text);
    commit(model, { answer: text });
    clearTimeout(waiting);
    if (isUnheard(model)) waiting = setTimeout(draw, PATIENCE_MS, true);
    if (focused && parts.done.hidden) parts.said.focus();
  };
  const onDraft = (value, atOnce = false) => {
    draft = value;
    if (atOnce) give(value);
    else drawDone();
  };
  const drawDone = () => {
    const changed = draft !== null && JSON.stringify(draft) !== JSON.stringify(answer());
    parts.done.hidden = isFinal() || model.get("kind") === "choice";
    parts.done.setAttribute("aria-disabled", String(!changed));
    say(parts.done, model.get("answer") === "" ? t("Answer") : t("Change the answer"));
    say(parts.hint, hintFor(model, isFinal()));
  };
  const build = () => {
    editing?.end();
    editing = lifetime(model);
    editor = EDITORS[model.get("kind")](editing, model.get("asked"), onDraft);
    parts.place.replaceChildren(editor.root);
    draft = answer() ?? editor.first ?? null;
    draw();
  };
  const draw = (late = false) => {
    const [given, solution] = [answer(), model.get("solution")];
    const told = given !== null && Object.keys(solution).length > 0 && mayTell(model);
    sayText(model.get("text"));
    editor.draw({ answer: given, solution: told ? solution : null, final: isFinal(), lively });
    const found = told ? replyTo(model.get("kind"), model.get("asked"), solution, given) : null;
    say(parts.verdict, found ? verdictOn(found.right) : "");
    saySaid(found ? found.text : given !== null ? waitingText(model) : "");
    say(parts.note, late === true && isUnheard(model) ? silentText() : model.get("note"));
    drawDone();
    tellPage(model);
  };

  life.listen(parts.done, "click", () => parts.done.getAttribute("aria-disabled") !== "true" && give(draft));
  life.watch(["kind", "asked"], build);
  life.watch(["text", "solution", "final", "tells", "submitted", "note"], draw);
  life.watch(["answer"], () => {
    if (model.get("answer") !== "") {
      open();
      draw();
      return;
    }
    kept.put(""); // begun again by who teaches, or refused
    build();
  });
  life.onEnd(() => {
    editing?.end();
    clearTimeout(waiting);
  });
  build();
  const before = model.get("answer") === "" ? parsed(kept.get()) : null;
  const restored = before !== null && fits(model.get("kind"), model.get("asked"), before);
  if (restored) commit(model, { answer: JSON.stringify(before) });
  open();
  lively = !restored;
  return () => life.end();
}

/** The page counts what has been answered, whatever draws it; one whose server collects answers hands them in. */
function tellPage(model) {
  const answer = model.get("answer");
  const detail = { key: model.get("key"), answered: answer !== "", answer, submitted: model.get("submitted") };
  if (detail.key) document.dispatchEvent(new CustomEvent("kdviz-question", { detail }));
}

function partsOf(body) {
  const parts = {
    legend: node("legend", { class: "kd-question-text" }),
    place: node("div", { class: "kd-question-place" }),
    done: node("button", { type: "button", class: "kd-button kd-primary" }),
    hint: node("p", { class: "kd-note" }),
    verdict: node("strong", { class: "kd-verdict" }),
    reply: node("span", {}),
    note: node("p", { class: "kd-note kd-question-note", role: "status" }),
    said: null,
  };
  parts.said = node("p", { class: "kd-reply", "aria-live": "polite", "aria-atomic": "true", tabindex: "-1" }, parts.verdict, " ", parts.reply);
  const answering = node("div", { class: "kd-question-done" }, parts.done, parts.hint);
  body.append(node("fieldset", { class: "kd-fieldset" }, parts.legend, parts.place, answering), parts.said, parts.note);
  return parts;
}

/** Whether what is right may be shown: a page in one file asks, as the notebook does, before it tells. */
function mayTell(model) {
  const tells = model.get("tells");
  return tells === "at-once" || (tells === "submitted" && model.get("submitted"));
}

function hintFor(model, isFinal) {
  if (isFinal) return model.get("answer") === "" ? t("It was not answered before the lesson was submitted.") : "";
  const tells = model.get("tells");
  if (tells === "at-once") return model.get("answer") === "" ? t("Your first answer counts.") : "";
  return tells === "submitted" ? t("You can change it until you submit the lesson.") : t("You can change it. It is marked later.");
}

/** What is said to an answer before it is told what is right; nothing while Python is asked. */
function waitingText(model) {
  if (model.get("tells") !== "at-once") return t("Your answer is kept.");
  return model.get("final") || model.exported ? t("Your answer is kept. What came is drawn here as soon as it is known.") : "";
}

/** Whether an answer waits for Python, which makes it final. */
function isUnheard(model) {
  return model.get("answer") !== "" && model.get("tells") === "at-once" && !model.get("final") && !model.exported;
}

function silentText() {
  const seconds = PATIENCE_MS / 1000;
  return document.body.dataset.voila ? t("Python has not answered for {seconds} seconds. Reload the page: your answer is kept.", { seconds })
    : t("Python has not answered for {seconds} seconds. If the kernel has died, run the notebook again.", { seconds });
}

function parsed(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export default { render };
