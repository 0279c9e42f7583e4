// What is said of a class, digits by their names, and what a search for the bias found.

import { grouped, percent, signed } from "../shared/format.js";
import { t, tn } from "../shared/words.js";

const DIGITS = {
  0: t("zeros"), 1: t("ones"), 2: t("twos"), 3: t("threes"), 4: t("fours"), 5: t("fives"), 6: t("sixes"), 7: t("sevens"), 8: t("eights"), 9: t("nines"),
};

/** "threes"; "images of Sneaker". */
export function imagesOf(name) {
  return DIGITS[name] ?? t("images of {name}", { name });
}

export function neverSaw(name) {
  if (!(name in DIGITS)) return t("This network never saw “{name}”.", { name });
  return name === "8" ? t("This network never saw an 8.") : t("This network never saw a {name}.", { name });
}

/** What the bias that suits validation gains, and what it costs the other classes. */
export function suitsInWords({ bias, before, after }, name) {
  const n = after.own_n + after.others_n;
  const share = (counts) => percent((100 * (counts.own + counts.others)) / n);
  const told = {
    bias: signed(bias), n: grouped(n), before: share(before), after: share(after), images: imagesOf(name),
    own: grouped(after.own), was: grouped(before.own), all: grouped(after.own_n), others: grouped(after.others_n),
  };
  if (!bias) return t("No bias suits validation better than 0: of all {n} validation images {after} are right.", told);
  const found = t("{bias} suits validation best: of all {n} validation images {after} are right instead of {before}; {own} of {all} {images} instead of {was}.", told);
  const lost = before.others - after.others;
  const more = { ...told, n: grouped(Math.abs(lost)) };
  if (!lost) return `${found} ${t("It costs the {others} others nothing.", told)}`;
  return lost > 0 ? `${found} ${tn("Its cost: {n} of the {others} others is lost.", "Its cost: {n} of the {others} others are lost.", lost, more)}`
    : `${found} ${tn("{n} more of the {others} others is right too.", "{n} more of the {others} others are right too.", -lost, more)}`;
}
