// The gaps between the groups and the accuracies, a row for each model: what fairness costs is read off here.

import { biasKey, biasShare } from "./plot.js";
import { definition } from "../shared/definition.js";
import { node } from "../shared/elements.js";
import { t } from "../shared/words.js";

const BIAS_COLUMNS = {
  accuracy: [t("Accuracy"), t("Share of all labelled examples that the model gets right. Beside the gaps, it says what a smaller gap costs.")],
  demographic_parity_difference: [t("Selection gap"), t("Demographic parity difference: the highest minus the lowest selection rate of the groups. 0 where all are chosen equally often.")],
  equalized_odds_difference: [t("Odds gap"), t("Equalized odds difference: the larger of the gaps in the true positive and in the false positive rate. 0 where the errors are equally frequent in all groups.")],
  accuracy_difference: [t("Accuracy gap"), t("The highest minus the lowest accuracy of the groups.")],
};

export function biasTable(life) {
  const heads = Object.fromEntries(Object.entries(BIAS_COLUMNS).map(([key, [name, meaning]]) => [
    key, node("span", { class: "kd-bias-cell", role: "columnheader", "data-column": key }, definition(life, name, meaning)),
  ]));
  const head = node("div", { class: "kd-bias-line kd-bias-head", role: "row" }, node("span", { class: "kd-bias-model", role: "columnheader" }, node("span", { class: "kd-unseen" }, t("Model"))), ...Object.values(heads));
  const root = node("div", { class: "kd-bias-table", role: "table", "aria-label": t("Gaps between the groups, and accuracies") }, head);
  const cellOf = (key, marked, value, low, high, chance) => node("span", { class: `kd-bias-cell${marked ? " kd-marked" : ""}`, role: "cell", "data-column": key },
    node("b", {}, biasShare(value)),
    node("small", {}, low === null || low === undefined ? "" : t("{low} to {high}", { low: biasShare(low), high: biasShare(high) })),
    chance ? node("small", { class: "kd-bias-chance" }, t("may be chance")) : null);
  return {
    root,
    draw(shown) {
      for (const [key, cell] of Object.entries(heads)) {
        cell.hidden = key !== "accuracy" && !(key in shown.gaps);
        cell.classList.toggle("kd-marked", key === shown.metric);
      }
      const columns = Object.keys(BIAS_COLUMNS).filter((key) => !heads[key].hidden);
      root.style.setProperty("--kd-columns", columns.length);
      root.replaceChildren(head, ...shown.models.map((model) => node("div", { class: "kd-bias-line", role: "row" },
        node("span", { class: `kd-bias-model kd-run-text kd-run-${model.look.name}`, role: "rowheader" }, biasKey(model.look), model.short),
        ...columns.map((key) => {
          if (key === "accuracy") return cellOf(key, false, ...(shown.accuracy[model.id] ?? [null]));
          const gap = shown.gaps[key][model.id];
          return cellOf(key, key === shown.metric, gap.value, gap.low, gap.high, gap.value !== null && gap.value <= gap.chance);
        }))));
    },
  };
}
