// What is taken away from a page: text that a button copies (or selects, where copying is not allowed), and its address.

import { node, say } from "./elements.js";
import { t } from "./words.js";

const COPIED_FOR_MS = 3000;

export function copyButton(life, name, holder, told) {
  const button = node("button", { type: "button", class: "kd-button" }, name);
  let timer = 0;
  const answer = (text) => {
    say(told, text);
    clearTimeout(timer);
    timer = setTimeout(() => say(told, ""), COPIED_FOR_MS);
  };
  life.onEnd(() => clearTimeout(timer));
  life.listen(button, "click", async () => {
    try {
      await navigator.clipboard.writeText(holder.value ?? holder.textContent);
      answer(t("Copied."));
    } catch {
      selectAll(holder);
      answer(t("Selected: press Ctrl+C, or ⌘C, to copy."));
    }
  });
  return button;
}

function selectAll(holder) {
  holder.focus();
  if (holder.select) holder.select();
  else getSelection().selectAllChildren(holder);
}

/** Whether this page has an address that makes it anew: one that a server renders, not a notebook and not a file. */
export function hasAddress() {
  return location.protocol.startsWith("http") && Boolean(document.body.dataset.voila);
}
