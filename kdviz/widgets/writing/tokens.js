// A text token by token, each shaded by its surprise; one of them is read by pointer or by the arrow keys.

import { definition } from "../shared/definition.js";
import { commit, node, put, say, uniqueId } from "../shared/elements.js";
import { about } from "../shared/format.js";
import { t } from "../shared/words.js";

export const MOST_BITS = 8; // from here on a token is as dark as can be
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10, Home: -Infinity, End: Infinity };
const SIGNS = { "▸": t("▸ begins a text"), "■": t("■ ends a text"), "·": t("· fills a row") }; // as Python shows the special tokens
const SEEN = { " ": "␣", "\n": "⏎", "\t": "⇥", "": "∅" };

/** A token where it stands alone: blanks have a sign. */
export function nameOf(token) {
  return SEEN[token] ?? token.replaceAll(" ", "␣").replaceAll("\n", "⏎");
}

/** How dark a surprise is, in percent. */
export function shadeOf(bits) {
  return Number.isFinite(bits) ? Math.round(100 * Math.min(1, Math.max(0, bits / MOST_BITS))) : 0;
}

/** The mean of what is known of the bits; NaN of none. */
export function meanBits(bits) {
  const known = bits.filter((one) => one !== null && Number.isFinite(one));
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : NaN;
}

export function tokenTip(token, bits) {
  const named = SIGNS[token] ?? nameOf(token);
  return bits === null || !Number.isFinite(bits) ? t("{token}, given", { token: named }) : t("{token}, {bits} bits", { token: named, bits: about(bits) });
}

/**
 * `root` is a list whose one option is current: `draw(tokens, bits, at)`, where `bits` are null of what was given.
 * `onMove(index)` follows pointer and keys.
 */
export function tokenText(life, { onMove }) {
  const root = node("div", { class: "kd-tokens", role: "listbox", tabindex: "0", "aria-orientation": "horizontal" });
  const base = uniqueId("token");
  let drawn = [];
  let made = [];
  let current = -1;
  const indexOf = (event) => {
    const one = event.target instanceof Element ? event.target.closest("[data-at]") : null;
    return one ? Number(one.getAttribute("data-at")) : -1;
  };
  const move = (index) => {
    if (index < 0 || index === current || index >= made.length) return;
    onMove(index);
  };
  life.listen(root, "pointermove", (event) => event.pointerType === "mouse" && move(indexOf(event)));
  life.listen(root, "pointerdown", (event) => move(indexOf(event)));
  life.listen(root, "keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined || !made.length) return;
    event.preventDefault();
    move(Math.min(made.length - 1, Math.max(0, current + by)));
  });
  return {
    root,
    draw(tokens, bits, at, label) {
      put(root, "aria-label", label);
      if (tokens.length !== drawn.length || tokens.some((one, i) => one !== drawn[i])) {
        drawn = [...tokens];
        made = tokens.map((token, i) => node("span", { class: "kd-token", role: "option", id: `${base}-${i}`, "data-at": i }, token === "\n" ? "⏎" : token));
        root.replaceChildren(...made.flatMap((one, i) => (tokens[i] === "\n" ? [one, node("br")] : [one])));
      }
      current = at;
      made.forEach((one, i) => {
        const shade = bits[i] === null || bits[i] === undefined ? 0 : shadeOf(bits[i]);
        if (one.dataset.shade !== String(shade)) {
          one.dataset.shade = String(shade);
          one.style.setProperty("--kd-shade", `${shade}%`);
        }
        one.classList.toggle("kd-token-given", bits[i] === null);
        one.classList.toggle("kd-token-now", i === at);
        const tip = tokenTip(tokens[i], bits[i] ?? null);
        put(one, "title", tip);
        put(one, "aria-label", tip);
        put(one, "aria-selected", i === at ? "true" : "false");
      });
      put(root, "aria-activedescendant", made[at] ? made[at].id : null);
    },
  };
}

/** Whose surprise the text is shaded by: `names` are {value: text}. */
export function surpriseOf(life, model, names) {
  const group = uniqueId("read-by");
  const options = Object.entries(names).map(([value, text]) => {
    const input = node("input", { type: "radio", name: group, value });
    life.listen(input, "change", () => commit(model, { read_by: value }));
    return { input, root: node("label", {}, input, node("span", {}, text)) };
  });
  const meaning = t("The surprise of a token is −log₂ of the probability that it had at T = 1: 0 bits if it was certain, 1 bit if it was as likely as not. The mean over tokens says how well a text is predicted: fewer bits are better.");
  return {
    root: node("div", { class: "kd-tokens-readers" }, definition(life, t("Surprise of"), meaning),
      node("fieldset", { class: "kd-segments" }, node("legend", { class: "kd-unseen" }, t("Surprise of")), ...options.map((one) => one.root))),
    draw(value) {
      for (const { input } of options) input.checked = input.value === value;
    },
  };
}

/** What the shades mean. */
export function surpriseKey() {
  const scale = node("span", { class: "kd-tokens-scale", "aria-hidden": "true" });
  const [low, high] = [node("span", {}, "0"), node("span", {}, "")];
  say(high, t("{n} bits or more", { n: MOST_BITS }));
  return node("p", { class: "kd-note kd-tokens-key" }, low, scale, high);
}
