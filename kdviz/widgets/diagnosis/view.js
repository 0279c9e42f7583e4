// Why did it (not) help? A button, progress that can be stopped, and a calm list of findings.

import { copyButton, hasAddress } from "../shared/copy.js";
import { announcer, card, changing, drawing, focusedBeside, lifetime, node, put, say } from "../shared/elements.js";
import { isHidden, isLocked, joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "why", t("Why did it help, or not"));
  const live = announcer(life, { quiet: 300 });
  const ask = node("button", { type: "button", class: "kd-button" }, t("Why did it (not) help?"));
  const closer = node("button", { type: "button", class: "kd-button" }, t("Look closer"));
  const stop = node("button", { type: "button", class: "kd-button" }, t("Stop looking"));
  const buttons = node("div", { class: "kd-why-buttons" }, ask, closer, stop);
  const hint = node("p", { class: "kd-hint" });
  const bar = node("div", { class: "kd-why-bar", role: "progressbar", "aria-label": t("Looking"), "aria-valuemin": 0, "aria-valuemax": 100 }, node("div", {}));
  const status = node("p", { class: "kd-sentence kd-why-status" });
  const headline = node("p", { class: "kd-sentence kd-why-headline" });
  const list = node("ul", { class: "kd-why-list" });
  const notes = foldedNotes();
  body.append(headline, list, notes.root, bar, status, buttons, hint);
  root.append(live.region);
  const stale = changing();

  life.listen(ask, "click", () => model.send({ command: "diagnose", closer: false }));
  life.listen(closer, "click", () => model.send({ command: "diagnose", closer: true }));
  life.listen(stop, "click", () => model.send({ command: "stop_diagnosis" }));

  const painter = drawing(life, () => {
    const stage = model.get("stage");
    const [looking, locked] = [stage === "looking", isLocked(model, "diagnosis")];
    const said = model.get("headline");
    el.hidden = stage === "away" || isHidden(model, "diagnosis") || (locked && !said);
    const focused = buttons.contains(focusedBeside(el));
    ask.hidden = looking || locked || Boolean(said);
    closer.hidden = looking || locked || !said || !model.get("closer");
    stop.hidden = !looking;
    buttons.hidden = ask.hidden && closer.hidden && stop.hidden;
    if (focused && !buttons.contains(focusedBeside(el))) [ask, closer, stop].find((button) => !button.hidden)?.focus();
    say(hint, closer.hidden ? "" : model.get("closer"));
    hint.hidden = closer.hidden;
    drawBar(bar, looking, model.get("share"));
    const text = looking || stage === "failed" ? model.get("status") : "";
    say(status, text);
    status.hidden = !text;
    status.classList.toggle("kd-failed", stage === "failed");
    say(headline, said);
    headline.hidden = !said;
    if (stale(said, JSON.stringify(model.get("findings")))) drawFindings(list, model.get("findings") ?? [], said ? model.get("clean") : "", life);
    notes.draw(model.get("notes") ?? []);
    live.announce(text || (said ? [said, ...sentences(model)].join(" ") : ""), stage);
  });
  life.watch(["stage", "share", "status", "headline", "clean", "findings", "notes", "closer"], painter.soon);
  if (model.scene) life.watch(["hidden", "locked"], painter.soon);
  painter.now();
  return () => life.end();
}

function sentences(model) {
  const found = (model.get("findings") ?? []).map((finding) => finding.sentence);
  return found.length ? found : [model.get("clean")];
}

function drawBar(bar, looking, share) {
  const known = share !== null && share !== undefined;
  bar.hidden = !looking;
  bar.classList.toggle("kd-unknown", !known);
  bar.firstChild.style.transform = `scaleX(${known ? share : 1})`;
  put(bar, "aria-valuenow", known ? Math.round(100 * share) : null);
}

/** The rows of what was found; where that is nothing, the sentence that says so. */
function drawFindings(list, findings, clean, life) {
  list.hidden = !findings.length && !clean;
  const rows = findings.map((finding) => findingRow(finding, life));
  if (clean && !rows.length) rows.push(node("li", { class: "kd-why-clean" }, node("p", { class: "kd-sentence" }, clean)));
  list.replaceChildren(...rows);
}

function findingRow(finding, life) {
  const sure = node("span", { class: "kd-why-sure" }, finding.confidence);
  const head = node("p", { class: "kd-why-head" }, node("strong", {}, finding.title), " ", sure);
  const numbers = finding.evidence.map(([name, value]) => node("li", {}, node("span", {}, name), " ", node("span", {}, value)));
  const evidence = node("ul", { class: "kd-why-evidence" }, ...numbers);
  const tries = [finding.code ? codeToTry(finding.code, life) : null, wayToTheLab(finding, life)].filter(Boolean);
  const summary = node("summary", { class: "kd-why-fold" }, tries.length ? t("Evidence, and what to try") : t("Evidence"));
  const more = node("details", {}, summary, evidence, ...tries);
  return node("li", { class: `kd-why-row kd-why-${finding.severity}` }, head, node("p", { class: "kd-sentence" }, finding.sentence.replaceAll(" = ", "\u00a0=\u00a0")), more);
}

function codeToTry(code, life) {
  const text = node("pre", { class: "kd-why-code", tabindex: "0", "aria-label": t("Python to try") }, code);
  const told = node("span", { class: "kd-note", role: "status" });
  return node("div", { class: "kd-why-try" }, text, node("div", { class: "kd-why-buttons" }, copyButton(life, t("Copy"), text, told), told));
}

/** A link where the page has an address; in a notebook the call that shows the Lab so. */
function wayToTheLab({ query, call }, life) {
  if (!query) return null;
  if (!hasAddress()) return codeToTry(call, life);
  const href = location.pathname + (query === "?" ? "" : query);
  return node("p", {}, node("a", { href, target: "_blank", rel: "noopener" }, t("Open the Lab with these settings")), ` ${t("(in a new tab)")}`);
}

function foldedNotes() {
  const rows = node("ul", {});
  const count = node("summary", { class: "kd-why-fold" });
  const root = node("details", { class: "kd-why-notes" }, count, rows);
  const changed = changing();
  return {
    root,
    draw(notes) {
      root.hidden = notes.length === 0;
      say(count, t("About this diagnosis ({n})", { n: notes.length }));
      if (changed(notes.join("\n"))) rows.replaceChildren(...notes.map((note) => node("li", { class: "kd-note" }, note)));
    },
  };
}

export default { render };
