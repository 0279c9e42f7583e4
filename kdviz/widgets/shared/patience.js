// How long a view waits for Python, and what it says then.

import { t } from "./words.js";

export const PATIENCE_MS = 8000;

/** Under Voila a reload brings a fresh kernel; in a notebook the cell, run again, does. */
export function noAnswer() {
  const seconds = PATIENCE_MS / 1000;
  return document.body.dataset.voila
    ? t("Python has not answered for {seconds} seconds. If the kernel has died, reload the page: it offers the kept run.", { seconds })
    : t("Python has not answered for {seconds} seconds. If the kernel has died, run the cell again: it offers the kept run.", { seconds });
}
