// SchemeView: drawings of a scheme, each a few numbers with a sentence.

import { curvesDrawing } from "./curves.js";
import { imagesDrawing } from "./images.js";
import { barsDrawing, matrixDrawing } from "./tables.js";
import { definition } from "../shared/definition.js";
import { announcer, card, drawing, lifetime, node, onOtherWidth, say } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "./style.css";

const KINDS = { curves: curvesDrawing, bars: barsDrawing, matrix: matrixDrawing, images: imagesDrawing };

function render({ model, el }) {
  const life = lifetime(model);
  const { root, body } = card(el, "scheme-view", model.get("title") || t("What the scheme does"));
  const live = announcer(life, { apart: 20000 });
  const note = node("p", { class: "kd-note" });
  const list = node("div", { class: "kd-scheme-drawings" });
  body.append(note, list);
  root.append(live.region);
  let parts = [];
  const painter = drawing(life, () => {
    const told = model.get("drawings");
    if (parts.length !== told.length || parts.some(({ kind, meaning }, i) => kind !== told[i].kind || meaning !== (told[i].meaning ?? ""))) {
      parts = told.map((one) => drawingPart(life, one));
      list.replaceChildren(...parts.map((part) => part.root));
    }
    parts.forEach((part, i) => part.draw(told[i]));
    say(note, model.get("note"));
    live.announce(told.map(({ sentence }) => sentence).filter(Boolean).join(" "), told.map(({ title }) => title).join());
  });
  life.watch(["drawings", "note"], painter.soon);
  onOtherWidth(life, body, painter.soon);
  painter.now();
  return () => life.end();
}

function drawingPart(life, { kind, meaning = "" }) {
  const title = node("h2", {});
  const what = meaning ? node("p", { class: "kd-note" }, definition(life, t("What is it?"), meaning)) : null;
  const sentence = node("p", { class: "kd-sentence" });
  const part = KINDS[kind]();
  return {
    kind,
    meaning,
    root: node("div", { class: "kd-scheme-drawing", "data-kind": kind }, title, what, part.root, sentence),
    draw(told) {
      say(title, told.title);
      part.draw(told);
      say(sentence, told.sentence);
      sentence.hidden = !told.sentence;
    },
  };
}

export default { render };
