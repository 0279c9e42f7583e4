// A row that scrolls sideways: it fades where there is more, and a button there leads on who has only a pointer.

import { node } from "./elements.js";

const STEP = 0.7; // of the room

/** `row` inside a block with the two buttons, and `draw` for when what is in the row has changed. */
export function sideways(life, row) {
  const button = (way, sign) => {
    const one = node("button", { type: "button", class: `kd-sideways-${way}`, tabindex: "-1", "aria-hidden": "true", hidden: "" }, sign);
    life.listen(one, "click", () => {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      row.scrollBy({ left: (way === "on" ? STEP : -STEP) * row.clientWidth, behavior: calm ? "auto" : "smooth" });
    });
    return one;
  };
  const [back, on] = [button("back", "‹"), button("on", "›")];
  const draw = () => {
    back.hidden = row.scrollLeft < 2;
    on.hidden = row.scrollWidth - row.clientWidth - row.scrollLeft < 2;
    row.classList.toggle("kd-more-back", !back.hidden);
    row.classList.toggle("kd-more-on", !on.hidden);
  };
  life.listen(row, "scroll", draw);
  const sizes = new ResizeObserver(draw);
  sizes.observe(row);
  life.onEnd(() => sizes.disconnect());
  return { root: node("div", { class: "kd-sideways" }, row, back, on), draw };
}
