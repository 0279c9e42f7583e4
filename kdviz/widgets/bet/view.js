// Bet: a question that a run will answer, the reader's bet on it, and what became of it.

import { definition } from "../shared/definition.js";
import { announcer, card, changing, commit, drawing, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { isHidden, sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "bet", t("Your bet"));
  const live = announcer(life, { quiet: 300 });
  const id = uniqueId("bet");
  const verdict = node("p", { class: "kd-bet-verdict" });
  const question = node("h2", { class: "kd-bet-question", id });
  const choices = node("fieldset", { class: "kd-segments", "aria-labelledby": id });
  const note = node("p", { class: "kd-note" });
  const taken = node("div", { class: "kd-bet-taken" }, choices, note);
  const meaning = node("p", { class: "kd-note" });
  body.append(verdict, node("div", { class: "kd-bet-head" }, question, meaning), taken);
  root.append(live.region);
  const offered = changing();
  const meant = changing();
  life.listen(choices, "change", (event) => commit(model, { bet: event.target.value }));
  const choice = ({ name, text }) => node("label", {}, node("input", { type: "radio", name: id, value: name }), node("span", {}, text));

  const painter = drawing(life, () => {
    const [answers, bet, closed, said] = ["answers", "bet", "closed", "verdict"].map((name) => model.get(name));
    const away = (part) => Boolean(scene && isHidden(scene, part));
    el.hidden = model.get("question") === "" || away("bet") || (said === "" && away("transport")); // no run would answer it
    if (el.hidden) return;
    if (offered(JSON.stringify(answers))) choices.replaceChildren(...answers.map(choice));
    choices.disabled = closed;
    for (const input of choices.querySelectorAll("input")) input.checked = input.value === bet;
    say(question, model.get("question"));
    say(verdict, said);
    body.classList.toggle("kd-answered", said !== "");
    verdict.hidden = meaning.hidden = said === "";
    taken.hidden = said !== "";
    say(note, noteOf(bet, closed));
    if (meant(model.get("meaning"))) meaning.replaceChildren(definition(life, t("What does the interval say?"), model.get("meaning")));
    meaning.hidden ||= model.get("meaning") === "";
    live.announce(said || model.get("question"), String(said !== ""));
  });
  underScene(life, scene, el, "bet", painter.soon);
  life.watch(["question", "answers", "bet", "closed", "verdict", "meaning"], painter.soon);
  painter.now();
  return () => life.end();
}

/** What the reader can do about the bet now. */
function noteOf(bet, closed) {
  if (closed) return bet ? t("Your bet is locked.") : t("No bet was made.");
  return bet ? t("It locks at Train.") : t("Make your bet, then press Train.");
}

export default { render };
