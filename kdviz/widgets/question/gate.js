import { hears, patient } from "../patient.js";

// A box whose widgets are drawn once it is open: before, nothing of them is on the page.
export default {
  initialize: ({ model }) => void hears(model),
  async render({ model, el, host, signal }) {
    el.classList.add(...model.get("_dom_classes"));
    let shown = null;

    async function place(reference) {
      const child = document.createElement("div");
      el.append(child);
      const ends = AbortSignal.any([signal, shown.signal]);
      try {
        const widget = await patient(host).getWidget(reference);
        if (!ends.aborted) await widget.render({ el: child, signal: ends });
      } catch (error) {
        if (ends.aborted) return;
        console.error(error);
        child.className = "kd-undrawn";
        child.textContent = model.get("undrawn");
      }
    }

    async function draw() {
      const opened = model.get("opened");
      el.hidden = !opened;
      if (opened === (shown !== null)) return;
      shown?.abort();
      el.replaceChildren();
      shown = opened ? new AbortController() : null;
      if (opened) await Promise.all(model.get("children").map(place));
    }

    model.on("change:opened", draw);
    await draw();
    return () => {
      model.off("change:opened", draw);
      shown?.abort();
    };
  },
};
