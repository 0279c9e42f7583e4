// Bias: are groups treated alike? Python measures all groupings at once; which one and which rate is chosen here.

import { BIAS_FEW, BIAS_MOST, biasKey, biasPlot, biasShare } from "./plot.js";
import { biasFrontier } from "./frontier.js";
import { biasTable } from "./table.js";
import { choiceOf } from "../shared/choice.js";
import { examplesOf } from "../shared/compared.js";
import { definition } from "../shared/definition.js";
import { card, commit, drawing, lifetime, liveSentence, node, onOtherWidth, say } from "../shared/elements.js";
import { grouped, wholePercent } from "../shared/format.js";
import { isOfNow, staleness } from "../shared/maps.js";
import { runLook, shortName } from "../shared/run_key.js";
import { isInView, joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const BIAS_DEPENDS_ON = ["grouping", "rate", "found", "frontier", "made_for", "note", "view", "views", "hidden", "runs", "shown_run", "student_logits", "classes", "split"];
const BIAS_RATES = {
  selection_rate: [t("Selection rate"), "demographic_parity_difference", ""],
  true_positive_rate: [t("True positive rate"), "equalized_odds_difference", "positive"],
  false_positive_rate: [t("False positive rate"), "equalized_odds_difference", "negative"],
  accuracy: [t("Accuracy"), "accuracy_difference", ""],
};

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "bias", t("Bias"));
  const names = Object.fromEntries(Object.entries(BIAS_RATES).map(([rate, [name]]) => [rate, name]));
  const grouping = choiceOf(life, t("Groups by"), {}, (value) => commit(model, { grouping: value }));
  const rate = choiceOf(life, t("What is compared"), names, (value) => commit(model, { rate: value }));
  const count = node("p", { class: "kd-note" });
  const note = node("p", { class: "kd-note", role: "status" });
  const key = biasHeading(life);
  const plot = biasPlot(life);
  const sentence = liveSentence(life);
  const table = biasTable(life);
  const verdict = biasVerdict(life);
  const proxy = node("p", { class: "kd-sentence kd-bias-proxy" });
  const frontier = biasFrontier(() => Math.max(240, plot.width()));
  const small = node("p", { class: "kd-note" });
  const all = node("div", { class: "kd-bias-all" }, verdict.root, proxy, key.root, plot.root, sentence.root, table.root, frontier.root, small);
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Bias: are groups treated alike?")), count),
    node("div", { class: "kd-bias-controls" }, grouping.root, rate.root), note, all);
  let width = 0;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "bias");
    if (el.hidden) return;
    const found = model.get("found");
    const trouble = model.get("note");
    const there = Boolean(found.groupings?.length) && !trouble;
    const fresh = isOfNow(model, { follows: [] });
    root.classList.toggle("kd-stale", there && !fresh);
    say(note, trouble || (!there ? t("The groups are being compared …") : fresh ? staleness(model) : t("The groups are being compared for this run …")));
    note.hidden = !note.textContent;
    all.hidden = !there;
    grouping.root.hidden = rate.root.hidden = !there;
    say(count, there ? examplesOf(found.n, model.get("split")) : "");
    if (!there) return;
    const shown = biasShown(model, found);
    grouping.draw(shown.grouping, found.groupings.map((one) => one.name));
    rate.draw(shown.rate, Object.keys(found.groupings[0].rates));
    key.draw(shown, model);
    width ||= Math.max(240, plot.width());
    plot.draw(shown, width);
    table.draw(shown);
    verdict.draw(shown);
    say(proxy, shown.proxy);
    proxy.hidden = !shown.proxy;
    frontier.draw(shown, model.get("frontier"));
    sentence.say(fresh ? biasSentence(shown) : "", `${shown.grouping} ${shown.rate} ${shown.student?.id}`);
    say(small, biasNotes(shown, found));
  });
  life.watch(BIAS_DEPENDS_ON, painter.soon);
  onOtherWidth(life, root, () => {
    width = 0;
    painter.soon();
  });
  painter.now();
  return () => life.end();
}

