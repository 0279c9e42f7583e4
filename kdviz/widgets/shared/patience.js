// How long a view waits for Python, and what it says then.

export const PATIENCE_MS = 8000;

/** Under Voila a reload brings a fresh kernel; in a notebook the cell, run again, does. */
export function noAnswer() {
  const again = document.body.dataset.voila ? "reload the page" : "run the cell again";
  return `Python has not answered for ${PATIENCE_MS / 1000} seconds; if the kernel has died, ${again}: the kept run is offered there.`;
}
