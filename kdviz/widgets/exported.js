// Opens a page in one file: its widgets, and what a list of runs asks Python for, as far as it can be done without.

import { dressed, widgetsOf } from "./stand_in.js";

const commands = {
  show: (scene, { run }) => {
    scene.set("shown_run", run);
    scene.set("step", null);
  },
  rename: (scene, { run, name }) => changeRun(scene, run, (one) => [{ ...one, name }]),
  hide: (scene, { run, hidden }) => changeRun(scene, run, (one) => [{ ...one, hidden }]),
  remove: (scene, { run }) => {
    changeRun(scene, run, () => []);
    const left = scene.get("runs");
    if (scene.get("shown_run") === run && left.length) commands.show(scene, { run: left[0].id });
  },
};

function changeRun(scene, run, change) {
  scene.set("runs", scene.get("runs").flatMap((one) => (one.id === run ? change(one) : [one])));
}

function obey({ model }, content, at) {
  const scene = model.get("scene");
  if (scene && Object.hasOwn(commands, content.command)) commands[content.command](at(scene).model, content);
}

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
