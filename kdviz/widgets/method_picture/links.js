// The links between layers that a reader can draw: as text, which layers may be joined, and what becomes of a drag.

/** "relu2:relu4,flatten:flatten" as [{ student, teacher }], by the layers' names. */
export function readLinks(text) {
  return text.split(",").filter(Boolean).map((part) => {
    const [student, teacher] = part.split(":");
    return { student, teacher };
  });
}

export function writeLinks(links) {
  const parts = links.map(({ student, teacher }) => `${student}:${teacher}`);
  return [...new Set(parts)].join(",");
}

/** The method's own links of a drawing, by the layers' names. */
export function ownLinks(drawing) {
  const name = (who, place) => drawing[who][place].name;
  return drawing.links.filter((link) => !link.second).map((link) => ({ student: name("student", link.student), teacher: name("teacher", link.teacher) }));
}

/** Whether the method can compare two layers, by their places, and the sentence that says so; null for no layer. */
export function choiceAt(drawing, teacher, student) {
  return (drawing.choices ?? []).find((one) => one.teacher === teacher && one.student === student) ?? null;
}

/**
 * The links after a line was drawn from a teacher's layer to a student's: that layer's own link turns there; without
 * one, the only link there is does; else it is one more. In the order in which the teacher answers.
 */
export function drawnLink(drawing, teacher, student) {
  const links = ownLinks(drawing);
  const made = { student: drawing.student[student].name, teacher: drawing.teacher[teacher].name };
  const has = links.some((link) => link.teacher === made.teacher);
  const kept = has ? links.filter((link) => link.teacher !== made.teacher) : links.length === 1 ? [] : links;
  const place = (link) => drawing.teacher.findIndex((box) => box.name === link.teacher);
  return [...kept, made].sort((a, b) => place(a) - place(b));
}
