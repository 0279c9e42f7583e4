// Pictures of watched examples, and what is said of one: shared by the strips and the bars.

import { node } from "./elements.js";
import { t } from "./words.js";

/** Grey values as ink on paper: white pixels of the data set become dark; the dark theme inverts them back. */
export function picture(state, i) {
  const [height, width] = state.shape;
  const size = height * width;
  if (!size || state.images.length < (i + 1) * size) return null;
  const canvas = node("canvas", { width, height, class: "kd-picture", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  for (let p = 0; p < size; p++) frame.data[4 * p + 3] = state.images[i * size + p];
  context.putImageData(frame, 0, 0);
  return canvas;
}

/** "true class 3, teacher predicts 3, student predicts 5", as far as it is known. */
export function answersInWords(classes, label, teacher, student) {
  return [
    label >= 0 ? t("true class {name}", { name: classes[label] }) : t("label unknown"),
    teacher >= 0 ? t("teacher predicts {name}", { name: classes[teacher] }) : "",
    student >= 0 ? t("student predicts {name}", { name: classes[student] }) : "",
  ].filter(Boolean).join(", ");
}

/** Whose answers the scene shows now: what to call it, and the role its colour comes from. */
export function shownStudent(model) {
  const run = model.scene ? (model.get("runs") ?? []).find((r) => r.id === model.get("shown_run")) : undefined;
  const isTwin = run?.role === "twin" || run?.role === "smoothed";
  return {
    role: run?.role ?? "student",
    title: isTwin ? t("Twin") : t("Student"),
    who: isTwin ? t("twin") : t("student"),
    name: run && run.role !== "student" ? run.name : model.get("student_name"),
  };
}

/** Whether steps mean something: two models that are given have none. */
export function stepsAreTold(model) {
  return !model.scene || model.get("total_steps") > 0 || model.get("student_step") > 0;
}
