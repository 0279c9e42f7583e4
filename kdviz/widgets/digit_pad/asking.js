// Asking the models: one question travels at a time, the next one leaves when the answer is here.

import { floats } from "../shared/softmax.js";

const LOST_AFTER_MS = 10000; // a question without an answer for so long is taken as lost: a kernel was restarted
const LATE_AFTER_MS = 4000;
const WAITING_AT_MOST = 4;

/**
 * A question is { pixels, step, finished }. Of those about a stroke in the making only the newest is asked; a finished
 * stroke is always asked about, so that its effect can be told. `onAnswer(question, answer)`; `onLate(isLate)`.
 */
export function questions(own, life, { onAnswer, onLate }) {
  let travelling = null; // { id, question }
  let newest = null;
  let finished = [];
  let timer = 0;
  let lost = 0;

  const flush = () => {
    if (travelling) return;
    const question = finished.shift() ?? newest;
    if (!question) return;
    if (question === newest) newest = null;
    travelling = { id: own.get("asked") + 1, question };
    own.set("pixels", new DataView(question.pixels.buffer));
    own.set("asked", travelling.id);
    own.save_changes();
    clearTimeout(timer);
    clearTimeout(lost);
    timer = setTimeout(() => onLate(true), LATE_AFTER_MS);
    lost = setTimeout(() => {
      travelling = null;
      flush();
    }, LOST_AFTER_MS);
  };
  const heard = () => {
    const answered = own.get("answered");
    if (!travelling || answered < travelling.id) return;
    const { id, question } = travelling;
    travelling = null;
    clearTimeout(timer);
    clearTimeout(lost);
    onLate(false);
    const teacher = floats(own.get("teacher_logits"));
    if (answered === id && teacher.length) {
      onAnswer(question, { teacher, student: floats(own.get("student_logits")), step: own.get("student_step") });
    }
    flush();
  };
  own.on("change:answered", heard);
  life.onEnd(() => {
    own.off("change:answered", heard);
    clearTimeout(timer);
    clearTimeout(lost);
  });
  return {
    ask(question) {
      newest = question.finished ? null : question;
      if (question.finished) finished = [...finished.filter((q) => q.step !== question.step), question].slice(-WAITING_AT_MOST);
      flush();
    },
    /** Leave out what still waits, unless it is about one of these steps. */
    keep(steps) {
      newest = null;
      finished = finished.filter((q) => steps.includes(q.step));
    },
  };
}
