// A number and the right one, on a line: once there is something to compare it with.

import { plain } from "./marking.js";
import { reveal } from "./reveal.js";
import { node, say } from "../shared/elements.js";
import { t } from "../shared/words.js";

const MARGIN = 0.4; // of what lies between the two, on either side

export function numberLine(life, low, high, unit) {
  const mark = (look) => node("i", { class: `kd-number-mark ${look}` });
  const name = (look) => node("span", { class: `kd-number-name ${look}` });
  const [yours, came, yoursName, cameName] = [mark("kd-number-yours"), mark("kd-number-came"), name("kd-yours-text"), name("kd-came-text")];
  const root = node("div", { class: "kd-number-line", hidden: "" }, yoursName, node("div", { class: "kd-number-rule" }, yours, came), cameName);
  let [from, to] = [0, 0];
  const grown = reveal(life, (share) => {
    root.style.setProperty("--kd-yours-at", from.toFixed(4));
    root.style.setProperty("--kd-came-at", (from + share * (to - from)).toFixed(4));
  });
  return {
    root,
    draw(answer, truth, lively) {
      root.hidden = answer === null || truth === null;
      if (root.hidden) return;
      const [first, last] = endsOf(low, high, answer, truth);
      [from, to] = [answer, truth].map((value) => (value - first) / (last - first));
      say(yoursName, t("yours: {value}", { value: `${plain(answer)}${unit}` }));
      say(cameName, t("it is: {value}", { value: `${plain(truth)}${unit}` }));
      grown.to(lively);
    },
  };
}

function endsOf(low, high, answer, truth) {
  const [least, most] = [Math.min(answer, truth), Math.max(answer, truth)];
  const margin = MARGIN * (most - least || Math.abs(truth) || 1);
  return [low ?? (least >= 0 ? Math.max(0, least - margin) : least - margin), high ?? most + margin].map((end, i) => (i ? Math.max(end, most) : Math.min(end, least)));
}
