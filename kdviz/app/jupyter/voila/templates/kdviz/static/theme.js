// Light or dark: ?theme= in the address, else what the server was started with, else what the system prefers.
window.kdviz = {};

// The cookie has it by now. It must not be copied with a link, nor stand on a projector.
if (new URLSearchParams(location.search).has("token")) {
  const address = new URL(location.href);
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
}

kdviz.theme = (() => {
  const system = matchMedia("(prefers-color-scheme: dark)");

  function wish() {
    const asked = new URLSearchParams(location.search).get("theme");
    return asked === "light" || asked === "dark" ? asked : document.body?.dataset.kdTheme;
  }

  function paint() {
    const set = wish();
    const dark = set === "dark" || (set !== "light" && system.matches);
    const sheets = { "kd-light": !dark, "kd-dark": dark }; // the index has neither
    for (const [id, used] of Object.entries(sheets)) {
      const sheet = document.getElementById(id);
      if (sheet) sheet.media = used ? "all" : "not all";
    }
    document.documentElement.dataset.kdDark = String(dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    document.body.dataset.jpThemeLight = String(!dark);
    document.body.dataset.jpThemeName = dark ? "JupyterLab Dark" : "JupyterLab Light";
    document.body.classList.toggle("theme-dark", dark);
    document.body.classList.toggle("theme-light", !dark);
  }

  function start() {
    paint();
    system.addEventListener("change", paint);
  }

  // This script stands in the head: the colours are set when the body comes, before it is painted.
  if (document.body) start();
  else {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      observer.disconnect();
      start();
    }).observe(document.documentElement, { childList: true });
  }

  return { start, paint };
})();
