// Transport: start, pause, step, stop, reset; how far it is and how long it still takes.

import { announcer, card, drawing, lifetime, node, put, say, svgNode } from "../shared/elements.js";
import { duration, grouped } from "../shared/format.js";
import { noAnswer, PATIENCE_MS } from "../shared/patience.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const ICONS = {
  train: "M5 3.5v9l8-4.5z",
  pause: "M4.5 3.5h2.5v9H4.5zM9 3.5h2.5v9H9z",
  step: "M3.5 3.5v9l6-4.5zM10.5 3.5h2v9h-2z",
  stop: "M4 4h8v8H4z",
  reset: "M8 3a5 5 0 1 0 4.9 6h-1.6A3.5 3.5 0 1 1 8 4.5c1 0 1.8.4 2.4 1L8.5 7.5H13V3l-1.5 1.5A5 5 0 0 0 8 3z",
};

// For each state: what the first button does and says, which buttons work, which one is the obvious next.
const STATES = {
  empty: { first: "train", says: t("Train"), works: [], primary: "train" },
  idle: { first: "train", says: t("Train"), works: ["train", "step"], primary: "train" },
  loading: { first: "train", says: t("Train"), works: ["stop"], primary: "train" },
  running: { first: "pause", says: t("Pause"), works: ["pause", "stop"], primary: "pause" },
  paused: { first: "train", says: t("Resume"), works: ["train", "step", "stop", "reset"], primary: "train" },
  stopped: { first: "train", says: t("Resume"), works: ["train", "step", "reset"], primary: "train" },
  finished: { first: "train", says: t("New run"), works: ["train", "reset"], primary: "train" },
  failed: { first: "train", says: t("Train"), works: ["reset"], primary: "reset" },
};
const WAITING = { train: t("Starting …"), pause: t("Pausing …"), step: t("Taking one step …"), stop: t("Stopping …"), reset: t("Clearing …") };

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "transport", t("Training"));
  const live = announcer(life, { quiet: 300, apart: 5000 });
  let pending = null;
  let timer = 0;
  let silent = false; // a button was pressed and Python did not answer

  const buttons = transportButtons(life, (command) => {
    pending = command;
    clearTimeout(timer);
    silent = false;
    timer = setTimeout(giveUp, PATIENCE_MS);
    painter.now();
    model.send({ command });
  });
  const progress = progressPart();
  const status = node("p", { class: "kd-status" });
  body.append(buttons.root, progress.root, status);
  root.append(live.region);

  const painter = drawing(life, () => {
    const state = model.get("state");
    buttons.draw(limits.locked("train") ? "empty" : state, pending);
    progress.draw(model, state);
    const text = pending ? WAITING[pending] : silent ? noAnswer() : model.get("status");
    say(status, text);
    put(status, "title", text);
    status.classList.toggle("kd-failed", (state === "failed" || silent) && !pending);
    put(body, "data-state", state);
    live.announce(text, `${state} ${pending} ${silent}`);
  });
  const limits = underScene(life, scene, el, "transport", painter.soon);
  const giveUp = () => {
    pending = null;
    silent = true;
    painter.soon();
  };
  const answered = () => {
    pending = null;
    silent = false;
    clearTimeout(timer);
    painter.soon();
  };
  life.onEnd(() => clearTimeout(timer));
  // A running count in `status` or `step` is no answer to Pause or Stop; only a new state is.
  const answers = (commands) => () => {
    silent = false;
    if (commands.includes(pending)) answered();
    else painter.soon();
  };
  life.watch(["state"], answered);
  life.watch(["status"], answers(["train", "step", "reset"]));
  life.watch(["step"], answers(["step"]));
  life.watch(["total_steps", "seconds_left"], answers([]));
  painter.now();
  return () => life.end();
}

/** Buttons stay focusable when they do not apply (aria-disabled), so that the keyboard never loses its place. */
function transportButtons(life, send) {
  const make = (command, text) => {
    const shape = svgNode("path", { d: ICONS[command], fill: "currentColor" });
    const label = node("span", {}, text);
    const icon = svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape);
    const root = node("button", { type: "button", class: "kd-button" }, icon, label);
    const button = { command, root, shape, label };
    life.listen(root, "click", () => {
      if (root.getAttribute("aria-disabled") !== "true") send(button.command);
    });
    return button;
  };
  const first = make("train", t("Train"));
  const all = [first, make("step", t("Step")), make("stop", t("Stop")), make("reset", t("Clear this run"))];
  all[1].root.title = t("Train for one step");
  all[3].root.title = t("Set this run aside and begin anew; it can be brought back");
  return {
    root: node("div", { class: "kd-buttons", role: "group", "aria-label": t("Training") }, ...all.map((b) => b.root)),
    draw(state, pending) {
      const now = STATES[state] ?? STATES.empty;
      first.command = now.first;
      put(first.shape, "d", ICONS[now.first]);
      say(first.label, now.says);
      for (const button of all) {
        const works = now.works.includes(button.command) && !pending;
        put(button.root, "aria-disabled", works ? "false" : "true");
        put(button.root, "aria-busy", pending === button.command ? "true" : null);
        button.root.classList.toggle("kd-primary", now.primary === button.command);
        button.root.classList.toggle("kd-pending", pending === button.command);
      }
    },
  };
}

function progressPart() {
  const bar = node("div", { class: "kd-progress", role: "progressbar", "aria-label": t("Training progress"), "aria-valuemin": 0 });
  const done = node("div", { class: "kd-progress-done" });
  bar.append(done);
  const steps = node("span", {});
  const left = node("span", {});
  return {
    root: node("div", { class: "kd-progress-block" }, bar, node("p", { class: "kd-note kd-progress-text", "aria-hidden": "true" }, steps, left)),
    draw(model, state) {
      const [step, total] = [model.get("step"), model.get("total_steps")];
      const loading = state === "loading";
      const asked = loading && step > 0 && total > 0; // steps are the teacher's answers then; before the first, nothing is known
      const share = total > 0 ? Math.min(1, step / total) : 0;
      const seconds = model.get("seconds_left");
      const known = seconds !== null && seconds !== undefined;
      const far = asked ? t("{n} of {total} answers", { n: grouped(step), total: grouped(total) })
        : loading ? t("Getting ready") : total > 0 ? t("Step {step} of {total}", { step: grouped(step), total: grouped(total) }) : "";
      const rest = !known ? "" : state === "running" || asked ? t("{time} left", { time: duration(seconds) })
        : state === "idle" ? t("takes about {time}", { time: duration(seconds) }) : "";
      bar.classList.toggle("kd-unknown", loading);
      done.style.transform = `scaleX(${loading && !asked ? 1 : share})`;
      say(steps, far);
      say(left, rest);
      put(bar, "aria-valuemax", Math.max(1, total));
      put(bar, "aria-valuenow", loading && !asked ? null : Math.min(step, Math.max(1, total)));
      put(bar, "aria-valuetext", [far, rest].filter(Boolean).join(", ") || t("not started"));
    },
  };
}

export default { render };
