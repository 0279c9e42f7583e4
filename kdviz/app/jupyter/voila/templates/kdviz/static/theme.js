// Light or dark: ?theme= in the address, else what the server was started with, else what the system prefers.
window.kdviz = {};

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

  return { start };
})();
