// The images of the wall in two blocks: one radio group with one tab stop. A tile is made once, and framed anew.

import { imagesOf } from "./words.js";
import { changing, node, put, say } from "../shared/elements.js";
import { picture } from "../shared/strip.js";
import { t, tParts } from "../shared/words.js";

const LONGEST_SIGN = 2; // characters of what the student says that find room in the corner

export function wallTiles(life, choose) {
  const blocks = { own: tileBlock(), others: tileBlock() };
  const root = node("div", { class: "kd-wall-blocks", role: "radiogroup", "aria-label": t("Images on the wall") }, ...Object.values(blocks).map((block) => block.root));
  const renewed = changing();
  let tiles = [];

  const pick = (place) => {
    choose(tiles[place].index);
    tiles[place].root.focus();
  };
  const at = (event) => tiles.findIndex((tile) => tile.root === event.target.closest("[role=radio]"));
  life.listen(root, "click", (event) => at(event) >= 0 && pick(at(event)));
  life.listen(root, "keydown", (event) => {
    const [place, last] = [at(event), tiles.length - 1];
    const moves = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: last, " ": place };
    if (place < 0 || !(event.key in moves)) return;
    event.preventDefault();
    pick((moves[event.key] + last + 1) % (last + 1));
  });

  const hang = ({ images, shape, rows }) => {
    tiles = [];
    for (const [kind, block] of Object.entries(blocks)) {
      const made = rows[kind].map((index) => wallTile(index, picture({ images, shape }, index)));
      block.list.replaceChildren(...made.map((tile) => tile.root));
      tiles.push(...made);
    }
  };
  return {
    root,
    draw(view) {
      if (renewed(view.images, view.shape.join(), view.rows.own.join(), view.rows.others.join())) hang(view);
      const name = view.classes[view.omitted];
      blocks.own.draw(view.counts.own, imagesOf(name));
      blocks.others.draw(view.counts.others, t("others"));
      const stop = Math.max(0, tiles.findIndex((tile) => tile.index === view.selected));
      tiles.forEach((tile, i) => tile.draw(view, i === stop));
    },
  };
}

/** One kind of images below their count. */
function tileBlock() {
  const [counted, images] = [node("b", { class: "kd-wall-counted" }), node("span", {})];
  const title = node("p", { class: "kd-wall-count" }, ...tParts("{counted} {images} right", { counted, images }));
  const list = node("div", { class: "kd-wall-tiles" });
  return {
    root: node("div", { class: "kd-wall-block" }, title, list),
    list,
    draw({ right, n }, name) {
      say(counted, t("{right} of {n}", { right, n }));
      say(images, name);
    },
  };
}

function wallTile(index, canvas) {
  const sign = node("span", { class: "kd-wall-sign", "aria-hidden": "true" });
  const root = node("button", { type: "button", role: "radio", class: "kd-wall-tile" }, canvas, sign);
  const differs = changing();
  return {
    root,
    index,
    draw({ classes, labels, says, selected }, isTabStop) {
      if (!differs(says[index], selected === index, isTabStop)) return;
      const right = says[index] === labels[index];
      const told = { name: classes[labels[index]], answer: classes[says[index]] ?? "–" };
      put(root, "data-right", right ? "true" : "false");
      say(sign, right ? "" : told.answer.length > LONGEST_SIGN ? "×" : told.answer);
      const words = right ? t("{name}: right", told) : t("{name}: wrong, the answer is {answer}", told);
      put(root, "aria-label", words);
      put(root, "title", words);
      put(root, "aria-checked", selected === index ? "true" : "false");
      put(root, "tabindex", isTabStop ? "0" : "-1");
    },
  };
}
