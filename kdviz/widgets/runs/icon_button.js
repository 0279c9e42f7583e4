// A button that is an icon with a name.

import { node, put, svgNode } from "../shared/elements.js";

const RUN_ICONS = {
  hide: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4z",
  show: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM2.5 13.5l11-11",
  remove: "M4 4l8 8M12 4l-8 8",
};

export function iconButton(life, className, onClick) {
  const shape = svgNode("path", { fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" });
  const icon = svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape);
  const root = node("button", { type: "button", class: `kd-icon ${className}` }, icon);
  life.listen(root, "click", onClick);
  return {
    root,
    icon,
    draw(name, label) {
      put(shape, "d", RUN_ICONS[name]);
      put(root, "aria-label", label);
      put(root, "title", label);
    },
  };
}
