// What the student learns from besides its labels, and what is wrong with it; a few of its examples, drawn.

import { choiceOf } from "../shared/choice.js";
import { changing, commit, node, say } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { octets } from "../shared/softmax.js";
import { picture } from "../shared/strip.js";
import { t } from "../shared/words.js";

const [LABELLED, UNLABELLED] = ["labelled", "unlabelled"];

export function transferPart(model, life) {
  const choose = (value) => commit(model, value === LABELLED || value === UNLABELLED
    ? { extra: "none", keep_unlabelled: value === UNLABELLED } : { extra: value, keep_unlabelled: false });
  const set = choiceOf(life, t("Transfer set"), {}, choose);
  const omit = choiceOf(life, t("Leave out one class"), {}, (value) => commit(model, { omit: Number(value) }));
  const fault = choiceOf(life, t("Fault in the data"), {}, (value) => commit(model, { fault: value }));
  const [setNote, faultNote] = [node("p", { class: "kd-note" }), node("p", { class: "kd-note" })];
  const shown = samplesPart();
  const root = node("div", { class: "kd-setup-group" }, set.root, setNote, omit.root, fault.root, faultNote, shown.root);
  return {
    root,
    draw(disabled) {
      const extras = model.get("extras").filter(({ value }) => value !== "none");
      const faults = model.get("faults");
      root.hidden = model.get("extras").length === 0 && model.get("train_size") === 0;
      const rest = model.get("train_size") - model.get("labels");
      const [none, all] = [model.get("labels") === 0, rest <= 0];
      const sets = [...(none ? [] : [LABELLED]), ...(all ? [] : [UNLABELLED]), ...extras.map(({ value }) => value)];
      const names = {
        [LABELLED]: t("labelled examples alone"),
        [UNLABELLED]: none ? t("all examples, without labels") : t("with the other {n}, without labels", { n: grouped(rest) }),
        ...Object.fromEntries(extras.map(({ value, text }) => [value, t("with {what}", { what: text })])),
      };
      const now = model.get("extra") !== "none" ? model.get("extra") : model.get("keep_unlabelled") && !all ? UNLABELLED : LABELLED;
      set.draw(now, sets, names);
      note(setNote, noteOf(extras, now) || (now === UNLABELLED ? t("On examples without a label the student learns from the teacher alone; its twin learns nothing from them.") : ""));
      const classes = model.get("classes");
      omit.root.hidden = classes.length === 0;
      omit.draw(String(model.get("omit")), [-1, ...classes.keys()].map(String), { [-1]: t("none"), ...Object.fromEntries(classes.entries()) });
      fault.root.hidden = faults.length === 0;
      fault.draw(model.get("fault"), faults.map(({ value }) => value), Object.fromEntries(faults.map(({ value, text }) => [value, text])));
      note(faultNote, noteOf(faults, model.get("fault")));
      set.root.querySelector("select").disabled = disabled("extra");
      omit.root.querySelector("select").disabled = disabled("omit");
      fault.root.querySelector("select").disabled = disabled("fault");
      shown.draw(model);
    },
  };
}

/** What is learned from besides and what is wrong, in a few words, for the folded card. */
export function changesInShort(model) {
  const [extra, fault] = ["extra", "fault"].map((name) => model.get(`${name}s`).find((row) => row.value === model.get(name) && row.value !== "none")?.text);
  return [extra ? t("with {what}", { what: extra }) : null, fault ?? null];
}

const noteOf = (rows, chosen) => rows.find(({ value }) => value === chosen)?.note ?? "";

function note(element, text) {
  say(element, text);
  element.hidden = !text;
}

/** A few examples as the student will see them, each with what it is told of it. */
function samplesPart() {
  const list = node("ul", { class: "kd-samples" });
  const root = node("div", {}, node("p", { class: "kd-label" }, t("What the student will see")), list);
  const changed = changing();
  return {
    root,
    draw(model) {
      const rows = model.get("samples");
      root.hidden = rows.length === 0;
      const images = octets(model.get("sample_images"));
      const shape = model.get("sample_shape");
      const seen = model.get("sample_seen");
      list.classList.toggle("kd-samples-words", rows.some(({ text }) => text));
      if (changed(JSON.stringify(rows), images.join(), seen)) list.replaceChildren(...rows.map((row, i) => sample(row, picture({ images, shape }, i), seen)));
    },
  };
}

function sample(row, canvas, seen) {
  const hidden = canvas && seen < 1 ? node("span", { class: "kd-sample-hidden", style: `left: ${100 * seen}%` }) : null;
  const told = node("span", { class: "kd-sample-told" }, row.kind === "labelled" ? row.given : row.kind === "extra" ? t("made up") : t("no label"));
  if (row.kind === "extra" && row.really !== "munge") say(told, t("no label"));
  const wrong = row.kind === "labelled" && row.really ? node("span", { class: "kd-sample-wrong" }, t("wrong: it is {name}", { name: row.really })) : null;
  return node("li", { class: `kd-sample kd-sample-${row.kind}` },
    canvas ? node("span", { class: "kd-sample-picture" }, canvas, hidden) : node("span", { class: "kd-sample-text" }, row.text), told, wrong);
}
