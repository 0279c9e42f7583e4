// TwoHumps: a teacher with two humps, a student that has one, and where each direction of KL puts it. All is drawn here.

import { forwardFit, hasValley, reverseFits, standsAt, valley, between } from "./fits.js";
import { humpsPlot } from "./plot.js";
import { card, commit, drawing, lifetime, liveSentence, node, onOtherWidth, say, uniqueId } from "../shared/elements.js";
import { about, fixed, wholePercent } from "../shared/format.js";
import { runKey } from "../shared/run_key.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { slider } from "../shared/slider.js";
import { t } from "../shared/words.js";
import "../shared/figures.css";
import "./style.css";

const OWN = ["first", "second", "share", "width", "forward_guess", "reverse_guess", "shown"];
const HUMPS = ["first", "second", "share", "width"];
const WIDTHS = Array.from({ length: 25 }, (_, i) => Math.round(100 * (0.3 + 0.05 * i)) / 100);
const LOSSES = { forward: t("A: KL(teacher ‖ student)"), reverse: t("B: KL(student ‖ teacher)") };
const PLACES = { left: t("left hump"), between: t("between, over both"), right: t("right hump") };

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { body } = card(el, "two-humps", t("Two humps, and a student that has one"));
  let humps = taken(model);
  const live = liveSentence(life);
  const set = (values) => {
    commit(model, values);
    painter.soon();
  };
  const rest = () => set(humps);
  const plot = humpsPlot(life, {
    moved(values) {
      humps = { ...humps, ...values };
      painter.soon();
    },
    rested: rest,
  });
  const width = slider(life, {
    name: t("Width of the teacher’s humps"),
    text: (value) => fixed(value, 2),
    onInput(value) {
      humps = { ...humps, width: value };
      painter.soon();
    },
    onRelease: rest,
  });
  width.setStops(WIDTHS);
  const guesses = Object.keys(LOSSES).map((name) => guessOf(life, name, (value) => {
    const values = { [`${name}_guess`]: value };
    const other = model.get(name === "forward" ? "reverse_guess" : "forward_guess");
    set(other ? { ...values, shown: true } : values);
  }));
  const show = node("button", { type: "button", class: "kd-button" });
  life.listen(show, "click", () => set(model.get("shown") ? { shown: false, forward_guess: "", reverse_guess: "" } : { shown: true }));
  const replies = node("p", { class: "kd-sentence" });
  const legend = node("ul", { class: "kd-scheme-legend kd-humps-legend" });
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Two humps, and a student that has one"))),
    node("p", { class: "kd-note" }, t("After some words two continuations are likely, and the student is too small to have both. Drag the tops of the humps, or use the arrow keys.")),
    node("div", { class: "kd-humps-part" }, legend, plot.root, width.root),
    node("div", { class: "kd-humps-part" }, node("p", { class: "kd-humps-question" }, t("The student’s hump can move and widen until its loss is least. Where will it settle?")),
      ...guesses.map(({ root }) => root), show, replies, live.root));

  const painter = drawing(life, () => {
    const shown = model.get("shown");
    const found = shown ? fitsOf(humps) : null;
    width.set(humps.width);
    plot.draw(humps, found && { forward: { ...found.forward, name: "A" }, reverse: { ...found.reverse, name: "B" } });
    const keys = [["teacher", t("Teacher")], ...(shown ? [["humps-forward", "A"], ["humps-reverse", "B"]] : [])];
    if (legend.children.length !== keys.length) legend.replaceChildren(...keys.map(([look, name]) => node("li", {}, keyOf(look), name)));
    for (const one of guesses) one.draw(model.get(`${one.name}_guess`), shown);
    say(show, shown ? t("Guess again") : t("Show it without a guess"));
    say(replies, found ? repliesOf(model, humps, found) : "");
    replies.hidden = !replies.textContent;
    live.say(found ? sentenceOf(humps, found) : "", "humps");
  });
  underScene(life, scene, el, "humps", painter.soon);
  life.watch(OWN, () => {
    humps = taken(model);
    painter.soon();
  });
  onOtherWidth(life, plot.root, painter.soon);
  painter.now();
  return () => life.end();
}

const taken = (model) => Object.fromEntries(HUMPS.map((name) => [name, model.get(name)]));

function keyOf(look) {
  const key = runKey({ name: look, branch: -1 });
  if (look.startsWith("humps")) key.classList.add(`kd-${look}`);
  return key;
}

function fitsOf(humps) {
  const [reverse, ...others] = reverseFits(humps);
  return { forward: forwardFit(humps), reverse, others };
}

/** Three places, of which one is guessed for a loss. */
function guessOf(life, name, choose) {
  const group = uniqueId("guess");
  const options = Object.entries(PLACES).map(([value, text]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => choose(value));
    return { input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const root = node("div", { class: "kd-humps-guess" }, node("span", { class: "kd-humps-loss", "aria-hidden": "true" }, LOSSES[name]),
    node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, LOSSES[name]), ...options.map((one) => one.root)));
  return {
    name, root,
    draw(guess, shown) {
      for (const { input } of options) {
        input.checked = input.value === guess;
        input.disabled = shown;
      }
    },
  };
}

function repliesOf(model, humps, { forward, reverse }) {
  if (!hasValley(humps)) return "";
  const told = Object.entries({ A: [model.get("forward_guess"), forward], B: [model.get("reverse_guess"), reverse] }).filter(([, [guess]]) => guess)
    .map(([loss, [guess, fit]]) => {
      const [wanted, found] = [PLACES[guess], PLACES[standsAt(fit, humps)]];
      return wanted === found ? t("{loss} settles where you expected it: {place}.", { loss, place: found })
        : t("You expected {loss} here: {guess}. It settles here: {place}.", { loss, guess: wanted, place: found });
    });
  return told.join(" ");
}

/** What the fits show; they are named here, after they were seen. */
function sentenceOf(humps, { forward, reverse, others }) {
  const { low, high, held } = valley(humps);
  if (!hasValley(humps)) {
    return t("The humps lie so close together that they are one: A has its mean at {a} and B at {b}, and it hardly matters which loss is taken.", { a: fixed(forward.mean, 2), b: fixed(reverse.mean, 2) });
  }
  const values = { a: fixed(forward.mean, 2), wide: fixed(forward.width, 2), put: wholePercent(between(forward, low, high)), held: wholePercent(held) };
  const told = [t("A must give probability wherever the teacher does: it spreads over both humps (mean {a}, width {wide}) and puts {put} into the valley between them, where the teacher has {held}.", values)];
  const at = standsAt(reverse, humps);
  if (at === "between") {
    told.push(t("B lies between the humps here too: they are wide enough for one hump to cover both."));
  } else {
    const leftFirst = humps.first <= humps.second;
    const left = at === "left" ? (leftFirst ? humps.share : 1 - humps.share) : (leftFirst ? 1 - humps.share : humps.share);
    told.push(t("B must give none where the teacher gives none: it takes one hump (mean {b}, width {narrow}) and leaves out the other, with {lost} of what the teacher does.",
      { b: fixed(reverse.mean, 2), narrow: fixed(reverse.width, 2), lost: wholePercent(1 - left) }));
    told.push(t("A is called mode-covering, B mode-seeking."));
  }
  if (others.length) {
    told.push(t("B can be caught in a second place, at {place}: its loss there is {there} nats in place of {here}.", { place: fixed(others[0].mean, 2), there: about(others[0].divergence), here: about(reverse.divergence) }));
  }
  return told.join(" ");
}

export default { render };
