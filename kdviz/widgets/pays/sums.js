// The sums of "Does it pay?", as kdviz/measure/pays.py has them.

const JOULES = 3.6e6; // in a kWh

/** What is spent before the first answer and saved each day, in kWh; the day from which it has paid, and what is left.
 *
 * @param {{ teacher: number, asking: number, student: number, teacher_answer: number, student_answer: number }} work
 * @param {{ watts: number, answers: number, days: number, students: number, trained_for_it: boolean, instead: string }} use
 */
export function pays(work, use) {
  const begun = (use.trained_for_it ? work.teacher : 0) + work.asking;
  const beside = use.instead === "teacher";
  const seconds = begun + (beside ? use.students * work.student : 0);
  const each = beside ? use.students * use.answers * (work.teacher_answer - work.student_answer) : 0;
  const [spent, saved] = [seconds, each].map((s) => (use.watts * s) / JOULES);
  const free = seconds === 0 && each === 0;
  const day = each > 0 ? seconds / each : free ? 0 : Infinity;
  const verdict = day === Infinity ? "never" : day <= use.days ? "pays" : "too late";
  return { spent, saved, day, left: saved * use.days - spent, verdict };
}

/** Both ways' kWh after so many days. */
export function curves(work, use) {
  const a_day = (seconds) => (use.students * use.answers * use.watts * seconds) / JOULES;
  const { spent } = pays(work, use);
  const other = use.instead === "teacher" ? work.teacher_answer : work.student_answer;
  return {
    other: (days) => a_day(other) * days,
    student: (days) => spent + a_day(work.student_answer) * days,
  };
}

/** The days that the figure shows: the lifetime, and the day from which it pays unless that is very far. */
export function daysShown(day, lifetime) {
  if (!Number.isFinite(day) || day === 0) return [lifetime / 1000, 1.5 * lifetime];
  return [Math.min(day / 30, lifetime / 100), Math.max(1.5 * lifetime, Math.min(3 * day, 1000 * lifetime))];
}

/** Powers of ten within two ends, of many every second or third. */
export function decades(low, high, most = 7) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  return Array.from({ length: Math.max(0, Math.floor((last - first) / step) + 1) }, (_, i) => first + i * step);
}
