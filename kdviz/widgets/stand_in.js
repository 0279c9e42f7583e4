// Plays the part of Jupyter where there is none, in a page in one file and in tests: models that are set and listened
// to, widgets that compose one another as anywidget has them do, and nobody behind them.

/**
 * The widgets of a page by id, from what `stand_in.py` wrote: `{ model, films, render({ el, signal }) }`.
 * What a view sends goes to `answer(widget, content, at)`, except for films; `at(reference)` gives another widget.
 */
export function widgetsOf(page, answer = (..._) => {}) {
  const widgets = new Map();
  const at = (reference) => {
    const id = reference.replace(/^(anywidget:|IPY_MODEL_)/, "");
    if (!widgets.has(id)) throw new Error(`there is no widget ${id}`);
    return widgets.get(id);
  };
  const host = {
    getModel: async (reference) => at(reference).model,
    getWidget: async (reference) => {
      const { exported, render } = at(reference);
      return { exports: await exported(), render };
    },
  };
  const urls = page.modules.map((text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  for (const [id, state] of Object.entries(page.models)) {
    const films = page.films[id];
    const hear = (content) => (content.need !== undefined && films ? bringFilm(widget.model, films[content.need], content.need) : answer(widget, content, at));
    const widget = { films, ...composed(modelOf(revived(state), hear), urls[page.module_of[id]], host) };
    widgets.set(id, widget);
  }
  return widgets;
}

/** The style sheets of a page's widgets, which its host puts into its head. */
export function dressed(page) {
  for (const sheet of page.sheets) {
    const style = document.createElement("style");
    style.textContent = sheet;
    document.head.append(style);
  }
}

/** A model with its widget's code, which is loaded once: what it exports, and views of it. */
function composed(model, url, host) {
  let loading = null;
  const exported = async () => {
    const [, given] = await (loading ??= load());
    return given;
  };
  const load = async () => {
    const { default: code } = await import(url);
    return [code, await code.initialize?.({ model })];
  };
  const render = async ({ el, signal = new AbortController().signal }) => {
    await exported();
    const [code] = await loading;
    const end = await code.render({ model, el, host, signal });
    signal.addEventListener("abort", () => end?.());
    return end;
  };
  return { model, exported, render };
}

/** What a widget asks of its model. */
function modelOf(state, answer) {
  const listeners = {};
  const model = {
    state,
    listeners,
    emit(event, ...values) {
      for (const callback of [...(listeners[event] ?? [])]) callback(...values);
    },
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      model.emit(`change:${name}`, model, value);
      model.emit("change", model);
    },
    on: (event, callback) => void (listeners[event] ??= []).push(callback),
    off: (event, callback) => void (listeners[event] = (listeners[event] ?? []).filter((kept) => kept !== callback)),
    save_changes() {},
    send: (content) => answer(content ?? {}),
  };
  return model;
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Numbers travel as base64 and are seen as what Jupyter gives a widget: a DataView. */
function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.base64 === "string") return new DataView(bytes(value.base64).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
}

/** The numbers of a film, unpacked once. */
export async function unpacked(film) {
  if (!film.numbers) {
    const stream = new Blob([bytes(film.packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
    film.numbers = await new Response(stream).arrayBuffer();
  }
  return film.numbers;
}

/** A scene is sent the film of a run, for which it asks once, when the run is shown. */
async function bringFilm(scene, film, run) {
  if (!film) return;
  const numbers = await unpacked(film);
  const size = numbers.byteLength / film.steps.length;
  const frames = film.steps.map((step, i) => ({ run, step, scale: film.scales[i] }));
  scene.emit("msg:custom", { frames, whole: run }, frames.map((_, i) => new DataView(numbers, i * size, size)));
}
