// Two networks as areas: each layer a slab, each slab as large as the layer has weights, both on one scale.

import { changing, node, put, say } from "../shared/elements.js";
import { compact, grouped } from "../shared/format.js";
import { t } from "../shared/words.js";

const PULSE_MS = 480;
const MOST_SLABS = 24;

/** One network: its name, its area, how many weights. */
export function network(side) {
  const role = node("b", {});
  const name = node("span", { class: "kd-hero-name" });
  const area = node("div", { class: "kd-hero-area", "aria-hidden": "true" });
  const weights = node("span", { class: "kd-hero-weights" });
  const ratio = node("span", { class: "kd-hero-ratio" });
  const differs = changing();
  let pulse = null;
  return {
    root: node("div", { class: `kd-hero-net kd-hero-${side}` }, node("p", { class: "kd-hero-who" }, role, name), node("div", { class: "kd-hero-room" }, area),
      node("p", { class: "kd-hero-size" }, weights, ratio)),
    /** `share`: its weights by those of the larger one. */
    draw({ who, about, layers, share, beside }) {
      say(role, who);
      say(name, about);
      put(name, "title", about);
      const total = layers.reduce((sum, n) => sum + n, 0);
      area.hidden = total === 0;
      area.style.setProperty("--kd-side", Math.sqrt(share));
      if (differs(layers.join(","))) area.replaceChildren(...slabs(layers));
      say(weights, total ? t("{n} weights", { n: compact(total) }) : "");
      put(weights, "title", total ? t("{n} weights", { n: grouped(total) }) : null);
      say(ratio, beside);
      ratio.hidden = !beside;
    },
    /** A step has been taken. */
    pulse() {
      if (matchMedia("(prefers-reduced-motion: reduce)").matches || pulse?.playState === "running") return;
      pulse = area.animate([{ transform: "scale(1)" }, { transform: "scale(1.14)", offset: 0.35 }, { transform: "scale(1)" }], { duration: PULSE_MS, easing: "ease-out" });
    },
  };
}

/** A slab a layer; of very many layers one slab for all. */
function slabs(layers) {
  const shown = layers.length > MOST_SLABS ? [layers.reduce((sum, n) => sum + n, 0)] : layers;
  return shown.filter((n) => n > 0).map((n) => {
    const slab = node("span", {});
    slab.style.flexGrow = n;
    return slab;
  });
}
