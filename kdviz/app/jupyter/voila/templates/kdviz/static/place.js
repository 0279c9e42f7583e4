// A page that waits for a seat: says its place in the line, and opens by itself.
document.addEventListener("DOMContentLoaded", () => {
  const EVERY_MS = 3000;
  const shown = document.getElementById("kd-place");
  async function look() {
    try {
      const answer = await fetch(document.body.dataset.kdPlace, { cache: "no-store" });
      const { place, says } = await answer.json();
      if (place === 0) return location.reload();
      if (shown.textContent !== says) shown.textContent = says; // a screen reader hears changes alone
    } catch {
      // the server is busy: the next look will do
    }
    setTimeout(look, EVERY_MS);
  }
  setTimeout(look, EVERY_MS);
});
