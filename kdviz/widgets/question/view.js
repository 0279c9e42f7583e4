// Question: native radio buttons in a fieldset; the reply to the one chosen is read out.

import { card, commit, lifetime, node, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "./style.css";

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "question", t("Question"));
  const legend = node("legend", { class: "kd-question-text" });
  const choices = node("div", { class: "kd-choices" });
  const reply = node("p", { class: "kd-reply", "aria-live": "polite" });
  body.append(node("fieldset", { class: "kd-fieldset" }, legend, choices), reply);
  const group = uniqueId("answer");

  const build = () => {
    choices.replaceChildren(
      ...model.get("choices").map((text, index) => {
        const input = node("input", { type: "radio", name: group, value: index });
        life.listen(input, "change", () => commit(model, { answer: index }));
        return node("label", { class: "kd-choice" }, input, node("span", {}, text));
      }),
    );
    draw();
  };
  const draw = () => {
    const answer = model.get("answer");
    say(legend, model.get("text"));
    choices.querySelectorAll("input").forEach((input, index) => (input.checked = index === answer));
    say(reply, answer === null || answer === undefined ? "" : (model.get("replies")[answer] ?? ""));
  };
  life.watch(["choices"], build);
  life.watch(["text", "replies", "answer"], draw);
  build();
  return () => life.end();
}

export default { render };
