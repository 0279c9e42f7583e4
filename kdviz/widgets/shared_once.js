import { hears, patient } from "./patient.js";

/** The shared modules of this page; their style sheet is put where this view stands, once. */
async function sharedOnce({ model, el, host }) {
  const { exports: library } = await host.getWidget(model.get("_library"));
  const root = el.getRootNode();
  const head = root instanceof ShadowRoot ? root : document.head;
  if (!head.querySelector(`style[data-kdviz="${library.mark}"]`)) {
    const style = document.createElement("style");
    style.dataset.kdviz = library.mark;
    style.textContent = library.style;
    head.prepend(style);
  }
  return library.shared;
}

let drawn = null;

export default {
  initialize: ({ model }) => void hears(model),
  async render(given) {
    const context = { ...given, host: patient(given.host) };
    context.el.classList.add(...context.model.get("_dom_classes"));
    const shared = await sharedOnce(context);
    drawn ??= drawnWith(shared);
    return drawn.render(context);
  },
};
