// What a lesson computes after a question waits until that is answered: all cells of a page run by themselves.
// The same holds on the course's website; kdviz/app/site/cells.py says which cells wait for what.
kdviz.waiting = (() => {
  const { t } = kdviz.page;
  const answered = new Map(); // by the question's name
  const shown = new Set(); // cells that the reader wants to see all the same
  /** The names that a cell's code calls a method of the lesson with. */
  function namesIn(cell, method) {
    const source = cell.querySelector("details.kd-fold pre")?.textContent ?? "";
    return [...source.matchAll(new RegExp(`\\blesson\\.${method}\\(\\s*["']([\\w-]+)["']`, "g"))].map(([, name]) => name);
  }

  /** What stands in a text before the heading that begins another section; null where none begins. */
  function endOfSection(cell) {
    const begins = cell.querySelector(".jp-MarkdownCell :is(h1, h2), .jp-RenderedMarkdown :is(h1, h2)");
    if (!begins) return null;
    const all = [...begins.parentElement.children];
    return all.slice(0, all.indexOf(begins));
  }

  const isCode = (cell) => cell.querySelector("details.kd-fold") !== null;
  const brings = (cell) => cell.querySelector(".jp-OutputArea-child, script[type='application/vnd.voila.cell-output+json']") !== null;
  const isExercise = (cell) => /\blesson\.check\(/.test(cell.querySelector("details.kd-fold pre")?.textContent ?? "");

  /** For each cell, or what ends a section in it, the questions that it waits for; a text waits once something before it does. */
  function arranged(cells) {
    let [asked, forText] = [[], []];
    const waitsFor = (cell) => {
      const asks = namesIn(cell, "ask");
      asked = [...new Set([...asked, ...namesIn(cell, "see")])];
      if (asks.length || /\blesson\.(quiz|finish)\(/.test(cell.textContent)) {
        asked = [...new Set([...asked, ...asks])];
        forText = [];
        return [];
      }
      if (brings(cell) && !isExercise(cell)) forText = asked;
      return forText;
    };
    return cells.flatMap((cell) => {
      if (isCode(cell)) return [[cell, waitsFor(cell)]];
      const ends = endOfSection(cell);
      if (!ends) return [[cell, forText]];
      const parts = ends.map((part) => [part, forText]);
      [asked, forText] = [[], []];
      return parts;
    });
  }

  function draw() {
    const cells = [...document.querySelectorAll("#rendered_cells [cell-index]")];
    let [before, opened] = [false, false];
    const all = arranged(cells);
    const parts = new Set(all.map(([part]) => part));
    for (const one of document.querySelectorAll("#rendered_cells [data-kd-waits]")) { // a cell whose heading had not come yet
      if (!parts.has(one)) one.removeAttribute("data-kd-waits");
    }
    for (const [part, names] of all) {
      const waits = names.some((name) => !answered.get(name)) && !shown.has(part);
      if (!waits && "kdWaits" in part.dataset) opened = true;
      part.toggleAttribute("data-kd-waits", waits);
      part.classList.toggle("kd-waits-first", waits && !before && cells.includes(part)); // its place tells that something waits
      before = waits;
    }
    for (const cell of cells) {
      const place = cell.querySelector(":scope > .kd-waits-note");
      if (cell.classList.contains("kd-waits-first") && !place) cell.prepend(noteOn(cell));
      else if (place && !cell.classList.contains("kd-waits-first")) place.remove();
    }
    if (opened) dispatchEvent(new Event("resize")); // what was drawn unseen takes its width
  }

  function noteOn(first) {
    const own = document.createElement("p");
    own.className = "kd-notice kd-waits-note";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t("Show it now");
    own.append(t("What came is shown once you have answered the question above."), " ", button);
    button.addEventListener("click", () => {
      const all = [...document.querySelectorAll("[data-kd-waits]")];
      for (const part of all.slice(all.indexOf(first))) {
        if (part !== first && part.classList.contains("kd-waits-first")) break; // another question's
        shown.add(part);
      }
      draw();
      first.tabIndex = -1;
      first.focus();
    });
    return own;
  }

  document.addEventListener("kdviz-question", ({ detail }) => {
    const name = detail.key.split("/").at(-1);
    if (answered.get(name) === detail.answered) return;
    answered.set(name, detail.answered);
    draw();
  });
  const coming = new MutationObserver(() => (document.body.dataset.kdReady ? coming.disconnect() : draw())); // before it is painted
  coming.observe(document.body, { childList: true, subtree: true });
  return { draw };
})();
