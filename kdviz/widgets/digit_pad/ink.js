// The pad: strokes by mouse, touch and pen, or by the arrow keys. It changes the sheet and tells what happened.

import { ERASER, PEN } from "./strokes.js";
import { node, say, uniqueId } from "../shared/elements.js";
import { t } from "../shared/words.js";

const INKED = 20; // canvas pixels for one pixel of the picture
const NEAR = 0.35; // points closer than this to the last one are left out
const ERASER_BUTTON = 32; // the other end of a stylus, in PointerEvent.buttons

/**
 * `sheet` is { height, width, steps, live, erasing }; `live` is the step being drawn, or null. `onMove()` follows each
 * change of it, `onStroke(step)` comes once when it is finished, `tell(text)` says what cannot be seen by ear.
 */
export function inkPart(life, sheet, { onMove, onStroke, onUndo, tell }) {
  const canvas = node("canvas", { "aria-hidden": "true", class: "kd-pad-ink" });
  const cursor = node("span", { class: "kd-pad-cursor", "aria-hidden": "true" });
  const blank = node("span", { class: "kd-pad-blank-text", "aria-hidden": "true" }, t("Draw here"));
  const hint = node("p", { class: "kd-hint kd-pad-hint", id: uniqueId("pad-hint") });
  const pad = node("div", { class: "kd-pad", tabindex: 0, role: "application", "aria-label": t("Drawing pad"), "aria-describedby": hint.id }, canvas, blank, cursor);
  const root = node("div", { class: "kd-pad-block" }, pad, hint);
  const ink = inkPainter(canvas);
  const pen = { x: 14, y: 6 };
  let pointer = null;

  const begin = (x, y, kind) => {
    sheet.live = { kind, points: [x, y], answer: null };
    onMove();
  };
  const goOn = (x, y) => {
    const points = sheet.live.points;
    if (Math.hypot(x - points.at(-2), y - points.at(-1)) >= NEAR) points.push(x, y);
  };
  const finish = () => {
    const step = sheet.live;
    [sheet.live, pointer] = [null, null];
    if (!step) return;
    sheet.steps.push(step);
    onStroke(step);
  };
  const chosen = () => (sheet.erasing ? "eraser" : "pen");

  const place = (event, box) => {
    const within = (share, size) => size * Math.min(1, Math.max(0, share));
    return [within((event.clientX - box.left) / box.width, sheet.width), within((event.clientY - box.top) / box.height, sheet.height)];
  };
  life.listen(pad, "pointerdown", (event) => {
    if (pointer !== null || !event.isPrimary || (event.button !== 0 && !(event.buttons & ERASER_BUTTON))) return;
    if (sheet.live) finish();
    pad.setPointerCapture(event.pointerId);
    pad.classList.remove("kd-by-key");
    pointer = event.pointerId;
    begin(...place(event, canvas.getBoundingClientRect()), event.buttons & ERASER_BUTTON ? "eraser" : chosen());
  });
  life.listen(pad, "pointermove", (event) => {
    if (event.pointerId !== pointer || !sheet.live) return;
    const box = canvas.getBoundingClientRect();
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) goOn(...place(move, box));
    onMove();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    life.listen(pad, end, (event) => {
      if (event.pointerId === pointer) finish();
    });
  }

  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  life.listen(pad, "keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) {
      event.preventDefault();
      onUndo();
    } else if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) {
      return;
    } else if (event.key in keys) {
      event.preventDefault();
      movePen(...keys[event.key]);
    } else if (event.key === " " || (event.key === "Escape" && sheet.live)) {
      event.preventDefault();
      if (!event.repeat) turnPen(event.key === " " && !sheet.live);
    }
  });
  life.listen(pad, "blur", () => {
    if (pointer === null && sheet.live) turnPen(false);
  });

  function movePen(dx, dy) {
    pad.classList.add("kd-by-key");
    pen.x = Math.min(sheet.width - 1, Math.max(1, pen.x + dx));
    pen.y = Math.min(sheet.height - 1, Math.max(1, pen.y + dy));
    if (sheet.live) goOn(pen.x, pen.y);
    onMove();
  }
  function turnPen(down) {
    pad.classList.add("kd-by-key");
    const at = { column: Math.round(pen.x), row: Math.round(pen.y) };
    if (down) begin(pen.x, pen.y, chosen());
    else finish();
    tell(!down ? t("Lifted at column {column}, row {row}.", at) : sheet.erasing ? t("Eraser down at column {column}, row {row}.", at) : t("Pen down at column {column}, row {row}.", at));
  }

  return {
    root,
    pad,
    draw() {
      say(hint, t("Draw with mouse, finger or pen. Arrow keys move the pen, Space puts it down and lifts it."));
      pad.style.aspectRatio = `${sheet.width} / ${sheet.height}`;
      pad.classList.toggle("kd-erasing", sheet.erasing);
      pad.classList.toggle("kd-pen-down", sheet.live !== null);
      cursor.style.left = `${(100 * pen.x) / sheet.width}%`;
      cursor.style.top = `${(100 * pen.y) / sheet.height}%`;
      cursor.style.width = `${(100 * (sheet.erasing ? ERASER : PEN)) / sheet.width}%`;
      blank.hidden = sheet.steps.length > 0 || sheet.live !== null;
      ink.draw(sheet);
    },
  };
}

/** The steps as they were drawn. Ink is black on nothing; the dark theme inverts it, as it does with the examples. */
function inkPainter(canvas) {
  const context = canvas.getContext("2d");
  const ground = node("canvas");
  return {
    draw({ height, width, steps, live }) {
      if (canvas.width !== INKED * width || canvas.height !== INKED * height) {
        [canvas.width, canvas.height] = [INKED * width, INKED * height];
      }
      context.setTransform(INKED, 0, 0, INKED, 0, 0);
      context.globalCompositeOperation = "source-over";
      context.clearRect(0, 0, width, height);
      context.lineCap = context.lineJoin = "round";
      context.imageSmoothingEnabled = false;
      for (const step of live ? [...steps, live] : steps) {
        if (step.kind === "example") context.drawImage(greyCanvas(ground, step.pixels, height, width), 0, 0);
        else strokePath(context, step);
      }
    },
  };
}

function strokePath(context, { kind, points }) {
  context.globalCompositeOperation = kind === "eraser" ? "destination-out" : "source-over";
  context.lineWidth = kind === "eraser" ? ERASER : PEN;
  context.beginPath();
  context.moveTo(points[0], points[1]);
  if (points.length === 2) context.lineTo(points[0], points[1] + 1e-3);
  for (let i = 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
  context.stroke();
}

/** Grey values as the ink's opacity. */
export function greyCanvas(canvas, pixels, height, width) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  for (let p = 0; p < pixels.length; p++) frame.data[4 * p + 3] = pixels[p];
  context.putImageData(frame, 0, 0);
  return canvas;
}
