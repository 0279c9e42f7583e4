// Finish: how much of a lesson has been answered, how much of it is right once that is told, and Submit.

import { commit, lifetime, node, say } from "../shared/elements.js";
import { LANGUAGE, t, tn } from "../shared/words.js";
import { ANSWER, remembered, SUBMITTED } from "../shared/remembered.js";
import "./style.css";

function render({ model, el }) {
  const life = lifetime(model);
  const kept = remembered(model, SUBMITTED, () => model.get("lesson"));
  const isKept = (key) => Boolean(remembered(model, ANSWER, () => key).get());
  const count = node("p", { class: "kd-finish-count", role: "status" });
  const submit = node("button", { type: "button", class: "kd-button kd-primary" }, t("Submit"));
  const hint = node("p", { class: "kd-note" });
  const root = node("div", { class: "kd kd-finish", lang: LANGUAGE }, count, node("div", { class: "kd-finish-row" }, submit, hint));
  el.classList.add("kd-host", "kd-host-finish");
  el.replaceChildren(root);

  const draw = () => {
    const keys = model.get("asked");
    const [n, of] = [model.exported === true ? keys.filter(isKept).length : model.get("answered"), keys.length];
    const [right, marked] = model.get("score");
    const done = model.get("submitted");
    const said = [
      done ? t("Submitted: {n} of {of} answered.", { n, of }) : t("{n} of {of} answered.", { n, of }),
      marked ? scoreText(right, marked, n) : "",
    ];
    say(count, said.filter(Boolean).join(" "));
    submit.hidden = done || !model.get("submits");
    submit.setAttribute("aria-disabled", String(n === 0));
    say(hint, done || !model.get("submits") ? "" : hintFor(model.get("tells"), of - n));
    hint.hidden = !hint.textContent;
  };
  // Brought back by the browser: once Python has all answers that are brought back, for then none is taken any more.
  const bringBack = () => {
    if (!kept.get() || model.get("submitted") || !model.get("submits")) return;
    if (model.get("answered") >= model.get("asked").filter(isKept).length) put();
  };
  const put = () => {
    kept.put("true");
    commit(model, { submitted: true });
  };
  life.listen(submit, "click", () => {
    if (submit.getAttribute("aria-disabled") !== "true") put();
  });
  life.listen(document, "kdviz-question", () => model.exported === true && draw());
  life.watch(["asked", "answered", "score", "tells", "submits"], () => {
    draw();
    bringBack();
  });
  life.watch(["submitted"], () => {
    if (!model.get("submitted")) kept.put(""); // begun again by who teaches
    draw();
  });
  draw();
  bringBack();
  return () => life.end();
}

/** How much is right of what is marked: some predictions are neither right nor wrong. */
function scoreText(right, marked, answered) {
  return marked < answered ? t("{right} right of {of} marked.", { right, of: marked }) : t("{right} of {of} right.", { right, of: marked });
}

function hintFor(tells, open) {
  const left = open > 0 ? tn("{n} is not answered yet.", "{n} are not answered yet.", open) : "";
  const then = tells === "submitted" ? t("Once submitted, no answer can be changed, and you are told what is right.") : t("Once submitted, no answer can be changed.");
  return [left, then].filter(Boolean).join(" ");
}

export default { render };
