// Opens a page in one file.

import { obey } from "./obeyed.js";
import { dressed, widgetsOf } from "./stand_in.js";

async function start() {
  const page = JSON.parse(document.getElementById("kd-export").textContent);
  dressed(page);
  const widgets = widgetsOf(page, obey);
  const root = /** @type {HTMLElement} */ (document.querySelector("[data-widget]"));
  for (const { model } of widgets.values()) model.exported = true;
  await widgets.get(root.dataset.widget).render({ el: root });
  document.body.dataset.kdReady = "true";
}

start();
