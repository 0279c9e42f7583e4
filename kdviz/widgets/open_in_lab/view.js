// OpenInLab: the runs of this page in the Lab, below it, and a link to a run like them.

import { hasAddress } from "../shared/copy.js";
import { announcer, drawing, lifetime, node, put, say } from "../shared/elements.js";
import { LANGUAGE, t } from "../shared/words.js";
import "./style.css";

const OTHER_PAGE = /[^/]*$/; // the last part of an address, in whose place the Lab's stands

function render({ model, el }) {
  const life = lifetime(model);
  el.classList.add("kd-host", "kd-host-open-in-lab");
  const live = announcer(life);
  const open = node("button", { type: "button", class: "kd-button" }, t("Open in the Lab"));
  const close = node("button", { type: "button", class: "kd-button" }, t("Close the Lab"));
  const note = node("p", { class: "kd-note" });
  const link = node("a", { target: "_blank", rel: "noopener" });
  const like = node("p", { class: "kd-note" }, link, ` ${t("(in a new tab)")}`);
  el.replaceChildren(node("div", { class: "kd kd-open-in-lab", lang: LANGUAGE }, node("div", { class: "kd-open-in-lab-row" }, open, close, note), like, live.region));
  let waiting = false;

  const painter = drawing(life, () => {
    const ready = model.get("ready");
    open.hidden = !model.get("possible");
    put(open, "aria-disabled", String(!ready || waiting));
    close.hidden = !model.get("opened");
    say(note, waiting ? t("Opening the Lab below …") : model.get("note"));
    live.announce(note.textContent);
    const query = model.get("query");
    like.hidden = !query || !hasAddress();
    if (!like.hidden) put(link, "href", location.pathname.replace(OTHER_PAGE, model.get("page")) + query);
    say(link, model.get("like"));
  });
  life.listen(open, "click", () => {
    if (open.getAttribute("aria-disabled") === "true") return;
    waiting = true;
    model.send({ command: "lab" });
    painter.soon();
  });
  life.listen(close, "click", () => {
    model.send({ command: "close_lab" });
    open.focus();
  });
  life.watch(["possible", "ready", "note", "query", "page", "like"], painter.soon);
  life.watch(["note", "opened"], () => {
    const fresh = waiting && model.get("opened");
    waiting = false;
    painter.soon();
    if (!fresh) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    el.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  });
  painter.now();
  return () => life.end();
}

export default { render };
