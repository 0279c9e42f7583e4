// The slider for the bias of a class left out of training: among the other sliders, and above the wall.

import { commit, say } from "./elements.js";
import { signed } from "./format.js";
import { isLocked } from "./scene.js";
import { slider } from "./slider.js";
import { t } from "./words.js";

const STOPS_A_UNIT = 10;
export const BIAS_MEANING = t("Added to this class’s logit in the student’s last layer, after training. Hinton left one digit out of the "
  + "transfer set: the student had met it only as a small probability, and its bias had become too low. Raising that bias corrected most of its errors.");

/** A slider that the scene's bias follows while it is dragged; `drawNow()` draws the view it stands in. */
export function biasSlider(model, life, drawNow) {
  const control = slider(life, {
    name: t("Bias"), ticks: [-2, 0, 2, 4, 6, 8, 10, 12], tickText: signed, text: signed,
    spoken: (v) => t("bias {value}", { value: signed(v) }),
    onInput: (v) => { model.set("bias", v); drawNow(); },
    onRelease: (v) => commit(model, { bias: v }),
  });
  const label = control.root.querySelector(".kd-slider-label > span");
  return {
    root: control.root,
    draw() {
      const [low, high] = (model.get("bias_range") ?? [0, 1]).map((end) => Math.round(end * STOPS_A_UNIT));
      const target = model.get("bias_class");
      control.setStops(Array.from({ length: high - low + 1 }, (_, i) => (low + i) / STOPS_A_UNIT));
      say(label, t("Bias of class {name}", { name: model.get("classes")[target] ?? String(target) }));
      control.set(model.get("bias") ?? 0);
      control.setDisabled(isLocked(model, "bias"));
    },
  };
}
