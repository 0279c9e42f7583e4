// Keys that are pressed in a view are its own: JupyterLab would take arrows, letters and Enter as its shortcuts, and two
// presses of "d" on a slider would delete the cell.

const SUPPRESS = "data-lm-suppress-shortcuts"; // JupyterLab looks for it at what has the focus, and upwards from there
const KEPT = "kdvizKeepsKeys";

/** Keep plain keys in views from JupyterLab, once for a page; those with Ctrl, Alt or Meta, and Shift+Enter, stay its. */
export function keepKeys() {
  const page = /** @type {any} */ (window);
  if (page[KEPT]) return;
  page[KEPT] = true;
  // before the document, where JupyterLab listens
  addEventListener("keydown", (event) => {
    const path = event.composedPath();
    if (!path.some((one) => one instanceof Element && one.classList.contains("kd"))) return;
    const hosts = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    const focused = path[0];
    if (focused instanceof Element) focused.toggleAttribute(SUPPRESS, !hosts);
  }, { capture: true });
}