/** What is shown of all that was found: one grouping, one rate, the models that the page shows. */
function biasShown(model, found) {
  const one = found.groupings.find(({ name }) => name === model.get("grouping")) ?? found.groupings[0];
  const rate = model.get("rate") in one.rates ? model.get("rate") : "accuracy";
  const [rateName, metric, of] = BIAS_RATES[rate];
  const made = model.get("made_for").shown_run;
  const models = found.models.map((told) => biasModel(told, model, made)).filter((told) => told !== null);
  const numbers = one.rates[rate];
  const first = numbers[found.models[0].id];
  const all = one.groups.map((group, i) => ({ ...group, of: first[i][3], rates: Object.fromEntries(models.map(({ id }) => [id, numbers[id][i]])) }));
  const largest = new Set([...all].sort((a, b) => b.n - a.n).slice(0, BIAS_MOST));
  const overall = Object.fromEntries(models.map(({ id }) => [id, biasOverallRate(numbers[id])]));
  return {
    grouping: one.name, rate, rateName, metric, of, models, overall, all, groups: all.filter((group) => largest.has(group)),
    proxy: proxiesOf(one.name, found), gaps: one.gaps, said: one.said[metric], notes: one.notes, accuracy: found.accuracy, student: models.find((told) => told.shown),
  };
}

/** What is said of columns of a grouping that no model is given. */
function proxiesOf(grouping, found) {
  return grouping.split(" & ").map((column) => found.proxies?.[column] ?? "").filter(Boolean).join(" ");
}

/** How a model is called and drawn; null where the reader took its run off the page. `apart`: it is at another step. */
function biasModel({ id, step }, model, made) {
  if (id === "teacher") return { id, step: null, title: t("Teacher"), short: t("Teacher"), shown: false, look: { name: "teacher", branch: -1 } };
  const run = model.get("runs").find((row) => row.id === id);
  const shown = id === made || made === "";
  if (!run && !shown) return null;
  if (run?.hidden && !shown) return null;
  const title = run?.name || t("Student");
  const look = run ? runLook(run) : { name: "student", branch: -1 };
  const now = model.get("made_for").step;
  const apart = !shown && step !== null && Math.abs(step - now) > 0.02 * model.get("total_steps");
  return { id, step: shown && step !== null ? now : step, title, short: run ? shortName({ ...run, name: title }) : title, shown, look, apart };
}

function biasOverallRate(rates) {
  const known = rates.filter((rate) => rate[0] !== null);
  const n = known.reduce((sum, rate) => sum + rate[3], 0);
  return n ? known.reduce((sum, rate) => sum + rate[0] * rate[3], 0) / n : null;
}

/** What the plot shows, defined, with the models' marks. */
function biasHeading(life) {
  const meanings = {
    selection_rate: t("Share of a group’s examples to which the model assigns the positive class."),
    true_positive_rate: t("Share of a group’s examples of the positive class that the model assigns to it."),
    false_positive_rate: t("Share of a group’s examples of the other class that the model assigns to the positive class."),
    accuracy: t("Share of a group’s examples that the model gets right."),
  };
  const terms = Object.entries(BIAS_RATES).map(([rate, [name]]) => ({ rate, root: definition(life, name, meanings[rate]) }));
  const positive = node("span", { class: "kd-note" });
  const legend = node("p", { class: "kd-bias-legend" });
  return {
    root: node("div", { class: "kd-bias-heading" }, node("h3", { class: "kd-bias-title" }, ...terms.map((term) => term.root)), positive, legend),
    draw(shown, model) {
      for (const term of terms) term.root.hidden = term.rate !== shown.rate;
      const name = model.get("classes")[1];
      say(positive, shown.rate !== "accuracy" && name ? t("positive class: {name}", { name }) : "");
      legend.replaceChildren(...shown.models.map((told) => node("span", { class: `kd-run-text kd-run-${told.look.name}` }, biasKey(told.look),
        told.apart ? t("{name}, after step {step}", { name: told.title, step: grouped(told.step) }) : told.title)));
    },
  };
}

