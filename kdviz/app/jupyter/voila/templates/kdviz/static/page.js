// A calm loading line, and a word when the connection to the kernel is gone.
kdviz.page = (() => {
  const PATIENCE_MS = 20000; // a page whose widgets never come must still lose its loading line
  const LOST_AFTER_MS = 8000; // Jupyter's own client tries again for a while
  const STATUS_BYTES = 4096; // messages on a kernel's state are short; the others need not be read
  const byId = (id) => document.getElementById(id);

  // The texts of this file, by language; a link may ask for one.
  const words = JSON.parse(byId("kd-words")?.textContent ?? "{}");
  const asked = new URLSearchParams(location.search).get("lang");
  const language = asked === "en" || words.texts?.[asked] ? asked : words.language;
  const texts = words.texts?.[language] ?? {};
  const t = (text, values = {}) => (texts[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  if (language && language !== "en") document.documentElement.lang = language;

  function say(text, share) {
    byId("kd-loading-text").textContent = text;
    byId("kd-loading-done").style.width = `${Math.round(100 * share)}%`;
  }

  function ran(cell, cells) {
    if (cell < cells) say(t("Running cell {n} of {total} …", { n: cell + 1, total: cells }), (cell / cells) * 0.8);
  }

  // The page comes cell by cell: the part of a cell is here once it has run.
  let latest = null;
  let worded = false;
  const arrivals = new MutationObserver(() => {
    if (!worded && byId("kd-lost")?.querySelector("button")) {
      worded = true;
      say(t("Starting the kernel …"), 0);
      byId("kd-lost").querySelector("button").textContent = t("Start again");
    }
    const last = [...document.querySelectorAll("[cell-index]")].at(-1);
    if (!last || last === latest) return; // what the loading line says is a change as well
    latest = last;
    ran(Number(last.getAttribute("cell-index")), Number(last.dataset.kdOf));
  });
  arrivals.observe(document, { childList: true, subtree: true });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("#kd-lost button")) again();
  });

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
    arrivals.disconnect();
    dropUnused();
    say(t("Drawing the page …"), 0.9);
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
  let ended = false; // the kernel that this page was made by
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));

  function warn(what) {
    const sentences = [what, t("What is shown stays, but nothing can be changed. Press Start again.")];
    if (document.querySelector(".kd-transport")) sentences.push(t("The run that was kept is offered there."));
    byId("kd-lost-text").textContent = sentences.join(" ");
    byId("kd-lost").hidden = false;
  }

  // A reload that meets no server would leave nothing but the browser's error page.
  async function again() {
    try {
      await fetch(document.querySelector("link[rel=icon]").href, { cache: "no-store" });
      location.reload();
    } catch {
      byId("kd-lost-text").textContent = t("The server does not answer. If it was ended, run kdviz serve again; then press Start again.");
    }
  }

  /** What a message says of the kernel's state, in either of Jupyter's protocols; null if it says nothing of it. */
  function kernelState(data) {
    if ((data.byteLength ?? data.length ?? Infinity) > STATUS_BYTES) return null;
    try {
      const { header, content } = typeof data === "string" ? JSON.parse(data) : partsOf(data);
      return header.msg_type === "status" ? content.execution_state : null;
    } catch {
      return null;
    }
  }

  /** v1.kernel.websocket.jupyter.org: how many offsets, the offsets, then channel, header, parent, metadata, content. */
  function partsOf(buffer) {
    const view = new DataView(buffer);
    const offset = (i) => Number(view.getBigUint64(8 * (i + 1), true));
    const part = (i) => JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, offset(i), offset(i + 1) - offset(i))));
    return { header: part(1), content: part(4) };
  }

  // The server starts a kernel that died anew, under the same socket: alive, and without anything of this page.
  function listen(socket) {
    socket.addEventListener("message", ({ data }) => {
      if (ended || leaving || !["restarting", "dead"].includes(kernelState(data))) return;
      ended = true;
      warn(t("Python ended on the server."));
    });
  }

  const PROTOCOL = "v1.kernel.websocket.jupyter.org"; // the one that kdviz serve speaks
  const BEHIND = 4001; // the server's word for: messages to this page were lost

  function watch(socket) {
    let counted = false;
    listen(socket);
    socket.addEventListener("open", () => {
      counted = true;
      open += 1;
      if (!ended) byId("kd-lost").hidden = true;
    });
    socket.addEventListener("close", ({ code }) => {
      if (counted) open -= 1;
      if (code === BEHIND && !ended && !leaving) {
        ended = true;
        warn(t("This page was away for too long, and what Python said meanwhile is lost."));
      }
      setTimeout(() => {
        if (!open && !leaving && !ended) warn(t("The connection to Python was lost."));
      }, LOST_AFTER_MS);
    });
  }

  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      const kernel = String(url).includes("/channels");
      // After a first try that failed, Jupyter's client would offer no protocol, and speak an older one.
      super(url, ...(kernel ? [PROTOCOL] : rest));
      if (kernel) watch(this);
    }
  };

  return { finished };
})();
