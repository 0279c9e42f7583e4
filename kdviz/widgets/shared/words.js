// The words that readers see, in the page's language. The English text is the key; kdviz/words has the other languages.

const known = typeof kdvizWords === "undefined" ? { language: "en", texts: {} } : kdvizWords;

export const LANGUAGE = known.language;

/** t("Step {step}", { step: 4 }): a whole text in the page's language, its {places} filled. */
export function t(text, values = {}) {
  return filled(known.texts[text] ?? text, values);
}

/** The text for one or for many; `{n}` is the number unless `values` has it otherwise. */
export function tn(one, many, n, values = {}) {
  return filled((known.texts[one] ?? [one, many])[n === 1 ? 0 : 1], { n, ...values });
}

/**
 * A text with nodes in its places, as what `node(...)` takes: for a sentence with a definition or a number inside.
 *
 * @returns {(string | Node)[]}
 */
export function tParts(text, nodes) {
  return (known.texts[text] ?? text).split(/(\{\w+\})/).filter(Boolean).map((part) => nodes[part.slice(1, -1)] ?? part);
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
