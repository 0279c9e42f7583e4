// Attention in a text: tokens along both sides of a map, and one token’s row in words.

import { choiceOf } from "../shared/choice.js";
import { node, put, say } from "../shared/elements.js";
import { fixed } from "../shared/format.js";
import { t } from "../shared/words.js";

const MOST_NAMED = 16; // tokens named along a side: more would overlap
const FIRST = 3; // tokens that a row names

/** Put tokens along a map’s left side and top, and a frame around one row. `draw([])` takes them away. */
export function tokenAxes(figure) {
  const canvas = figure.root.querySelector("canvas");
  const left = node("div", { class: "kd-token-axis kd-token-axis-left", "aria-hidden": "true" });
  const top = node("div", { class: "kd-token-axis kd-token-axis-top", "aria-hidden": "true" });
  const frame = node("div", { class: "kd-token-axis-row", "aria-hidden": "true" });
  const field = node("div", { class: "kd-token-axis-field" });
  let named = "";
  return {
    canvas,
    draw(tokens, row) {
      const there = tokens.length > 0;
      figure.root.classList.toggle("kd-map-tokens", there);
      if (!there) {
        if (field.isConnected) field.replaceWith(canvas);
        for (const one of [left, top]) one.remove();
        return;
      }
      if (!field.isConnected) {
        canvas.replaceWith(field);
        field.append(canvas, frame);
        field.before(top, left);
      }
      const all = tokens.join("\n");
      if (named !== all) {
        const every = Math.ceil(tokens.length / MOST_NAMED);
        for (const side of [left, top]) side.replaceChildren(...tokens.map((token, i) => node("span", {}, i % every ? "" : token)));
        named = all;
      }
      frame.hidden = row < 0;
      frame.style.top = `${(100 * row) / tokens.length}%`;
      frame.style.height = `${100 / tokens.length}%`;
    },
  };
}

/** Which row of a map is pointed at; −1 for none. */
export function rowAt(canvas, event, count) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * count);
  return row >= 0 && row < count ? row : -1;
}

/** Chooses the token that looks, and says where both models’ heads look from there. */
export function tokenReader(life, choose) {
  const pick = choiceOf(life, t("Token that looks"), {}, (value) => choose(Number(value)));
  const said = node("p", { class: "kd-attention-read" });
  const root = node("div", { class: "kd-attention-reader" }, pick.root, said);
  return {
    root,
    draw(tokens, row, sides) {
      root.hidden = !tokens.length;
      if (root.hidden) return;
      const places = tokens.map((_, i) => String(i));
      pick.draw(String(row), places, Object.fromEntries(tokens.map((token, i) => [String(i), `${i + 1}: ${token}`])));
      put(pick.root.querySelector("select"), "aria-label", t("Token that looks"));
      const lines = sides.filter(({ layer }) => layer).map(({ title, layer }) => t("{who}: {tokens}", { who: title, tokens: firstOf(tokens, layer, row) }));
      say(said, t("“{token}” looks most at these. {both}", { token: tokens[row], both: `${lines.join(". ")}.` }));
    },
  };
}

function firstOf(tokens, { values, most }, row) {
  const n = tokens.length;
  const weights = Array.from(values.subarray(row * n, (row + 1) * n), (value, i) => ({ i, weight: value * most }));
  const top = weights.sort((a, b) => b.weight - a.weight || a.i - b.i).slice(0, FIRST).filter(({ weight }) => weight > 0);
  return top.map(({ i, weight }) => t("“{token}” {weight}", { token: tokens[i], weight: fixed(weight, 2) })).join(", ") || t("no token");
}
