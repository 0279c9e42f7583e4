// Out of domain: do the models notice pictures that are not theirs? Python measures; score and pictures are chosen here.

import { histograms } from "./histograms.js";
import { choiceOf } from "../shared/choice.js";
import { definition } from "../shared/definition.js";
import { card, changing, commit, drawing, lifetime, liveSentence, node, onOtherWidth, put, say } from "../shared/elements.js";
import { briefly, fixed, grouped, short, shortPercent } from "../shared/format.js";
import { isOfNow, onTheme, staleness } from "../shared/maps.js";
import { modelsOf } from "../shared/run_key.js";
import { isInView, joined } from "../shared/scene.js";
import { octets } from "../shared/softmax.js";
import { picture } from "../shared/strip.js";
import { t } from "../shared/words.js";
import "./style.css";

const DOMAIN_DEPENDS_ON = ["score", "strangers", "found", "pictures", "made_for", "note", "classes", "view", "views", "hidden", "runs", "shown_run", "student_step", "total_steps"];
const SCORE_NAMES = { confidence: t("Highest probability"), entropy: t("Entropy"), energy: t("Energy"), logit: t("Largest logit") };
const SCORE_MEANS = {
  confidence: t("The probability of the first choice, at T = 1: far right is sure."),
  entropy: t("Minus the entropy of all probabilities, in nats: far right, at 0, is sure."),
  energy: t("The log of the sum of exp of all logits (minus the energy): far right is at home."),
  logit: t("The largest logit: far right is at home."),
};
const AUROC_MEANING = t("The probability that an own picture has a higher score than a strange one: 1 tells all of them apart, 0.5 none. The interval takes these pictures as the only source of chance.");

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "domain", t("Out of domain"));
  const count = node("p", { class: "kd-note" });
  const note = node("p", { class: "kd-note", role: "status" });
  const set = choiceOf(life, t("Strange pictures"), {}, (value) => commit(model, { strangers: value }));
  const score = choiceOf(life, t("What tells them apart"), SCORE_NAMES, (value) => commit(model, { score: value }));
  const explained = node("p", { class: "kd-note" });
  const legend = node("p", { class: "kd-domain-legend", "aria-hidden": "true" });
  const rows = histograms();
  const sentence = liveSentence(life);
  const same = node("p", { class: "kd-sentence kd-domain-same" });
  const tiles = strangeTiles();
  const all = node("div", { class: "kd-domain-all" }, legend, rows.root, sentence.root, same, tiles.root);
  const meaning = node("div", { class: "kd-domain-meaning" }, definition(life, t("AUROC"), AUROC_MEANING));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Out of domain: do they notice what is not theirs?")), count),
    node("div", { class: "kd-domain-controls" }, set.root, score.root, meaning), explained, note, all);
  let width = 0;

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "domain");
    if (el.hidden) return;
    const found = model.get("found");
    const trouble = model.get("note");
    const there = Boolean(found.sets?.length) && !trouble;
    const fresh = isOfNow(model, { follows: [] });
    root.classList.toggle("kd-stale", there && !fresh);
    say(note, trouble || (!there ? t("The models are being shown strange pictures …") : fresh ? staleness(model) : t("The models are being shown strange pictures for this run …")));
    note.hidden = !note.textContent;
    for (const part of [all, set.root, score.root, meaning, explained, count]) part.hidden = !there;
    if (!there) return;
    const chosen = found.sets.find((one) => one.name === model.get("strangers")) ?? found.sets[0];
    const by = model.get("score");
    const shown = { found, set: chosen, score: by, models: modelsOf(model, found), classes: model.get("classes"), ticks: domainTicks(by) };
    set.draw(chosen.name, found.sets.map((one) => one.name), Object.fromEntries(found.sets.map((one) => [one.name, one.title])));
    score.draw(by, Object.keys(SCORE_NAMES));
    say(explained, SCORE_MEANS[by]);
    say(count, t("{n} own pictures, {m} strange ones", { n: grouped(found.n), m: grouped(chosen.n) }));
    legend.replaceChildren(node("span", {}, node("i", { class: "kd-domain-key-own" }), t("own pictures")), node("span", {}, node("i", { class: "kd-domain-key-strange" }), chosen.title));
    width ||= Math.max(240, all.clientWidth);
    rows.draw(shown, width);
    tiles.draw(shown, model.get("pictures"), found.sets.indexOf(chosen));
    sentence.say(fresh ? domainInWords(shown) : "", `${chosen.name} ${by}`);
    say(same, sameInWords(shown));
    same.hidden = !same.textContent;
  });
  life.watch(DOMAIN_DEPENDS_ON, painter.soon);
  onTheme(life, painter.soon);
  onOtherWidth(life, root, () => {
    width = 0;
    painter.soon();
  });
  painter.now();
  return () => life.end();
}

