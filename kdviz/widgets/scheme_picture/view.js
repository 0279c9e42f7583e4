// SchemePicture: who teaches whom and when, phase by phase, and the code of the scheme.

import { arrowLine, arrowPaths, arrowsOf, phaseAt, placedParties } from "./layout.js";
import { codeFold } from "../shared/code_fold.js";
import { card, changing, drawing, lifetime, node, onOtherWidth, put, say, svgNode } from "../shared/elements.js";
import { t } from "../shared/words.js";
import "../method_picture/style.css";
import "../share/style.css";
import "./style.css";

const EACH_MS = 3600; // a phase, while they take turns

function render({ model, el }) {
  const life = lifetime(model);
  const { body } = card(el, "scheme", t("The scheme"));
  const title = node("h2", {});
  const says = node("p", { class: "kd-scheme-says" });
  const svg = svgNode("svg", { class: "kd-scheme-svg", role: "img" });
  const holder = node("div", { class: "kd-scheme-diagram" }, svg);
  const list = node("ol", { class: "kd-scheme-phases" });
  const play = node("button", { type: "button", class: "kd-button kd-scheme-play" });
  const misses = node("p", { class: "kd-note" });
  const source = node("p", { class: "kd-note" });
  const formula = node("div", { class: "kd-method-formulas" });
  const settings = node("p", { class: "kd-note" });
  const code = codeFold(life, "kd-scheme-code", t("The scheme’s own file"));
  body.append(title, says, holder, list, play, node("div", { class: "kd-scheme-notes" }, formula, misses, settings, source), code.root);

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const clock = { shown: 0, playing: !still.matches, since: 0 };
  const drawn = changing();
  const listed = changing();
  const written = changing();

  const shownPhase = () => (model.get("phase") >= 0 ? model.get("phase") : clock.shown);
  const painter = drawing(life, () => {
    say(title, model.get("title"));
    say(says, model.get("says"));
    say(misses, model.get("misses") ? t("What this does not show: {text}", { text: model.get("misses") }) : "");
    // MathML that Python made of formulas in the package; nothing of a reader's is in it.
    if (written(model.get("formula"))) formula.innerHTML = model.get("formula");
    formula.hidden = !model.get("formula");
    say(settings, model.get("settings"));
    settings.hidden = !model.get("settings");
    say(source, model.get("source"));
    code.draw(model.get("code"), model.get("file"));
    const phases = model.get("phases");
    if (listed(JSON.stringify([model.get("title"), phases]))) {
      clock.shown = 0;
      clock.since = performance.now();
      list.replaceChildren(...phases.map((phase, i) => phaseItem(phase, i)));
    }
    const live = model.get("phase") >= 0;
    [...list.children].forEach((item, i) => {
      put(item.firstElementChild, "aria-current", i === shownPhase() ? "step" : null);
      put(item.firstElementChild, "aria-disabled", live ? "true" : null);
    });
    play.hidden = still.matches || live || phases.length < 2;
    say(play, clock.playing ? t("Pause the diagram") : t("Play the diagram"));
    const moves = !still.matches && (clock.playing || live);
    const width = holder.clientWidth;
    if (width && drawn(JSON.stringify([model.get("parties"), phases, shownPhase(), width, moves]))) {
      drawDiagram(svg, model.get("parties"), phases, shownPhase(), width, moves);
    }
  });

  const phaseItem = (phase, i) => {
    const button = node("button", { type: "button", class: "kd-scheme-phase" }, phase.says);
    life.listen(button, "click", () => {
      if (model.get("phase") >= 0) return;
      [clock.shown, clock.playing] = [i, false];
      painter.now();
    });
    return node("li", {}, button);
  };
  life.listen(play, "click", () => {
    clock.playing = !clock.playing;
    clock.since = performance.now() - clock.shown * EACH_MS;
    painter.now();
  });
  life.listen(still, "change", () => {
    clock.playing = !still.matches;
    painter.soon();
  });
  const timer = setInterval(() => {
    const count = model.get("phases").length;
    if (!clock.playing || model.get("phase") >= 0 || document.hidden || count < 2) return;
    const next = phaseAt(performance.now() - clock.since, count, EACH_MS);
    if (next === clock.shown) return;
    clock.shown = next;
    painter.now();
  }, 200);
  life.onEnd(() => clearInterval(timer));
  life.watch(["title", "says", "source", "misses", "formula", "settings", "parties", "phases", "phase", "code", "file"], painter.soon);
  onOtherWidth(life, holder, painter.soon);
  painter.now();
  return () => life.end();
}

/** Boxes, all arrows, those of the phase shown in front and, where it moves, with a dot that runs along each. */
function drawDiagram(svg, parties, phases, shown, width, moves) {
  const unit = (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
  const { places, height } = placedParties(parties, width, unit, measured(svg));
  const of = Object.fromEntries(places.map((place) => [place.name, place]));
  const arrows = arrowsOf(phases).filter(({ from, to }) => of[from] && of[to]);
  const now = arrows.filter((arrow) => arrow.phases.includes(shown));
  const parts = [];
  for (const arrow of [...arrows.filter((one) => !now.includes(one)), ...now]) {
    const paths = arrowPaths(arrowLine(of[arrow.from], of[arrow.to], places, arrow.bothWays));
    const on = now.includes(arrow);
    const kind = of[arrow.from].kind;
    const look = `kd-scheme-arrow${on ? ` kd-scheme-now kd-scheme-from-${kind}` : ""}`;
    parts.push(svgNode("path", { d: paths.line, class: look, "data-arrow": `${arrow.from} ${arrow.to}` }), svgNode("path", { d: paths.head, class: look }));
    if (on && moves) {
      parts.push(svgNode("circle", { r: 4.5, class: `kd-scheme-dot kd-scheme-from-${kind}` },
        svgNode("animateMotion", { dur: "1.5s", repeatCount: "indefinite", path: paths.line })));
    }
  }
  const active = new Set(now.flatMap(({ from, to }) => [from, to]));
  for (const place of places) parts.push(...partyBox(place, unit, active.has(place.name)));
  put(svg, "viewBox", `0 0 ${width} ${height}`);
  put(svg, "width", width);
  put(svg, "height", height);
  put(svg, "aria-label", spokenDiagram(of, now));
  svg.replaceChildren(...parts);
}

/** How long a title is, in px. */
function measured(svg) {
  const title = svgNode("text", { class: "kd-party-title" });
  svg.append(title);
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(title);
  title.remove();
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => context.measureText(text).width;
}

function partyBox(place, unit, active) {
  const { x, y, width, height, lines } = place;
  const middle = x + width / 2;
  const first = y + height / 2 - ((lines.length - 1) / 2) * 16 * unit;
  return [
    svgNode("rect", { x, y, width, height, rx: 8, class: `kd-party kd-party-${place.kind}${active ? " kd-party-on" : ""}`, "data-party": place.name }),
    ...lines.map((line, i) => svgNode("text", { x: middle, y: first + i * 16 * unit, dy: "0.34em", class: "kd-party-title", "text-anchor": "middle" }, line)),
  ];
}

/** What the diagram shows, for who does not see it. */
function spokenDiagram(of, now) {
  const arrows = now.map(({ from, to }) => t("{from} to {to}", { from: of[from].title, to: of[to].title })).join(", ");
  return arrows ? t("Diagram. Arrows now: {arrows}.", { arrows }) : t("Diagram");
}

export default { render };
