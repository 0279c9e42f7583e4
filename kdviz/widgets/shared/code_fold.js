// A text of code, one click away, with a button that copies it.

import { copyButton } from "./copy.js";
import { node, say } from "./elements.js";
import { t } from "./words.js";

/** A fold that is hidden where there is no code; `look` is its class, `name` what a screen reader calls the code. */
export function codeFold(life, look, name) {
  const text = node("pre", { class: "kd-share-code", tabindex: "0", "aria-label": name });
  const told = node("span", { class: "kd-note", role: "status" });
  const place = node("span", { class: "kd-note" });
  const row = node("div", { class: "kd-share-row" }, copyButton(life, t("Copy"), text, told), place, told);
  const root = node("details", { class: look }, node("summary", { class: "kd-share-tab kd-share-fold" }, t("Code")), node("div", { class: "kd-share-part" }, text, row));
  return {
    root,
    draw(code, file = "") {
      root.hidden = code === "";
      say(text, code);
      say(place, file);
      place.hidden = file === "";
    },
  };
}
