// Share: the page as a link (or as a notebook's call), the run as a program, and back to what the link said.

import { composedCall, composedQuery, studentsPart } from "./students.js";
import { copyButton, hasAddress } from "../shared/copy.js";
import { card, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, joined } from "../shared/scene.js";
import { t, tParts } from "../shared/words.js";
import "./style.css";

const NO_RUN = t("Pause or finish a run to get its code.");
const ONLY_HERE = /^(127\..*|\[::1\]|localhost)$/;
const SERVE = "kdviz serve --ip 0.0.0.0 --anyone";

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "share", t("Share"));
  const note = node("p", { class: "kd-share-note", role: "status" });
  const link = linkPart(model, life);
  const code = codePart(life);
  const tabs = { link: tab(life, t("Link"), link.root), code: tab(life, t("Code"), code.root) };
  const reset = node("button", { type: "button", class: "kd-share-tab", title: t("Back to how the page opened; the run is set aside") }, t("Reset the page"));
  life.listen(reset, "click", () => model.send({ command: "opening" }));
  const line = node("div", { class: "kd-share-line", role: "group", "aria-label": t("Share") }, tabs.link.root, tabs.code.root, reset);
  body.append(note, line, link.root, code.root);

  const painter = drawing(life, () => {
    const [away, text] = [isHidden(model, "share"), model.get("note")];
    const offers = (name) => !away && model.get("offers").includes(name);
    const program = offers("code") && !isHidden(model, "code");
    el.hidden = away && !text;
    say(note, text);
    note.hidden = !text;
    line.hidden = away;
    tabs.code.root.hidden = !program;
    reset.hidden = !offers("opening");
    link.root.hidden = away || !tabs.link.open();
    code.root.hidden = !program || !tabs.code.open();
    link.draw();
    code.draw(model.get("code"));
  });
  for (const { root } of Object.values(tabs)) life.listen(root, "click", painter.now);
  life.watch(["query", "call", "code", "note", "hidden", "temperature", "offers"], painter.soon);
  painter.now();
  return () => life.end();
}

/** A button that opens and closes a part below the line. */
function tab(life, name, part) {
  part.id = uniqueId("share");
  const root = node("button", { type: "button", class: "kd-share-tab kd-share-fold", "aria-expanded": "false", "aria-controls": part.id }, name);
  const open = () => root.getAttribute("aria-expanded") === "true";
  life.listen(root, "click", () => put(root, "aria-expanded", open() ? "false" : "true"));
  return { root, open };
}

function linkPart(model, life) {
  const id = uniqueId("link");
  const name = node("label", { for: id, class: "kd-label" });
  const field = node("input", { id, class: "kd-share-text", readonly: "", spellcheck: "false" });
  const told = node("span", { class: "kd-note", role: "status" });
  const students = studentsPart(model, life, () => draw());
  const row = node("div", { class: "kd-share-row" }, field, copyButton(life, t("Copy"), field, told));
  const hint = node("p", { class: "kd-hint" });
  const reach = reachPart();
  const root = node("div", { class: "kd-share-part" }, name, row, told, hint, reach.root, students.root);
  const draw = () => {
    const [wishes, temperature, address] = [students.wishes(), (model.chosen ?? model.get).call(model, "temperature") ?? 4, hasAddress()];
    say(name, address ? t("Link to this page") : t("This page in a notebook"));
    say(hint, address ? t("The link holds your settings, not your runs.") : t("The last line of a cell."));
    reach.root.hidden = !address || reach.open;
    const text = address
      ? reach.base + location.pathname + composedQuery(model.get("query"), wishes, temperature)
      : composedCall(model.get("call"), wishes, temperature);
    if (field.value !== text) field.value = text;
  };
  life.listen(field, "focus", () => field.select());
  return { root, draw };
}

/**
 * Who can open the link. A page at 127.0.0.1 is opened by its own computer alone; where the server listens to others
 * too, it has told the page under which name.
 */
function reachPart() {
  const reachable = document.body.dataset.kdHost; // what others call this machine, where they may come
  if (!ONLY_HERE.test(location.hostname)) return { base: location.origin, open: true, root: node("p", {}) };
  if (reachable) {
    const base = `${location.protocol}//${reachable}${location.port ? `:${location.port}` : ""}`;
    return { base, open: false, root: node("p", { class: "kd-hint" }, t("Computers on your network can open it. It asks them for the token that kdviz serve printed.")) };
  }
  const command = node("code", {}, SERVE);
  const warning = node("p", { class: "kd-share-warning" }, node("strong", {}, t("Only this computer can open this address.")), " ",
    ...tParts("For a class, start {command} and hand out the address that it prints.", { command }));
  return { base: location.origin, open: false, root: warning };
}

function codePart(life) {
  const text = node("pre", { class: "kd-share-code", tabindex: "0", "aria-label": t("Python program") });
  const told = node("span", { class: "kd-note", role: "status" });
  const row = node("div", { class: "kd-share-row" }, copyButton(life, t("Copy"), text, told), told);
  const empty = node("p", { class: "kd-note" }, NO_RUN);
  return {
    root: node("div", { class: "kd-share-part" }, empty, text, row),
    draw(code) {
      say(text, code);
      empty.hidden = code !== "";
      text.hidden = row.hidden = code === "";
    },
  };
}

export default { render };
