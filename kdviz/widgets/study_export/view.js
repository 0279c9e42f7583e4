// StudyExport: the table as a file, the code of the study, and what is different on a cluster.

import { copyButton } from "../shared/copy.js";
import { card, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { body } = card(el, "study-export", t("Take it away"));
  const told = node("span", { class: "kd-note", role: "status" });
  const saves = [
    saveButton(life, model, "cells", "study-cells.csv", t("Save the cells (CSV)"), told),
    saveButton(life, model, "runs", "study-runs.csv", t("Save all runs (CSV)"), told),
  ];
  const parts = [
    codePart(life, t("The code of this study"), t("It gives the same numbers.")),
    codePart(life, t("Run it on a cluster"), t("The same study on many cores, or on a Dask cluster; runs in the folder are not done again.")),
  ];
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Take it away"))),
    node("div", { class: "kd-study-saves" }, ...saves.map((one) => one.root), told), ...parts.map((one) => one.root));
  const painter = drawing(life, () => {
    for (const one of saves) one.draw();
    parts[0].draw(model.get("code"));
    parts[1].draw(model.get("cluster"));
  });
  underScene(life, scene, el, "export", painter.soon);
  life.watch(["cells", "runs", "code", "cluster"], painter.soon);
  painter.now();
  return () => life.end();
}

/** Saves a trait as a file, from the browser. */
function saveButton(life, model, trait, file, name, told) {
  const root = node("button", { type: "button", class: "kd-button" }, name);
  life.listen(root, "click", () => {
    const text = model.get(trait);
    if (!text) {
      say(told, t("Nothing has finished yet."));
      return;
    }
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    node("a", { href: address, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say(told, t("Saved as {file}.", { file }));
  });
  return { root, draw: () => put(root, "aria-disabled", model.get(trait) ? "false" : "true") };
}

function codePart(life, title, hint) {
  const code = node("pre", { class: "kd-study-code", tabindex: "0", id: uniqueId("code"), "aria-label": title });
  const told = node("span", { class: "kd-note", role: "status" });
  const copy = copyButton(life, t("Copy"), code, told);
  return {
    root: node("details", { class: "kd-more kd-study-more" }, node("summary", {}, title), node("p", { class: "kd-note" }, hint), code, node("div", { class: "kd-study-saves" }, copy, told)),
    draw: (text) => say(code, text),
  };
}

export default { render };
