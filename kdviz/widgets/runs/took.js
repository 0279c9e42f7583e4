// What it took to come to the student: a bar for the teacher's training, for asking it, and for teaching.

import { changing, node } from "../shared/elements.js";
import { definition } from "../shared/definition.js";
import { t } from "../shared/words.js";

const LEAST = 0.6; // percent of the width that a bar has at least, so that it is seen

/**
 * @param {any} life
 */
export function tookPart(life) {
  const list = node("div", { class: "kd-took-list" });
  const meaning = t("Seconds of this machine: a few steps timed, times how many there are. The teacher’s are those of its card’s epochs, without augmentation, and it was trained elsewhere; one teacher can serve many students.");
  const heading = node("span", { class: "kd-note" }, definition(life, t("What training took, estimated"), meaning));
  const root = node("div", { class: "kd-took" }, heading, list);
  const differs = changing();
  return {
    root,
    /** @param {{ who: string, name: string, seconds: number | null, text: string }[]} rows */
    draw(rows) {
      root.hidden = rows.length === 0;
      if (!differs(JSON.stringify(rows))) return;
      const most = Math.max(...rows.map((one) => one.seconds ?? 0));
      list.replaceChildren(...rows.flatMap((one) => [
        node("span", {}, one.name), node("span", { class: "kd-took-rail", "aria-hidden": "true" }, ...bar(one, most)), node("span", { class: "kd-took-text" }, one.text),
      ]));
    },
  };
}

function bar(one, most) {
  if (!one.seconds || !(most > 0)) return [];
  const drawn = node("i", { class: `kd-took-bar kd-took-${one.who}` });
  drawn.style.width = `${Math.max(LEAST, (100 * one.seconds) / most).toFixed(1)}%`;
  return [drawn];
}
