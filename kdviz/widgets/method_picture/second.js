// A second method whose term is added: a select, and the slider of its weight.

import { keepInAddress } from "../shared/address.js";
import { choiceOf } from "../shared/choice.js";
import { commit, node } from "../shared/elements.js";
import { fixed } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t } from "../shared/words.js";

const SHARE_STOPS = Array.from({ length: 101 }, (_, i) => i / 100);

export function secondTerm(model, life, weightText) {
  const names = { "": t("none") };
  const choice = choiceOf(life, t("Add a second term"), names, (value) => {
    commit(model, { second: value });
    keepInAddress({ second: value, second_weight: "" });
  });
  const control = (symbol, text) => slider(life, {
    name: t("Weight of the second term"), symbol, text, spoken: (v) => t("second weight {value}", { value: text(v) }), ticks: [],
    onInput: (v) => model.set("second_weight", v), onRelease: (v) => commit(model, { second_weight: v }),
  });
  const sliders = { "α": control("α", (v) => fixed(v, 2)), "λ": control("λ", weightText), "μ": control("μ", weightText) };
  return {
    root: node("div", { class: "kd-method-sliders kd-method-second" }, choice.root, ...Object.values(sliders).map((one) => one.root)),
    draw() {
      const [offered, symbol, range] = [model.get("seconds"), model.get("second_symbol"), model.get("second_range")];
      this.root.hidden = offered.length === 0;
      for (const one of offered) names[one.name] = one.title;
      choice.draw(model.get("second"), ["", ...offered.map((one) => one.name)]);
      choice.root.querySelector("select").disabled = model.get("locked");
      for (const [letter, one] of Object.entries(sliders)) {
        one.root.hidden = letter !== symbol;
        if (letter !== symbol) continue;
        one.setStops(letter === "α" || range[0] <= 0 ? SHARE_STOPS : ratioStops(...range));
        one.set(model.get("second_weight"));
      }
    },
  };
}