/** Marks of the axis: where they stand, 0 to 1, and what they say. */
function domainTicks(score) {
  if (score === "confidence") return () => [0, 0.25, 0.5, 0.75, 1].map((v) => [v, shortPercent(100 * v)]);
  return ([low, high]) => [0, 0.5, 1].map((v) => [v, short(low + v * (high - low))]);
}

/** How sure the run shown is of both kinds, whether its score tells them apart, and how that is beside its twin or teacher. */
function domainInWords({ set, score, models }) {
  const { difference, auroc } = set.scores[score];
  const titled = (id) => models.find((one) => one.id === id)?.title ?? id;
  const [own, strange] = set.mean[difference.of].map((v) => shortPercent(100 * v));
  const [value, low, high] = auroc[difference.of].map((v) => fixed(v, 3));
  const who = titled(difference.of);
  const first = t("{who} is on average {own} sure of its own pictures and {strange} of {title}. {score} tells them apart with an AUROC of {value} (95\u00a0% CI {low} to {high}).", { who, own, strange, title: set.title, score: SCORE_NAMES[score], value, low, high });
  const [d, from, to] = difference.value;
  const told = { who, other: titled(difference.than), d: fixed(Math.abs(d), 3), low: fixed(from, 3), high: fixed(to, 3) };
  const second = from > 0 ? t("That is {d} more than {other} (95\u00a0% CI of the difference {low} to {high}).", told)
    : to < 0 ? t("That is {d} less than {other} (95\u00a0% CI of the difference {low} to {high}).", told)
      : t("Its difference from {other} could be chance (95\u00a0% CI {low} to {high}).", told);
  return `${first} ${second}`;
}

/** Of strange pictures that are of the same classes: to be sure of them need be no mistake. */
function sameInWords({ set, models }) {
  if (!set.same) return "";
  const each = models.map(({ id, title }) => {
    const [, share, low, high] = set.right[id].map((v) => 100 * v);
    return t("{who} {share} (95\u00a0% CI {low} to {high})", { who: title, share: shortPercent(share), low: shortPercent(low), high: shortPercent(high) });
  }).join(", ");
  return t("These are digits too, written and scanned by others: to be sure of one is no mistake where the answer is right. Right: {each}.", { each });
}

/** Some strange pictures, those that the student is surest of, with what each model takes them for. */
function strangeTiles() {
  const head = node("h3", { class: "kd-domain-title" });
  const list = node("div", { class: "kd-domain-tiles", role: "list" });
  const fresh = changing();
  return {
    root: node("div", { class: "kd-domain-pictures" }, head, list),
    draw({ found, set, models, classes }, bytes, place) {
      if (!fresh(found, bytes, set.name, models.map((one) => one.title).join(), classes.join())) return;
      const images = octets(bytes);
      const count = set.says[found.models[0].id].length;
      const who = models.find(({ id }) => id === set.scores.confidence.difference.of)?.title ?? "";
      say(head, t("Those that {who} is surest of, and what each model takes them for", { who }));
      list.replaceChildren(...Array.from({ length: count }, (_, i) => {
        const canvas = picture({ images, shape: found.shape }, place * count + i) ?? node("span", {});
        const lines = models.map(({ id, title, look }) => {
          const [answer, p] = set.says[id][i];
          return node("span", { class: `kd-domain-line kd-run-text kd-run-${look.name}` }, node("span", {}, title), node("b", {}, classes[answer] ?? String(answer)), node("small", {}, briefly(p)));
        });
        const tile = node("div", { class: "kd-domain-tile", role: "listitem" }, canvas, ...lines);
        put(tile, "aria-label", models.map(({ id, title }) => `${title}: ${classes[set.says[id][i][0]]}, ${briefly(set.says[id][i][1])}`).join("; "));
        return tile;
      }));
    },
  };
}

export default { render };
