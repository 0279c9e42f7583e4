// Where a browser keeps what a learner did: pages of Voila, whose kernel ends with them, and pages in one file.

export const ANSWER = "kdviz-answer:";
export const SUBMITTED = "kdviz-submitted:";

/**
 * `{ get(), put(text) }` for one text, by its prefix and what `key` gives; nothing is kept where a notebook keeps it.
 *
 * @param {any} model
 * @param {string} prefix
 * @param {() => string} key
 */
export function remembered(model, prefix, key) {
  const keeps = () => Boolean(document.body.dataset.voila || model.exported) && key() !== "";
  const name = () => `${prefix}${key()}`;
  return {
    get() {
      try {
        return keeps() ? (localStorage.getItem(name()) ?? "") : "";
      } catch {
        return "";
      }
    },
    put(text) {
      if (!keeps()) return;
      try {
        if (text) localStorage.setItem(name(), text);
        else localStorage.removeItem(name());
      } catch {
        // It lasts as long as the page.
      }
    },
  };
}
