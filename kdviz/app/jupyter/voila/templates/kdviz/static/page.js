// A calm loading line, what is wrong with the link, and a word when the connection to the kernel is gone.
kdviz.page = (() => {
  const PATIENCE_MS = 20000; // a page whose widgets never come must still lose its loading line
  const LOST_AFTER_MS = 8000; // Jupyter's own client tries again for a while
  const LINK_MS = 10000; // a link is followed by then, or the page is shown as it is
  const NO_LINKS_MS = 3000; // by then a page that follows links has said so
  const LOST_WIDGET = "Error displaying widget: model not found"; // Jupyter's words in place of a widget
  const LOOK_MS = 1000;
  const BEGUN_AGAIN = `kd-begun-again:${location.pathname}`;
  const MODULES_MS = 120000; // in place of the two seconds in which anywidget wants to have loaded a widget's module
  const STATUS_BYTES = 4096; // messages on a kernel's state are short; the others need not be read
  const byId = (id) => document.getElementById(id);

  // The texts of this file, by language; a link may ask for one.
  const words = JSON.parse(byId("kd-words")?.textContent ?? "{}");
  const asked = new URLSearchParams(location.search).get("lang");
  const language = asked === "en" || words.texts?.[asked] ? asked : words.language;
  const texts = words.texts?.[language] ?? {};
  const t = (text, values = {}) => (texts[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  if (language && language !== "en") document.documentElement.lang = language;

  // The link that opened the page. What only this page is concerned with (colours, language) is not waited for.
  const root = document.documentElement;
  const link = new URLSearchParams(location.search);
  const settings = [...link.keys()].filter((name) => !/^(voila-.*|token|theme|lang|present|learner)$/.test(name) && !isOfLesson(name));
  let followed = settings.length === 0 && (!link.has("present") || byId("kd-lesson") !== null);
  let onFollowed = () => {};
  if (!followed) root.dataset.kdLink = "waiting";
  if (["", "1"].includes(link.get("present"))) root.dataset.kdPresent = "true";
  document.addEventListener("kdviz-link", ({ detail }) => {
    if (detail.note) tellMistake(detail.note);
    // What was opened is on its way to its views: two frames, and it is drawn.
    requestAnimationFrame(() => requestAnimationFrame(reveal));
  });

  /** A lesson's own setting: its kernel has followed it, as it was started for this link. */
  function isOfLesson(name) {
    return name === "tell" && byId("kd-lesson") !== null && link.getAll(name).every((one) => ["at-once", "submitted", "never"].includes(one));
  }

  function reveal() {
    followed = true;
    delete root.dataset.kdLink;
    onFollowed();
  }

  /** On top of the page, where it is seen. */
  function tellMistake(text) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: t("Dismiss") });
    button.addEventListener("click", () => (byId("kd-mistake").hidden = true));
    byId("kd-mistake").replaceChildren(Object.assign(document.createElement("span"), { textContent: text }), button);
    byId("kd-mistake").hidden = false;
  }

  /** Done as soon as the link is followed; a page that follows none says so. */
  function whenFollowed(done) {
    if (followed) return done();
    const follows = document.querySelector(".kd-follows") !== null;
    onFollowed = done;
    setTimeout(() => {
      if (followed) return;
      if (settings.length && !document.querySelector(".kd-follows")) {
        tellMistake(t("This link has a mistake: this page has no settings of its own, and {names} was not followed.", { names: settings.join(", ").slice(0, 200) }));
      }
      reveal();
    }, follows ? LINK_MS : NO_LINKS_MS);
  }

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
      const index = document.querySelector(".kd-nav a");
      if (index) index.textContent = t("All pages");
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

  // A figure is at most as wide as the page, and keeps its height: plotly takes that of its place once it is fitted.
  function fitFigures() {
    const PLOTLY = "application/vnd.plotly.v1+json";
    const USUAL_HEIGHT = 360; // of Jupyter's renderer
    for (const one of expected()) {
      if (!one.textContent.includes(PLOTLY)) continue;
      const output = JSON.parse(one.textContent);
      const figure = output.data?.[PLOTLY];
      if (!figure) continue;
      const { width, ...layout } = figure.layout ?? {};
      // As on the course's website; an upper margin alone is Plotly Express's own, title or not.
      const margin = { l: 64, r: 16, t: layout.title || layout.annotations ? 56 : 16, b: 56 };
      if (Object.keys(layout.margin ?? {}).length < 2) layout.margin = margin;
      Object.assign(figure, { layout, config: { ...figure.config, responsive: true } });
      one.textContent = JSON.stringify(output);
      const { style } = one.parentElement;
      style.setProperty("--kd-figure-height", `${layout.height ?? USUAL_HEIGHT}px`);
      style.setProperty("--kd-figure-width", width ? `${width}px` : "none");
    }
  }

  let hasWidgets = false;
  function finished() {
    arrivals.disconnect();
    fitFigures();
    dropUnused();
    say(t("Drawing the page …"), 0.9);
    hasWidgets = expected().some((one) => one.textContent.includes("application/vnd.jupyter.widget-view+json"));
    const drawn = () => {
      if (!hasWidgets) return !expected().length;
      if (!byId("kd-lesson")) return document.querySelector(".jp-OutputArea-output.lm-Panel > .lm-Widget > *");
      // A lesson has many, and is read from the top: what is drawn late would push away what is being read.
      const places = [...document.querySelectorAll(".jp-OutputArea-output.lm-Panel")];
      return !expected().length && places.every((one) => one.querySelector(":scope > .lm-Widget > *"));
    };
    const observer = new MutationObserver(() => {
      if (hasLost()) {
        observer.disconnect(); // what follows is once: to load anew, or to say so
        begunAgain();
      } else if (drawn()) ready();
    });
    const timer = setTimeout(done, PATIENCE_MS);
    function done() {
      if (document.body.dataset.kdReady) return; // a link may be followed after the page was shown as it is
      clearTimeout(timer);
      observer.disconnect();
      if (!hasLost()) forget();
      byId("kd-loading").remove();
      document.body.dataset.kdReady = "true";
      performance.mark("kd-ready");
    }
    const ready = () => {
      observer.disconnect();
      if (!followed) say(t("Opening what the link asks for …"), 0.95);
      whenFollowed(done);
    };
    if (drawn()) ready();
    else observer.observe(byId("rendered_cells"), { childList: true, subtree: true });
  }

  /** Whether a widget did not arrive. */
  function hasLost() {
    return [...document.querySelectorAll("#rendered_cells .jupyter-widgets")].some((one) => !one.childElementCount && one.textContent === LOST_WIDGET);
  }

  /** On a busy machine a widget can get lost on its way. Nothing was done on the page yet: it is loaded anew, once. */
  function begunAgain() {
    try {
      if (sessionStorage.getItem(BEGUN_AGAIN)) return tellLost();
      sessionStorage.setItem(BEGUN_AGAIN, "true");
    } catch {
      return tellLost(); // a browser that remembers nothing would begin again and again
    }
    leaving = true;
    location.reload();
  }

  /**
   * Jupyter looks for a widget's model for two seconds, while the models come. On a busy machine they come meanwhile, and
   * it gives up without another look: it reads whether all models are there, and if so, says that this one is lost.
   */
  function lookAgain(manager) {
    let [there, looked] = [manager.restoredStatus, false];
    manager.restored.connect(() => (there = true));
    const read = () => {
      if (!there || looked) return there;
      setTimeout(() => {
        looked = true;
        manager.restored.emit(); // whatever is not drawn yet looks again
      }, LOOK_MS);
      return false;
    };
    Object.defineProperty(manager, "restoredStatus", { get: read });
  }

  // Voila's client is here, and with it the manager of widgets; there is none where the kernel has gone.
  Object.defineProperty(window, "jupyterapp", {
    configurable: true,
    set(app) {
      Object.defineProperty(window, "jupyterapp", { value: app, writable: true });
      if (app.widgetManager) lookAgain(app.widgetManager);
      else if (hasWidgets) begunAgain();
    },
  });

  function forget() {
    try {
      sessionStorage.removeItem(BEGUN_AGAIN);
    } catch {
      // nothing is remembered
    }
  }

  function tellLost() {
    byId("kd-lost-text").textContent = t("A part of this page did not arrive. Press Start again.");
    byId("kd-lost").hidden = false;
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
  const ENDED = 4002; // and for: the kernel that made this page is gone, and another has its name

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
      if (code === ENDED && !ended && !leaving) {
        ended = true;
        if (document.body.dataset.kdReady) warn(t("Python ended on the server."));
        else begunAgain(); // nothing was done on the page yet
      }
      setTimeout(() => {
        if (!open && !leaving && !ended) warn(t("The connection to Python was lost."));
      }, LOST_AFTER_MS);
    });
  }

  // On a busy machine modules take longer, plotly's above all; a widget whose module came late would hear nothing of Python.
  const timeout = AbortSignal.timeout?.bind(AbortSignal);
  AbortSignal.timeout = (ms) => timeout(ms === 2000 ? MODULES_MS : ms);

  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      const kernel = String(url).includes("/channels");
      // After a first try that failed, Jupyter's client would offer no protocol, and speak an older one.
      super(url, ...(kernel ? [PROTOCOL] : rest));
      if (kernel) watch(this);
    }
  };

  return { finished, t };
})();
