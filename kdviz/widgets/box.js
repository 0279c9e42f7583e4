import { hears, patient } from "./patient.js";

// A box of widgets. They are composed by anywidget itself, so that a page lives wherever anywidgets do.
export default {
  initialize: ({ model }) => void hears(model),
  async render({ model, el, host, signal }) {
    el.classList.add(...model.get("_dom_classes"));
    let shown = new AbortController();

    async function place(reference) {
      const child = document.createElement("div");
      el.append(child);
      try {
        const widget = await patient(host).getWidget(reference);
        await widget.render({ el: child, signal: AbortSignal.any([signal, shown.signal]) });
      } catch (error) {
        if (shown.signal.aborted || signal.aborted) return;
        console.error(error);
        child.className = "kd-undrawn";
        child.textContent = model.get("undrawn");
      }
    }

    async function draw() {
      shown.abort();
      shown = new AbortController();
      el.replaceChildren();
      await Promise.all(model.get("children").map(place));
    }

    model.on("change:children", draw);
    await draw();
    return () => {
      model.off("change:children", draw);
      shown.abort();
    };
  },
};
