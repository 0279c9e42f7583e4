// One of several answers, or any number of them: native radio buttons and check boxes.

import { marked } from "./marks.js";
import { node, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";

export function choiceEditor(life, { choices }, onDraft) {
  const group = uniqueId("answer");
  const rows = choices.map((text) => row("radio", text, group));
  rows.forEach(({ input }, index) => life.listen(input, "change", () => onDraft(choices[index], true)));
  return {
    root: node("div", { class: "kd-choices" }, ...rows.map((one) => one.root)),
    draw({ answer, solution, final }) {
      rows.forEach(({ root, input, mark }, index) => {
        const text = choices[index];
        const right = solution ? text === solution.right : false;
        input.checked = text === answer;
        input.disabled = final && !input.checked; // the one that is chosen keeps the focus
        root.classList.toggle("kd-right", right);
        root.classList.toggle("kd-chosen", final && input.checked);
        say(mark, markOf(text === answer && final, right));
      });
    },
  };
}

export function severalEditor(life, { choices }, onDraft) {
  const rows = choices.map((text) => row("checkbox", text, ""));
  const none = row("checkbox", t("None of these"), ""); // said on purpose: nothing ticked is no answer yet
  const chosen = () => choices.filter((_, index) => rows[index].input.checked);
  for (const { input } of rows) {
    life.listen(input, "change", () => {
      if (input.checked) none.input.checked = false;
      onDraft(chosen().length ? chosen() : null);
    });
  }
  life.listen(none.input, "change", () => {
    if (none.input.checked) for (const { input } of rows) input.checked = false;
    onDraft(none.input.checked ? [] : null);
  });
  const hint = node("p", { class: "kd-note" }, t("Tick all that apply."));
  return {
    root: node("div", {}, hint, node("div", { class: "kd-choices" }, ...[...rows, none].map((one) => one.root))),
    draw({ answer, solution, final }) {
      if (answer !== null) none.input.checked = !answer.length;
      none.input.disabled = final;
      none.root.hidden = final && !none.input.checked;
      none.root.classList.toggle("kd-chosen", final && none.input.checked);
      say(none.mark, final && none.input.checked ? t("your answer") : "");
      hint.hidden = final;
      rows.forEach(({ root, input, mark }, index) => {
        const text = choices[index];
        if (answer !== null) input.checked = answer.includes(text);
        const belongs = solution ? solution.right.includes(text) : false;
        input.disabled = final;
        root.classList.toggle("kd-right", belongs);
        root.classList.toggle("kd-chosen", final && input.checked);
        say(mark, solution ? judged(input.checked, belongs) : "");
      });
    },
  };
}

function row(type, text, group) {
  const input = node("input", { type, value: text, name: group || null });
  const mark = node("span", { class: "kd-choice-mark" });
  return { input, mark, root: node("label", { class: "kd-choice" }, input, node("span", { class: "kd-choice-text" }, ...marked(text)), mark) };
}

/** What stands beside a choice once the answer stands. */
function markOf(chosen, right) {
  if (chosen && right) return t("your answer, and right");
  if (chosen) return t("your answer");
  return right ? t("right answer") : "";
}

function judged(chosen, belongs) {
  if (chosen) return belongs ? t("✓ belongs") : t("✗ does not belong");
  return belongs ? t("✗ belongs too") : "";
}
