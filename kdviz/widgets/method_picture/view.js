// MethodPicture: what a method compares, its formula and its sliders, its code.

import { followDrags } from "./drag.js";
import { layersPart } from "./layers.js";
import { linkLists } from "./lists.js";
import { heatTicks, kept } from "./numbers.js";
import { secondTerm } from "./second.js";
import { LINK } from "../methods/link.js";
import { followLink } from "../shared/address.js";
import { codeFold } from "../shared/code_fold.js";
import { announcer, card, changing, drawing, lifetime, node, say } from "../shared/elements.js";
import { compact, fixed, short } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t } from "../shared/words.js";
import "../share/style.css";
import "./style.css";

const ALPHA_STOPS = Array.from({ length: 101 }, (_, i) => i / 100);
const POWERS = Array.from({ length: 13 }, (_, i) => 10 ** (i - 5));

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "method", t("The method"));
  const live = announcer(life);
  const title = node("h2", {});
  const says = node("p", { class: "kd-method-says" });
  const layers = layersPart();
  const lists = linkLists(model, life);
  const dragged = node("p", { class: "kd-note kd-links-told", role: "status" });
  const tell = (text) => {
    say(dragged, text);
    dragged.hidden = !text;
  };
  tell("");
  followDrags(model, life, layers.svg, () => layers.shown(), tell);
  const second = secondTerm(model, life, weightText);
  const sentence = node("p", { class: "kd-sentence" });
  const formulas = node("div", { class: "kd-method-formulas" });
  const source = node("p", { class: "kd-note" });
  const sliders = methodSliders(model, life);
  const code = codeFold(life, "kd-method-code", t("Python program"));
  body.append(title, says, layers.root, dragged, sentence, lists.root, node("div", { class: "kd-method-formula" }, formulas, source), sliders.root, second.root, code.root);
  root.append(live.region);
  const written = changing();

  const painter = drawing(life, () => {
    const told = model.get("drawing");
    say(title, model.get("title"));
    say(says, model.get("says"));
    layers.draw(told, layers.width());
    lists.draw(told);
    second.draw();
    say(sentence, told.sentence ?? "");
    live.announce(told.sentence ?? "", model.get("title"));
    // MathML that Python made of formulas in the package; nothing of a reader's is in it.
    if (written(model.get("formulas").join(""))) formulas.innerHTML = model.get("formulas").join("");
    say(source, model.get("source"));
    sliders.draw();
    code.draw(model.get("code"));
  });
  life.watch(
    ["title", "says", "source", "formulas", "drawing", "weight", "weight_symbol", "weight_range", "temperature", "temperature_range", "code",
      "seconds", "second", "second_weight", "second_symbol", "second_range", "second_temperature", "second_temperature_symbol",
      "second_temperature_range", "layers", "locked"],
    painter.soon,
  );
  followLink(model, life, LINK);
  const sizes = new ResizeObserver(painter.soon);
  sizes.observe(layers.root);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** The weight of the method's term and its temperature: live while it trains. */
function methodSliders(model, life) {
  const control = (trait, name, more = {}) => slider(life, {
    name, text: short, ...kept(model, trait), ...more,
  });
  const alpha = control("weight", t("Weight of the method’s term"), {
    symbol: "α", text: (v) => fixed(v, 2), ticks: [0, 0.5, 1], spoken: (v) => t("alpha {value}", { value: fixed(v, 2) }),
    tickText: (v) => ({ 0: t("0: labels only"), 1: t("1: teacher only") })[v] ?? short(v),
  });
  const lambda = control("weight", t("Weight of the method’s term"), {
    symbol: "λ", text: weightText, ticks: POWERS, spoken: (v) => t("weight {value}", { value: weightText(v) }),
  });
  const heat = (v) => t("temperature {value}", { value: short(v) });
  const soft = control("temperature", t("Temperature"), { symbol: "T", ticks: heatTicks("T"), spoken: heat });
  const sharp = control("temperature", t("Temperature"), { symbol: "τ", ticks: heatTicks("τ"), spoken: heat });
  return {
    root: node("div", { class: "kd-method-sliders" }, alpha.root, lambda.root, soft.root, sharp.root),
    draw() {
      const [symbol, ends, range] = [model.get("weight_symbol"), model.get("temperature_range"), model.get("weight_range")];
      const shown = [[alpha, symbol === "α", ALPHA_STOPS], [lambda, symbol === "λ", range[0] > 0 ? ratioStops(...range) : [0, 1]],
        [soft, ends.length === 2 && ends[1] > 1, ends], [sharp, ends.length === 2 && ends[1] <= 1, ends]];
      this.root.hidden = shown.every(([, there]) => !there);
      for (const [one, there, stops] of shown) {
        one.root.hidden = !there;
        if (!there) continue;
        const isHeat = one === soft || one === sharp;
        one.setStops(isHeat ? ratioStops(...stops) : stops);
        one.set(model.get(isHeat ? "temperature" : "weight"));
      }
    },
  };
}

function weightText(v) {
  return v >= 1e4 ? compact(v) : short(v);
}

export default { render };
