// What the parts of the robustness view share: names, levels, and which curves are shown.

import { fixed } from "../shared/format.js";
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
