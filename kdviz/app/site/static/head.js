// Stands in the head: what must be known before the page is painted. Follows theme.js.
(() => {
  const root = document.documentElement;
  const KEY = "kdviz-site-theme";
  root.classList.add("kd-js");

  const kept = () => {
    try {
      return localStorage.getItem(KEY) ?? "auto";
    } catch {
      return "auto";
    }
  };

  kdviz.chosenTheme = kept;
  kdviz.chooseTheme = (name) => {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // It holds for this page.
    }
    document.body.dataset.kdTheme = name;
    kdviz.theme.paint();
  };

  const begin = () => {
    document.body.dataset.kdTheme = kept();
    kdviz.theme.paint();
  };
  if (document.body) begin();
  else {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      observer.disconnect();
      begin();
    }).observe(root, { childList: true });
  }
})();
