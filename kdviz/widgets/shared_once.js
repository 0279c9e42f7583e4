
/** The shared modules of this page, loaded once however many views ask, and their style sheet put into its head. */
async function sharedOnce(model) {
  const library = await model.widget_manager.get_model(model.get("_library").replace("IPY_MODEL_", ""));
  const loaded = (globalThis.kdvizLibraries ??= new Map());
  const mark = library.get("mark");
  if (!loaded.has(mark)) {
    const url = URL.createObjectURL(new Blob([library.get("text")], { type: "text/javascript" }));
    loaded.set(mark, import(url).then((module) => module.default));
  }
  if (!document.querySelector(`style[data-kdviz="${mark}"]`)) {
    const style = document.createElement("style");
    style.dataset.kdviz = mark;
    style.textContent = library.get("style");
    document.head.prepend(style);
  }
  return loaded.get(mark);
}

let drawn = null;

export default {
  async render(context) {
    drawn ??= drawnWith(await sharedOnce(context.model));
    return drawn.render(context);
  },
};
