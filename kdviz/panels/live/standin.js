// Plays the part of Jupyter in an exported page: models that are set and listened to, and nobody behind them.
(async () => {
  const exported = JSON.parse(document.getElementById("kd-export").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  /** Numbers travel as base64 and are seen as what Jupyter gives a widget: a DataView. */
  function revived(value) {
    if (Array.isArray(value)) return value.map(revived);
    if (value === null || typeof value !== "object") return value;
    if (typeof value.base64 === "string") return new DataView(bytes(value.base64).buffer);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
  }

  function standIn(state, answer) {
    const callbacks = new Map();
    const emit = (event, ...told) => {
      for (const callback of [...(callbacks.get(event) ?? [])]) callback(...told);
    };
    const model = {
      exported: true,
      emit,
      get: (name) => state[name],
      set(name, value) {
        if (state[name] === value) return;
        state[name] = value;
        emit(`change:${name}`, model, value);
        emit("change", model);
      },
      on: (event, callback) => void callbacks.set(event, [...(callbacks.get(event) ?? []), callback]),
      off: (event, callback) => void callbacks.set(event, (callbacks.get(event) ?? []).filter((kept) => kept !== callback)),
      save_changes() {},
      send: (content) => answer(model, content ?? {}),
      widget_manager: { get_model: async (id) => models.get(id) ?? Promise.reject(new Error(`there is no model ${id}`)) },
    };
    return model;
  }

  /** The scene is asked for the film of a run, once, when the run is shown. */
  async function bringFilm(scene, films, run) {
    const film = films?.[run];
    if (!film) return;
    const stream = new Blob([bytes(film.packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const numbers = await new Response(stream).arrayBuffer();
    const size = numbers.byteLength / film.steps.length;
    const frames = film.steps.map((step, i) => ({ run, step, scale: film.scales[i] }));
    scene.emit("msg:custom", { frames, whole: run }, frames.map((_, i) => new DataView(numbers, i * size, size)));
  }

  // What a list of runs asks Python for, as far as it can be done without.
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

  function obey(view, content) {
    const scene = models.get((view.get("scene") ?? "").replace("IPY_MODEL_", ""));
    if (scene && Object.hasOwn(commands, content.command)) commands[content.command](scene, content);
  }

  const models = new Map();
  for (const [id, state] of Object.entries(exported.models)) {
    const films = exported.films[id];
    const answer = films ? (scene, { need }) => need !== undefined && bringFilm(scene, films, need) : obey;
    models.set(id, standIn(revived(state), answer));
  }
  const modules = exported.modules.map((text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  await Promise.all([...document.querySelectorAll("[data-model]")].map(async (el) => {
    try {
      const module = await import(modules[exported.module_of[el.dataset.model]]);
      await module.default.render({ model: models.get(el.dataset.model), el });
    } catch (error) {
      console.error(error);
      el.className = "kd-undrawn";
      el.textContent = "This part could not be drawn; a newer browser may.";
    }
  }));
  document.body.dataset.kdReady = "true";
})();
