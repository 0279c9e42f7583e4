// Maps over an image: signed ones in two colours from the style sheet, which are no model’s; one model’s in its own.

import { node, put, say } from "./elements.js";
import { grouped } from "./format.js";
import { octets } from "./softmax.js";
import { stepsAreTold } from "./strip.js";
import { t } from "./words.js";

export const MAP_INK = 0.22; // how much of the image shows through

/**
 * A canvas with its caption. `draw(values, [height, width], { image, signed })`, values in [-1, 1], or in [0, 1] if not
 * signed. `ofModels`: in the student’s colour above 0 and the teacher’s below, or unsigned.
 */
export function mapFigure(name, side = "", { ofModels = false } = {}) {
  const canvas = node("canvas", { class: "kd-map-canvas", role: "img", width: 1, height: 1 });
  const caption = node("figcaption", { class: side ? `kd-map-${side}` : null }, name);
  const root = node("figure", { class: `kd-map${ofModels ? " kd-map-of-models" : ""}` }, canvas, caption);
  return {
    root,
    draw(values, [height, width], { image = null, signed = true, words = name } = {}) {
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      const context = canvas.getContext("2d");
      const frame = context.createImageData(width, height);
      const ground = isDark(root) ? 24 : 255;
      const ink = 255 - ground;
      const { color, textDecorationColor } = getComputedStyle(canvas);
      const [above, below] = [color, textDecorationColor].map((text) => text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0]);
      for (let p = 0; p < width * height; p++) {
        const v = values ? Math.max(-1, Math.min(1, values[p])) : 0;
        const colour = signed && v >= 0 ? above : below;
        const share = values ? Math.abs(v) ** 0.75 : 0;
        const under = image ? (image[p] / 255) * (values ? MAP_INK : 1) : 0;
        const base = ground + (ink - ground) * under;
        for (let c = 0; c < 3; c++) frame.data[4 * p + c] = base + (colour[c] - base) * share;
        frame.data[4 * p + 3] = 255;
      }
      context.putImageData(frame, 0, 0);
      put(canvas, "aria-label", words);
    },
    name: (text) => say(caption, text),
  };
}

/** Whether the view stands on a dark ground. */
export function isDark(element) {
  const probe = element.closest(".kd") ?? element;
  const [r, g, b] = getComputedStyle(probe).getPropertyValue("color").match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
  return r + g + b > 384;
}

/** Draw again when the theme turns: what is on a canvas does not follow style sheets. */
export function onTheme(life, draw) {
  life.listen(matchMedia("(prefers-color-scheme: dark)"), "change", draw);
  const turned = new MutationObserver(draw);
  turned.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  life.onEnd(() => turned.disconnect());
}

/** Grey values of one watched image, or null. */
export function imageOf(model, index) {
  const [height, width] = model.get("image_shape");
  const size = height * width;
  const all = octets(model.get("images"));
  return size && all.length >= (index + 1) * size ? all.subarray(index * size, (index + 1) * size) : null;
}

/** Whether numbers that Python made are of the run and the example shown now. */
export function isOfNow(model, { follows = ["selected"] } = {}) {
  const made = model.get("made_for") ?? {};
  return made.shown_run === model.get("shown_run") && follows.every((name) => made[name] === model.get(name));
}

/** Which step the numbers are of, where that is another than the one shown. */
export function staleness(model) {
  const step = model.get("made_for")?.step;
  const shown = model.get("student_step");
  return step === undefined || step === null || step === shown || !stepsAreTold(model) ? "" : t("Computed after step {step}; the page shows step {shown}.", { step: grouped(step), shown: grouped(shown) });
}

/** A button that asks Python for the work over many examples, with its progress and a way to stop it. */
export function acrossButton(model, life, text) {
  const button = node("button", { type: "button", class: "kd-button" }, text);
  const bar = node("progress", { class: "kd-done-so-far", max: 1, "aria-label": text });
  life.listen(button, "click", () => model.send({ command: model.get("progress") === null ? "across" : "stop" }));
  return {
    root: node("div", { class: "kd-across" }, button, bar),
    draw() {
      const progress = model.get("progress");
      const busy = progress !== null && progress !== undefined;
      say(button, busy ? t("Stop") : text);
      bar.hidden = !busy;
      if (busy) bar.value = progress;
    },
  };
}
