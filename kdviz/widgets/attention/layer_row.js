// The layers of one model in a row, each with its map: a choice of one layer, by pointer or arrow keys.

import { changing, node, put, say, uniqueId } from "../shared/elements.js";
import { mapFigure } from "../shared/maps.js";
import { t } from "../shared/words.js";

export function layerRow(life, label, side, choose) {
  const id = uniqueId("layers");
  const title = node("p", { class: `kd-layers-title kd-map-${side}`, id }, label);
  const list = node("div", { class: "kd-layers-list", role: "radiogroup", "aria-labelledby": id });
  const root = node("div", { class: "kd-layers" }, title, list);
  const named = changing();
  let tiles = [];
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const tileOf = ({ name, title: text, short = text }) => {
    const figure = mapFigure(short, "", { ofModels: true });
    return { name, figure, root: node("div", { class: "kd-layer", role: "radio", "aria-label": text, title: name }, figure.root) };
  };
  life.listen(list, "click", (event) => {
    const tile = tiles.find((one) => one.root.contains(event.target));
    if (tile) choose(tile.name);
  });
  life.listen(list, "keydown", (event) => {
    const at = tiles.findIndex((one) => one.root === event.target);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const ends = { Home: 0, End: tiles.length - 1, " ": at, Enter: at };
    const to = event.key in STEPS ? (at + STEPS[event.key] + tiles.length) % tiles.length : ends[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tiles[to].root.focus();
    choose(tiles[to].name);
  });
  return {
    root,
    /** `layers`: { name, title, height, width, values }, and `short` where the title is too long; `chosen`: the name of one. */
    draw(layers, chosen, text) {
      say(title, text);
      if (named(layers.map((layer) => `${layer.name}\n${layer.title}`).join("\n"))) {
        tiles = layers.map(tileOf);
        list.replaceChildren(...tiles.map((tile) => tile.root));
      }
      layers.forEach(({ name, title: shown, height, width, values }, i) => {
        tiles[i].figure.draw(values, [height, width], { signed: side === "student", words: t("Map of {layer}", { layer: shown }) });
        put(tiles[i].root, "aria-checked", String(name === chosen));
        put(tiles[i].root, "tabindex", name === chosen ? "0" : "-1");
      });
    },
  };
}
