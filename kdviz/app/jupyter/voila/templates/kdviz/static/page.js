// A calm loading line, and a word when the connection to the kernel is gone.
kdviz.page = (() => {
  const PATIENCE_MS = 20000; // a page whose widgets never come must still lose its loading line
  const LOST_AFTER_MS = 8000; // Jupyter's own client tries again for a while
  const byId = (id) => document.getElementById(id);

  function say(text, share) {
    byId("kd-loading-text").textContent = text;
    byId("kd-loading-done").style.width = `${Math.round(100 * share)}%`;
  }

  function ran(cell, cells) {
    if (cell < cells) say(`Running cell ${cell + 1} of ${cells} …`, (cell / cells) * 0.8);
  }

  // Each output waits in a script element until Voila's client has drawn it.
  function expected() {
    return [...document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]')];
  }

  // 4.7 MB of plotly that only a static figure needs: a FigureWidget brings its own.
  function dropUnused() {
    const element = byId("jupyter-config-data");
    if (!element || expected().some((one) => one.textContent.includes("application/vnd.plotly.v1+json"))) return;
    const config = JSON.parse(element.textContent);
    config.federated_extensions = config.federated_extensions.filter((one) => one.name !== "jupyterlab-plotly");
    element.textContent = JSON.stringify(config);
  }

  function finished() {
    dropUnused();
    say("Drawing the page …", 0.9);
    const widgets = expected().some((one) => one.textContent.includes("application/vnd.jupyter.widget-view+json"));
    const drawn = () =>
      widgets ? document.querySelector(".jp-OutputArea-output.lm-Panel > .lm-Widget > *") : !expected().length;
    const observer = new MutationObserver(() => drawn() && done());
    const timer = setTimeout(done, PATIENCE_MS);
    function done() {
      clearTimeout(timer);
      observer.disconnect();
      byId("kd-loading").remove();
      document.body.dataset.kdReady = "true";
      performance.mark("kd-ready");
    }
    if (drawn()) done();
    else observer.observe(byId("rendered_cells"), { childList: true, subtree: true });
  }

  // Voila's client calls this once its theme is there; the cells are shown from the start.
  window.voila_finish = () => {};
  window.voila_heartbeat = () => {};

  let leaving = false;
  let open = 0;
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));

  function watch(socket) {
    let counted = false;
    socket.addEventListener("open", () => {
      counted = true;
      open += 1;
      byId("kd-lost").hidden = true;
    });
    socket.addEventListener("close", () => {
      if (counted) open -= 1;
      setTimeout(() => {
        if (!open && !leaving) byId("kd-lost").hidden = false;
      }, LOST_AFTER_MS);
    });
  }

  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(url, ...rest);
      if (String(url).includes("/channels")) watch(this);
    }
  };

  return { ran, finished };
})();
