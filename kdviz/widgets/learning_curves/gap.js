// What the gap between student and twin came to: the number counts in when a run ends while one looks on.

import { differenceText, intervalText, wholeDifference } from "./difference.js";
import { changing, node, say } from "../shared/elements.js";

const COUNT_MS = 900;

const SPAN = 0.5; // of the axis, from its end: what stands below the words
const ROOM = 60; // px that the words take

/** The height of the middle of the largest room that lines and teacher leave, at a share of the axis, or from there on. */
export function emptiest(view, lines, teacher, share, end = share) {
  const [size, middle] = roomiest(view, lines, teacher, share, end);
  return size >= ROOM * view.unit || share === end ? middle : roomiest(view, lines, teacher, (share + end) / 2, (share + end) / 2)[1];
}

function roomiest({ box, last, y }, lines, teacher, share, end) {
  const there = lines.flatMap(({ steps, values }) => {
    const at = steps.findLastIndex((step) => step <= share * last);
    const to = steps.findLastIndex((step) => step <= end * last);
    return at >= 0 ? Array.from(values.slice(at, to + 1)).filter(Number.isFinite).map((value) => Math.min(box.bottom, Math.max(box.top, y(value)))) : [];
  });
  const edges = [box.top, box.bottom, ...there, ...(Number.isFinite(teacher) ? [y(teacher)] : [])].sort((a, b) => a - b);
  const rooms = edges.slice(1).map((edge, i) => [edge - edges[i], (edge + edges[i]) / 2]);
  return rooms.sort(([a], [b]) => b - a)[0];
}

export function gapPart(life) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const seen = node("b", { "aria-hidden": "true" });
  const told = node("span", { class: "kd-unseen" });
  const interval = node("span", { class: "kd-gap-interval" });
  const root = node("div", { class: "kd-gap-count", hidden: "" }, seen, told, interval);
  const differs = changing();
  let frame = 0;
  let trained = false; // whether a run was seen to be under way
  const count = (against) => {
    const whole = Math.abs(wholeDifference(against));
    let began = null;
    const next = (now) => {
      began ??= now;
      const share = Math.min(1, (now - began) / COUNT_MS);
      say(seen, differenceText(against, share < 1 ? Math.round(whole * (1 - (1 - share) ** 3)) : whole));
      frame = share < 1 ? requestAnimationFrame(next) : 0;
    };
    frame = requestAnimationFrame(next);
  };
  life.onEnd(() => cancelAnimationFrame(frame));
  return {
    root,
    draw(view, against) {
      const there = Boolean(against?.seeds?.length) && view.series.some((s) => s.role === "student") && view.series.some((s) => s.role === "twin");
      trained ||= view.stage === "under way";
      root.hidden = !there;
      if (there) {
        root.style.right = `${view.width - view.box.right + 6}px`;
        root.style.maxWidth = `${Math.min(300 * view.unit, 0.68 * (view.box.right - view.box.left))}px`;
        root.style.top = `${emptiest(view, [...view.series, ...view.earlier], view.teacher, 1 - SPAN, 1)}px`;
      }
      if (!differs(there && JSON.stringify(against)) || !there) return;
      cancelAnimationFrame(frame);
      say(told, differenceText(against));
      say(interval, intervalText(against));
      if (trained && !calm.matches) count(against);
      else say(seen, differenceText(against));
      trained = false;
    },
  };
}
