// DarkKnowledge: what teacher and student say over many examples, at the temperature and the step under the thumb.

import { distributions } from "./distribution.js";
import { shareFigure } from "./gradient_share.js";
import { heatMap } from "./heat_map.js";
import { nearestTable } from "./nearest_classes.js";
import { darkSample } from "./sample.js";
import { card, changing, drawing, lifetime, node, say } from "../shared/elements.js";
import { grouped, short } from "../shared/format.js";
import { isInView, joined } from "../shared/scene.js";
import { countedOf } from "../shared/compared.js";
import { stepsAreTold } from "../shared/strip.js";
import { t } from "../shared/words.js";
import "./style.css";

const DARK_DEPENDS_ON = [
  "temperature", "temperature_range", "alpha", "loss", "selected", "heat_map", "diagonal", "classes", "labels", "sample", "counted", "split",
  "teacher_logits", "student_logits", "view", "views", "hidden", "total_steps",
];
const DARK_WIDE = 900; // px: from here on two columns

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "dark-knowledge", t("Dark knowledge over many examples"));
  const data = darkSample(model);
  const note = node("p", { class: "kd-note" });
  const empty = node("p", { class: "kd-empty kd-dark-empty" });
  const figures = { heat: heatMap(model, life, () => painter.soon()), nearest: nearestTable(life), spread: distributions(life), shares: shareFigure(life) };
  const parts = Object.values(figures);
  const columns = node("div", { class: "kd-dark-columns" }, ...parts.map((part) => part.root));
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Dark knowledge")), note), empty, columns);
  const widths = darkWidths(root, body);
  const resized = changing();

  const painter = drawing(life, () => {
    el.hidden = !isInView(model, "many");
    if (el.hidden) return;
    const view = data.read();
    view.unit = textUnit();
    view.about = `${view.temperature} ${view.alpha} ${view.chosen?.index}`;
    empty.hidden = view.sample.count > 0;
    columns.hidden = !empty.hidden;
    say(note, darkNote(view));
    say(empty, empty.hidden ? "" : darkEmpty(view));
    if (!empty.hidden) return;
    const { inside, wide } = widths.now(view.unit);
    body.classList.toggle("kd-dark-wide", wide);
    figures.heat.draw(view, wide ? inside.half : inside.all);
    figures.nearest.draw(view);
    figures.spread.draw(view, inside.pane);
    // Where nothing trains there is no gradient; a first choice has no T, and so no T² either.
    figures.shares.root.hidden = !stepsAreTold(model) || model.get("loss") === "first_choice";
    if (!figures.shares.root.hidden) figures.shares.draw(view, inside.all);
  });
  life.watch(DARK_DEPENDS_ON, painter.soon);
  const sizes = new ResizeObserver(([entry]) => {
    if (!resized(entry.contentRect.width)) return; // a sentence that wraps changes the height alone
    widths.forget();
    painter.soon();
  });
  sizes.observe(root);
  life.onEnd(() => sizes.disconnect());
  painter.now();
  return () => life.end();
}

/** The widths that figures have, measured when the card changes its size and not at each drawing. */
function darkWidths(root, body) {
  let width = 0;
  return {
    forget() {
      width = 0;
    },
    now(unit) {
      if (!width) {
        const style = getComputedStyle(body);
        width = (root.clientWidth || 600) - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 2;
      }
      const gap = 28; // px, as in dark_knowledge.css
      const wide = width >= DARK_WIDE * unit;
      const half = Math.floor((width - 42) / 2);
      const beside = wide ? half : width;
      const pane = beside >= 440 * unit ? Math.floor((beside - gap) / 2) : beside;
      return { wide, inside: { all: width, half, pane } };
    },
  };
}

function darkNote(view) {
  const count = view.sample.count;
  if (!count) return "";
  const told = { n: grouped(count) };
  const labelled = count < view.sample.asked ? `, ${t("{n} with a label", told)}` : "";
  const examples = `${countedOf(view.sample.asked, view.sample.of, view.split)}${labelled}; T = ${short(view.temperature)}`;
  if (view.broken) return `${examples}. ${t("The student’s outputs are not finite numbers: this is the teacher alone.")}`;
  return view.student ? examples : `${examples}. ${t("No student yet: this is the teacher alone.")}`;
}

function darkEmpty(view) {
  if (!view.classes.length || !view.sample.teacher.length) return t("Nothing to show yet: choose a teacher.");
  return t("None of the examples has a label, so there is no true class to compare with.");
}

/** How large text is here, in units of the usual 16 px. */
function textUnit() {
  return (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}

export default { render };
