// The address of a page that Voila serves: it says what was chosen, so that a reload or a copied link comes back to it.

import { commit } from "./elements.js";

const chosen = new WeakSet(); // models of which something was chosen by hand

/** What a reader chooses: sent to Python, whose link is kept in the address from now on. */
export function choose(model, values) {
  byHand(model);
  commit(model, values);
}

/** Something was chosen of this model: an address that opened a page is not written over by what it opens with. */
export function byHand(model) {
  chosen.add(model);
}

/** Keep the link that Python writes in `query` in the page's address, as far as it is of `own` parameters. */
export function followLink(model, life, own) {
  life.watch(["query"], () => {
    if (!chosen.has(model) || !document.body.dataset.voila) return;
    history.replaceState(history.state, "", addressWith(location.search, own, model.get("query")) || location.pathname);
  });
}

/** The query of an address with a page's own parameters in place of those it had. */
export function addressWith(search, own, query) {
  const made = new URLSearchParams(search);
  for (const name of own) made.delete(name);
  for (const [name, value] of new URLSearchParams(query)) made.set(name, value);
  return made.size ? `?${made}` : "";
}
