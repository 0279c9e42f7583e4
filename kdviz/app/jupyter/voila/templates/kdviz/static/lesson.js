// A lesson's page: its bar (contents, what was answered, code), what is folded, and the lessons before and after it.
kdviz.lesson = (() => {
  const { t } = kdviz.page;
  const { count, forget, keep, read, write } = kdviz.answers;
  const CODE = "kdviz-code";
  const PRESENTED = "clamp(min(22px, 4vw), 1.31vw, 40px)"; // of the root, as presenting.js has it
  const root = document.documentElement;
  const { path, lab, lessons } = JSON.parse(document.getElementById("kd-lesson").textContent);
  const file = path.split("/").at(-1);
  const here = lessons.findIndex((one) => one.file === file);
  const questions = new Map(); // whether each has been answered, in the order of the page

  function node(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // The bar

  const index = document.getElementById("kd-lesson-bar").dataset.kdIndex;
  const progress = node("span", { class: "kd-lesson-answered" });
  const code = node("button", { type: "button", class: "kd-switch", role: "switch", "aria-label": t("Show all code") }, t("Code"));
  const headings = node("ol", {});
  const others = node("ol", {});
  const anew = node("button", { type: "button", class: "kd-anew" }, t("Forget my answers"));
  const contents = node("div", { id: "kd-contents", class: "kd-contents", popover: "" },
    node("p", {}, t("This lesson")), headings, anew, node("p", {}, t("All lessons")), others);
  const opener = node("button", { type: "button", popovertarget: "kd-contents", "aria-expanded": "false" }, t("Contents"));
  const bar = document.getElementById("kd-lesson-bar");
  bar.setAttribute("aria-label", t("Lesson"));
  const start = index ? [node("a", { class: "kd-start", href: index }, t("All pages"))] : [];
  bar.append(...start, opener, contents, progress, code);
  if (index) contents.append(node("a", { class: "kd-start", href: index }, t("All pages")));

  /** The address of another lesson of the folder, with what a lecturer's link says of all of them. */
  function addressOf(lesson) {
    const query = [...new URLSearchParams(location.search)].filter(([name]) => /^(tell|theme|lang|present|learner)$/.test(name));
    return `./${encodeURIComponent(lesson.file)}${query.length ? `?${new URLSearchParams(query)}` : ""}`;
  }

  function answered({ n, of }) {
    return of ? t("{n} of {of} answered", { n, of }) : "";
  }

  function drawContents() {
    const found = [...document.querySelectorAll("#rendered_cells .jp-MarkdownCell :is(h2, h3)[id]")];
    headings.replaceChildren(...found.map((one) =>
      node("li", { class: `kd-level-${one.tagName.at(-1)}` }, node("a", { href: `#${encodeURIComponent(one.id)}` }, textOf(one)))));
    others.replaceChildren(...lessons.map((one, i) => {
      const minutes = one.minutes ? t("{n} min", { n: one.minutes }) : "";
      const done = count(path.slice(0, path.length - file.length) + one.file);
      const kept = done.n ? answered(done) : "";
      const current = i === here ? { "aria-current": "page" } : {};
      const more = [minutes, kept].filter(Boolean).join(" · ");
      return node("li", {}, node("a", { href: addressOf(one), ...current }, one.title), ...(more ? [node("span", {}, more)] : []));
    }));
    anew.hidden = count(path).n === 0;
  }

  function textOf(heading) {
    const copy = heading.cloneNode(true);
    for (const anchor of copy.querySelectorAll(".anchor-link")) anchor.remove();
    return copy.textContent.trim();
  }

  contents.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "open") return;
    drawContents();
    contents.style.setProperty("--kd-below", `${Math.round(bar.getBoundingClientRect().bottom)}px`);
  });
  contents.addEventListener("toggle", ({ newState }) => opener.setAttribute("aria-expanded", String(newState === "open")));
  contents.addEventListener("click", ({ target }) => target.closest("a") && contents.hidePopover());
  anew.addEventListener("click", () => {
    forget(path);
    location.reload();
  });

  // What was answered: each question tells of itself when it is drawn, and when it is answered.

  function drawProgress() {
    const n = [...questions.values()].filter(Boolean).length;
    progress.textContent = answered({ n, of: questions.size });
    bar.style.setProperty("--kd-share", String(questions.size ? n / questions.size : 0));
  }

  document.addEventListener("kdviz-question", ({ detail }) => {
    const known = questions.has(detail.key);
    questions.set(detail.key, detail.answered);
    if (!known) keep(path, [...questions.keys()]);
    drawProgress();
  });

  // Code is folded; the switch shows all of it, that which only draws too.

  function showCode(all) {
    if (all) root.dataset.kdCode = "all";
    else delete root.dataset.kdCode;
    code.setAttribute("aria-checked", String(all));
    for (const one of document.querySelectorAll("details.kd-fold")) one.open = all;
  }

  code.addEventListener("click", () => {
    const all = root.dataset.kdCode !== "all";
    write(CODE, all ? "all" : null);
    showCode(all);
  });

  /** What comes with a cell: its code as it is wanted, its texts in the page's language. */
  function dress(cell) {
    for (const one of cell.querySelectorAll("details.kd-fold")) {
      one.open = root.dataset.kdCode === "all";
      one.querySelector("summary").textContent = t("Code");
    }
    for (const one of cell.querySelectorAll(".kd-exercises:empty")) one.append(...howToWrite());
  }

  function howToWrite() {
    if (lab) {
      const said = t("Exercises are written in a notebook; this page shows what they ask.");
      return [node("span", {}, said), " ", node("a", { href: lab }, t("Open this lesson in JupyterLab"))];
    }
    const [before, after] = t("Exercises are written in a notebook; this page shows what they ask. Open this lesson in JupyterLab, with {command}, or on Binder.").split("{command}");
    return [node("span", {}, before, node("code", {}, `jupyter lab ${file}`), after)];
  }

  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const one of addedNodes) if (one instanceof Element) dress(one);
  }).observe(document.body, { childList: true, subtree: true });
  showCode(read(CODE) === "all");

  // In front of a class: large type, and the bar only where the pointer or the focus is.

  if (root.dataset.kdPresent) root.style.fontSize = PRESENTED;
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !root.dataset.kdPresent || contents.matches(":popover-open")) return;
    delete root.dataset.kdPresent;
    root.style.fontSize = "";
    const address = new URL(location.href);
    address.searchParams.delete("present");
    history.replaceState(history.state, "", address);
  });

  // Below the last cell: the lessons before and after, of those that have a place.

  function finished() {
    code.hidden = !document.querySelector("details.kd-fold");
    const placed = lessons.filter((one) => one.place);
    const at = placed.indexOf(lessons[here]);
    if (at < 0) return;
    const around = document.getElementById("kd-around");
    around.setAttribute("aria-label", t("Lessons before and after"));
    const ways = [[placed[at - 1], "prev", t("Lesson before")], [placed[at + 1], "next", t("Next lesson")]];
    for (const [lesson, rel, said] of ways) {
      if (lesson) around.append(node("a", { href: addressOf(lesson), rel }, node("span", {}, said), node("b", {}, lesson.title)));
    }
  }

  return { finished };
})();
