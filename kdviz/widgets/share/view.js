// Share: the page as a link (or as a notebook's call), the run as a program, and back to the start.

import { composedCall, composedQuery, studentsPart } from "./students.js";
import { copyButton, hasAddress } from "../shared/copy.js";
import { card, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const NO_RUN = t("The program appears here when a run has paused or ended.");

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { body } = card(el, "share", t("Share"));
  const note = node("p", { class: "kd-share-note", role: "status" });
  const link = linkPart(model, life);
  const code = codePart(life);
  const tabs = [tab(life, t("Link"), link.root), tab(life, t("Code"), code.root)];
  const reset = node("button", { type: "button", class: "kd-share-tab", title: t("Back to how the page opened; its runs are discarded") }, t("Reset to the start"));
  life.listen(reset, "click", () => model.send({ command: "opening" }));
  const line = node("div", { class: "kd-share-line", role: "group", "aria-label": t("Share") }, ...tabs.map((t) => t.root), reset);
  body.append(note, line, link.root, code.root);

  const painter = drawing(life, () => {
    const [away, noCode] = [isHidden(model, "share"), isHidden(model, "code")];
    const text = model.get("note");
    el.hidden = away && !text;
    say(note, text);
    note.hidden = !text;
    line.hidden = away;
    tabs[1].root.hidden = noCode;
    link.root.hidden = away || !tabs[0].open();
    code.root.hidden = away || noCode || !tabs[1].open();
    link.draw();
    code.draw(model.get("code"));
  });
  for (const { root } of tabs) life.listen(root, "click", painter.now);
  life.watch(["query", "call", "code", "note", "hidden", "temperature"], painter.soon);
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
  const root = node("div", { class: "kd-share-part" }, name, row, told, hint, students.root);
  const draw = () => {
    const [wishes, temperature, address] = [students.wishes(), model.get("temperature") ?? 4, hasAddress()];
    say(name, address ? t("Link to this page") : t("This page in a notebook"));
    say(hint, address ? t("Whoever opens it gets the choices on this page, without its runs.") : t("The last line of a cell."));
    const text = address
      ? location.origin + location.pathname + composedQuery(model.get("query"), wishes, temperature)
      : composedCall(model.get("call"), wishes, temperature);
    if (field.value !== text) field.value = text;
  };
  life.listen(field, "focus", () => field.select());
  return { root, draw };
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
