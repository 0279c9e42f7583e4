// What a list of runs asks Python for, as far as a page can do it alone.

const commands = {
  show: (scene, { run }) => {
    scene.set("shown_run", run);
    scene.set("step", null);
  },
  rename: (scene, { run, name }) => changeRun(scene, run, (one) => [{ ...one, name }]),
  hide: (scene, { run, hidden }) => changeRun(scene, run, (one) => [{ ...one, hidden }]),
};

function changeRun(scene, run, change) {
  for (const list of ["runs", "earlier"]) scene.set(list, scene.get(list).flatMap((one) => (one.id === run ? change(one) : [one])));
}

/** Does what a view asks of Python, as far as it can be done without. */
export function obey({ model }, content, at) {
  const scene = model.get("scene");
  if (scene && Object.hasOwn(commands, content.command)) commands[content.command](at(scene).model, content);
}
