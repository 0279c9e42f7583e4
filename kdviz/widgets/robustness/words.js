// What the parts of the robustness view share: names, levels, and which curves are shown.

import { fixed } from "../shared/format.js";
import { runLook } from "../shared/run_key.js";
import { t } from "../shared/words.js";

export const KIND_NAMES = {
  pgd: t("PGD attack"), fgsm: t("FGSM attack"), noise: t("Noise"), blur: t("Blur"), rotation: t("Rotation"), contrast: t("Contrast"), occlusion: t("Occlusion"),
};

export const isAttack = (kind) => kind === "pgd" || kind === "fgsm";

/** The radius, in units of a pixel from 0 to 1, or the severity. */
export function levelInWords(found, place) {
  const level = found.levels?.[place] ?? 0;
  return isAttack(found.kind) ? fixed(level, 2) : fixed(level, 0);
}

/** Which curves of what was measured are shown: a corruption follows no model. */
export function sourceOf(found, madeOn) {
  return madeOn in found.curves ? madeOn : Object.keys(found.curves)[0];
}

/** How each model is called and drawn. */
export function modelsOf(model, found) {
  return found.models.map(({ id, role, name }) => {
    const run = (model.get("runs") ?? []).find((one) => one.id === id);
    const title = { teacher: t("Teacher"), student: t("Student"), twin: t("Twin") }[role] ?? (run?.name || name || t("Student"));
    return { id, title, look: run ? runLook(run) : { name: role === "twin" ? "twin" : role === "teacher" ? "teacher" : "student", branch: -1 } };
  });
}
