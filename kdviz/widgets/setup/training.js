// How long the student learns, and with which numbers.

import { choiceField, selectField } from "./fields.js";
import { commit, node } from "../shared/elements.js";
import { grouped, short } from "../shared/format.js";
import { ratioStops, slider } from "../shared/slider.js";
import { t, tn } from "../shared/words.js";

const RATE_TICKS = [0.0001, 0.001, 0.01, 0.1];
const OPTIMIZERS = [{ value: "adam", text: t("Adam") }, { value: "adamw", text: t("AdamW") }, { value: "sgd", text: t("SGD with Nesterov momentum 0.9") }];

export function epochsInWords(n) {
  return tn("{n} epoch", "{n} epochs", n, { n: grouped(n) });
}

export function trainingPart(model, life) {
  const epochs = slider(life, {
    name: t("Epochs"), text: (v) => grouped(v), spoken: epochsInWords,
    onInput: (v) => model.set("epochs", v),
    onRelease: (v) => commit(model, { epochs: v }),
  });
  const rate = slider(life, {
    name: t("Learning rate"), text: short, ticks: RATE_TICKS,
    onInput: (v) => model.set("learning_rate", v),
    onRelease: (v) => commit(model, { learning_rate: v }),
  });
  const batch = choiceField(life, t("Batch size"), (value) => commit(model, { batch_size: value }));
  const select = (name, title, read = (value) => value) => selectField(life, title, (value) => commit(model, { [name]: read(value) }));
  const rateCourse = select("rate_course", t("Course of the learning rate"));
  const course = select("temperature_course", t("Course of T"));
  const optimizer = select("optimizer", t("Optimizer"));
  const decay = select("weight_decay", t("Weight decay"), Number);
  const following = node("p", { class: "kd-note" }, t("A T that is moved while the student learns stays where it is put."));
  const fields = [rate, rateCourse, batch, course, { root: following }, optimizer, decay].map((field) => field.root);
  const more = node("details", { class: "kd-more" }, node("summary", {}, t("More")), node("div", { class: "kd-setup-group" }, ...fields));
  return {
    root: node("div", { class: "kd-setup-group" }, epochs.root, more),
    draw(disabled) {
      epochs.setDisabled(disabled("epochs"));
      rate.setDisabled(disabled("learning_rate"));
      const [low, high] = model.get("epochs_range");
      epochs.setStops(Array.from({ length: high - low + 1 }, (_, i) => low + i));
      epochs.set(model.get("epochs"));
      rate.setStops(ratioStops(...model.get("learning_rate_range")));
      rate.set(model.get("learning_rate"));
      batch.draw(model.get("batch_size_choices").map((n) => ({ value: n, text: grouped(n) })), model.get("batch_size"), disabled("batch_size"));
      const { temperature_course: ofT = [], rate_course: ofRate = [] } = model.get("courses");
      course.draw(ofT, model.get("temperature_course"), disabled("temperature_course"));
      rateCourse.draw(ofRate, model.get("rate_course"), disabled("rate_course"));
      following.hidden = model.get("temperature_course") === "constant";
      optimizer.draw(OPTIMIZERS, model.get("optimizer"), disabled("optimizer"));
      decay.draw(model.get("weight_decays").map((n) => ({ value: n, text: n === 0 ? t("none") : short(n) })), model.get("weight_decay"), disabled("weight_decay"));
    },
  };
}
