// Texts of lessons: `code` and *emphasis* are marked as in a notebook's text, and drawn as nodes, never as HTML.

import { changing, node } from "../shared/elements.js";

const MARKED = /(`[^`\n]+`|(?<![\w*])\*(?=[^\s*])[^*\n]*(?<=[^\s*])\*(?![\w*]))/;

/** A text as nodes: code and emphasis in elements of their own. */
export function marked(text) {
  return text.split(MARKED).filter(Boolean).map((part) => {
    if (!MARKED.test(part)) return part;
    return node(part[0] === "`" ? "code" : "em", { class: part[0] === "`" ? "kd-code-word" : null }, part.slice(1, -1));
  });
}

/** A text without its marks: for names that are read out. */
export function bare(text) {
  return text.split(MARKED).map((part) => (MARKED.test(part) ? part.slice(1, -1) : part)).join("");
}

/** An element whose text may be marked: `say(text)` writes it only when it differs. */
export function markedIn(element) {
  const differs = changing();
  return (text) => {
    if (differs(text)) element.replaceChildren(...marked(text));
  };
}
