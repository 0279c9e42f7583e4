// A term whose definition is one hover, focus or tap away. Escape hides it.

import { node, uniqueId } from "./elements.js";

export function definition(life, term, meaning) {
  const id = uniqueId("definition");
  const tip = node("span", { class: "kd-tip", role: "tooltip", id }, meaning);
  const button = node("button", { type: "button", class: "kd-term", "aria-describedby": id }, term);
  const root = node("span", { class: "kd-definition" }, button, tip);
  const show = () => {
    root.classList.add("kd-open");
    const box = tip.getBoundingClientRect();
    const room = root.closest(".kd").getBoundingClientRect();
    tip.style.setProperty("--kd-shift", `${Math.min(0, room.right - 8 - box.right)}px`);
  };
  const hide = () => {
    root.classList.remove("kd-open");
    tip.style.removeProperty("--kd-shift");
  };
  life.listen(root, "pointerenter", show);
  life.listen(root, "pointerleave", hide);
  life.listen(button, "focus", show);
  life.listen(button, "blur", hide);
  life.listen(button, "click", show);
  life.listen(document, "keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  return root;
}