/** The student's gap beside its teacher's and its twin's: the verdict, then the figures; the report's own sentence. */
function biasVerdict(life) {
  const word = definition(life, "", t("Larger or smaller: the 95\u00a0% interval of the difference of the two gaps lies above or below 0. Like: it includes 0, so these examples do not tell them apart. No gap found: neither is beyond what chance may give. "
    + "A student that shares its teacher’s gap need not have it from the teacher: the twin, which had none, shows that."));
  const [colon, why] = [node("span", {}, ": "), node("span", { class: "kd-bias-why" })];
  const term = word.querySelector(".kd-term");
  return {
    root: node("p", { class: "kd-sentence kd-bias-verdict" }, word, colon, why),
    draw({ said }) {
      word.hidden = colon.hidden = !said.verdict;
      say(term, said.verdict);
      say(why, said.why);
    },
  };
}

/** The student's highest and lowest group, of those with enough examples, and how far the teacher's lie apart. */
function biasSentence(shown) {
  const { student } = shown;
  const enough = shown.all.filter((group) => group.of >= BIAS_FEW);
  const about = { grouping: shown.grouping, rate: shown.rateName };
  if (!student || enough.length < 2) return t("{rate} by {grouping}: fewer than two groups have {n} examples that count.", { ...about, n: BIAS_FEW });
  const spread = (id) => {
    const ordered = [...enough].sort((a, b) => a.rates[id][0] - b.rates[id][0]);
    return { low: ordered[0], high: ordered.at(-1), apart: ordered.at(-1).rates[id][0] - ordered[0].rates[id][0] };
  };
  const mine = spread(student.id);
  const who = student.look.name === "student" ? t("Student") : student.look.branch < 0 ? t("Twin") : student.title;
  const named = (group) => `${group.name} (${biasShare(group.rates[student.id][0])})`;
  const told = { ...about, who, low: named(mine.low), high: named(mine.high), gap: biasShare(mine.apart), teacher: biasShare(spread("teacher").apart) };
  return student.step === null || student.step === undefined
    ? t("{rate} by {grouping}, {who}: lowest for {low}, highest for {high}, gap {gap}; the teacher’s gap {teacher}.", told)
    : t("{rate} by {grouping}, {who} after step {step}: lowest for {low}, highest for {high}, gap {gap}; the teacher’s gap {teacher}.", { ...told, step: grouped(student.step) });
}

function fewInWords(of, told) {
  if (of === "positive") return t("Fewer than {n} positive examples, so that the rate says little: {groups}.", told);
  if (of === "negative") return t("Fewer than {n} negative examples, so that the rate says little: {groups}.", told);
  return t("Fewer than {n} examples, so that the rate says little: {groups}.", told);
}

/** What limits the numbers. */
function biasNotes(shown, found) {
  const few = shown.all.filter((group) => group.of < BIAS_FEW).map((group) => `${group.name} (${grouped(group.of)})`);
  const texts = [];
  if (shown.groups.length < shown.all.length) texts.push(t("Showing {shown} of {total} groups, the largest.", { shown: shown.groups.length, total: shown.all.length }));
  if (few.length) texts.push(fewInWords(shown.of, { n: BIAS_FEW, groups: few.join(", ") }));
  const others = found.groupings.map(({ name }) => name).filter((name) => !shown.grouping.split(" & ").includes(name));
  texts.push(...shown.notes, ...found.notes.filter((text) => !others.some((name) => text.startsWith(`Numbers of ${name} `))));
  texts.push(t("{level} intervals take these examples as the only source of chance, not another training seed.", { level: wholePercent(found.confidence) }));
  return texts.join(" ");
}

export default { render };
