// A number that follows a course through a run: what it is at the step in view.

/** The course of a number, by its name; null where it follows none. */
export function courseOf(model, name) {
  return (model.get("courses") ?? []).find((course) => course.name === name) ?? null;
}

/** What a number is at a step of its course; where an edit makes it jump, what it jumped to. */
export function courseAt({ steps, values }, step) {
  const after = steps.findIndex((other) => other > step);
  if (after < 0) return values.at(-1);
  if (after === 0) return values[0];
  const [from, to] = [steps[after - 1], steps[after]];
  return values[after - 1] + (values[after] - values[after - 1]) * ((step - from) / (to - from));
}

/** What a number is at the step in view: that of its course, unless its slider was moved from where the course began. */
export function followed(model, name, chosen, step) {
  const course = courseOf(model, name);
  return course && chosen === course.start ? courseAt(course, step) : chosen;
}
