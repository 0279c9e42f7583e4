// Kept: what is left of an earlier visit, to resume or to discard.

import { announcer, card, drawing, focusedBeside, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { noAnswer, PATIENCE_MS } from "../shared/patience.js";
import { isHidden, joined } from "../shared/scene.js";
import { t, tn } from "../shared/words.js";
import "./style.css";

const BUSY = ["loading", "running"];
const TEXTS = { take_up: [t("Resume"), t("Resuming …")], forget: [t("Discard"), t("Discarding …")], restore: [t("Undo"), t("Bringing it back …")] };
const DAY_MS = 86_400_000;

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  const { root, body } = card(el, "kept", t("Kept runs"));
  const live = announcer(life, { quiet: 300 });
  const newest = node("div", {});
  const earlier = node("div", { class: "kd-kept-rows" });
  const count = node("summary", { class: "kd-kept-more" });
  const more = node("details", {}, count, earlier);
  const silence = node("p", { class: "kd-note kd-kept-silence" });
  const restore = node("button", { type: "button", class: "kd-button", "data-command": "restore" });
  const discarded = node("div", { class: "kd-kept-row kd-kept-discarded" }, node("p", {}, t("Discarded.")), restore);
  body.append(discarded, newest, more, silence);
  root.append(live.region);
  let pending = null; // { command, kept } until it is answered
  let timer = 0;
  let stamp = "";

  const ask = (command, kept) => {
    if (pending) return;
    pending = { command, kept };
    clearTimeout(timer);
    timer = setTimeout(() => answered(noAnswer()), PATIENCE_MS);
    say(silence, "");
    painter.now();
    own.send(pending);
  };
  life.listen(body, "click", (event) => {
    const button = event.target.closest("button");
    if (button) ask(button.dataset.command, button.dataset.kept);
  });
  const painter = drawing(life, () => {
    const offers = model.get("offers");
    const busy = BUSY.includes(model.get("state")) || (model.get("runs") ?? []).length > 0;
    const taking = pending?.command === "take_up";
    const gone = own.get("discarded");
    el.hidden = isHidden(model, "kept") || (offers.length === 0 && !gone) || (busy && !taking);
    discarded.hidden = !gone;
    put(restore, "data-kept", gone);
    if (JSON.stringify(offers) !== stamp) rebuild(offers);
    say(count, tn("{n} earlier run", "{n} earlier runs", offers.length - 1));
    more.hidden = offers.length < 2;
    for (const button of body.querySelectorAll("button")) drawButton(button, pending);
    live.announce(el.hidden ? "" : silence.textContent || (offers.length === 0 ? t("Discarded.") : sentence(offers[0])));
  });
  const rebuild = (offers) => {
    stamp = JSON.stringify(offers);
    const held = body.contains(focusedBeside(body));
    const rows = offers.map((offer, index) => keptRow(offer, index === 0));
    newest.replaceChildren(...rows.slice(0, 1));
    earlier.replaceChildren(...rows.slice(1));
    if (held) (newest.querySelector("button") ?? restore).focus(); // what was pressed is gone
  };
  const answered = (text = "") => {
    pending = null;
    clearTimeout(timer);
    say(silence, text);
    painter.soon();
  };
  life.watch(["offers", "runs", "discarded"], () => answered());
  // "loading" is the answer on its way; any other state means that it came, or that it will not.
  life.watch(["state"], () => {
    clearTimeout(timer);
    if (model.get("state") === "loading") painter.soon();
    else answered();
  });
  life.onEnd(() => clearTimeout(timer));
  life.watch(["hidden"], painter.soon);
  painter.now();
  return () => life.end();
}

function keptRow(offer, first) {
  const told = node("p", { id: uniqueId("kept") }, sentence(offer));
  const button = (command, primary) => {
    const look = primary ? "kd-button kd-primary" : "kd-button";
    return node("button", { type: "button", class: look, "aria-describedby": told.id, "data-command": command, "data-kept": offer.id });
  };
  const buttons = node("div", { class: "kd-kept-buttons" }, button("take_up", first), button("forget", false));
  return node("div", { class: "kd-kept-row" }, told, buttons);
}

function drawButton(button, pending) {
  const mine = pending?.command === button.dataset.command && pending.kept === button.dataset.kept;
  put(button, "aria-disabled", pending ? "true" : null);
  put(button, "aria-busy", mine ? "true" : null);
  say(button, TEXTS[button.dataset.command][mine ? 1 : 0]);
}

/** "You have a saved run from today, 4:15 PM: MNIST, 128 units, step 1,240 of 1,920." */
function sentence({ title, when, steps_done: done, total_steps: total }) {
  const steps = { done: grouped(done), total: grouped(total) };
  const far = done >= total ? t("finished after {total} steps", steps) : t("step {done} of {total}", steps);
  const what = [title, far].filter(Boolean).join(", ");
  return t("You have a saved run from {when}: {what}.", { when: dayAndTime(new Date(when), new Date()), what });
}

/** A moment as its reader would say it, in their time zone and their way of writing. */
function dayAndTime(then, now) {
  const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(then);
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(then)) / DAY_MS);
  const day = days === 0 ? t("today") : days === 1 ? t("yesterday") : new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(then);
  return t("{day}, {time}", { day, time });
}

export default { render };
