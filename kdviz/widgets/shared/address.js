// The address of a page that Voila serves: it says what was chosen, so that a reload or a copied link comes back to it.

/** Write values into the page's address; an empty one goes. */
export function keepInAddress(values) {
  if (!document.body.dataset.voila) return;
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  history.replaceState(null, "", `?${query}`);
}
