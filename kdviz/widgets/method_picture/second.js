// A second method whose term is added: a select, and the sliders of its weight and of its own temperature.

import { heatTicks, kept } from "./numbers.js";
import { choose } from "../shared/address.js";
import { choiceOf } from "../shared/choice.js";
import { node } from "../shared/elements.js";
import { fixed, short } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t } from "../shared/words.js";

const SHARE_STOPS = Array.from({ length: 101 }, (_, i) => i / 100);

export function secondTerm(model, life, weightText) {
  const names = { "": t("none") };
  const choice = choiceOf(life, t("Add a second term"), names, (value) => choose(model, { second: value }));
  const weight = (symbol, text) => slider(life, {
    name: t("Weight of the second term"), symbol, text, spoken: (v) => t("second weight {value}", { value: text(v) }), ticks: [],
    ...kept(model, "second_weight"),
  });
  const weights = { "α": weight("α", (v) => fixed(v, 2)), "λ": weight("λ", weightText), "μ": weight("μ", weightText) };
  const heat = (symbol) => slider(life, {
    name: t("Temperature of the second term"), symbol, text: short, ticks: heatTicks(symbol),
    spoken: (v) => t("second temperature {value}", { value: short(v) }), ...kept(model, "second_temperature"),
  });
  const heats = Object.fromEntries(["T", "T₂", "τ", "τ₂"].map((symbol) => [symbol, heat(symbol)]));
  const sliders = [...Object.values(weights), ...Object.values(heats)];
  return {
    root: node("div", { class: "kd-method-sliders kd-method-second" }, choice.root, ...sliders.map((one) => one.root)),
    draw() {
      const [offered, range] = [model.get("seconds"), model.get("second_range")];
      this.root.hidden = offered.length === 0;
      for (const one of offered) names[one.name] = one.title;
      choice.draw(model.get("second"), ["", ...offered.map((one) => one.name)]);
      choice.root.querySelector("select").disabled = model.get("locked");
      for (const one of sliders) one.root.hidden = true;
      const letter = model.get("second_symbol");
      show(weights[letter], letter === "α" || range[0] <= 0 ? SHARE_STOPS : ratioStops(...range), model.get("second_weight"));
      const ends = model.get("second_temperature_range");
      show(heats[model.get("second_temperature_symbol")], ends.length === 2 ? ratioStops(...ends) : [], model.get("second_temperature"));
    },
  };
}

function show(one, stops, value) {
  if (!one) return;
  one.root.hidden = false;
  one.setStops(stops);
  one.set(value);
}
