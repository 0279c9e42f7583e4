// StudyRun: start, go on, stop; how far it is and how long it still takes.

import { announcer, card, drawing, lifetime, node, put, say } from "../shared/elements.js";
import { duration, grouped } from "../shared/format.js";
import { noAnswer, PATIENCE_MS } from "../shared/patience.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { t } from "../shared/words.js";
import "./style.css";

const CAN = { idle: "start", stopped: "start", failed: "start", running: "stop" };
const WAITING = { start: t("Starting …"), stop: t("Stopping …") };

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "study-run", t("Run the study"));
  const live = announcer(life, { quiet: 300, apart: 10000 });
  const start = node("button", { type: "button", class: "kd-button" }, t("Start"));
  const stop = node("button", { type: "button", class: "kd-button" }, t("Stop"));
  const done = node("div", { class: "kd-study-done" });
  const bar = node("div", { class: "kd-study-bar", role: "progressbar", "aria-label": t("Runs that have finished"), "aria-valuemin": 0 }, done);
  const far = node("span", {});
  const left = node("span", {});
  const status = node("p", { class: "kd-study-status" });
  const buttons = node("div", { class: "kd-study-buttons", role: "group", "aria-label": t("Run the study") }, start, stop);
  body.append(buttons, node("div", { class: "kd-study-progress" }, bar, node("p", { class: "kd-note kd-study-far", "aria-hidden": "true" }, far, left)), status);
  root.append(live.region);
  let pending = null;
  let silent = false; // a button was pressed and Python did not answer
  let timer = 0;

  const press = (command) => () => {
    if (pending || CAN[model.get("state")] !== command) return;
    [pending, silent] = [command, false];
    clearTimeout(timer);
    timer = setTimeout(() => { [pending, silent] = [null, true]; painter.soon(); }, PATIENCE_MS);
    painter.now();
    model.send({ command });
  };
  life.listen(start, "click", press("start"));
  life.listen(stop, "click", press("stop"));

  const painter = drawing(life, () => {
    const state = model.get("state");
    const locked = limits.locked("train");
    const can = locked || pending ? "" : CAN[state];
    say(start, state === "stopped" || (model.get("done") > 0 && state !== "finished") ? t("Go on") : t("Start"));
    for (const [button, command] of [[start, "start"], [stop, "stop"]]) {
      put(button, "aria-disabled", can === command ? "false" : "true");
      put(button, "aria-busy", pending === command || (command === "stop" && state === "stopping") ? "true" : null);
      button.classList.toggle("kd-primary", can === command);
    }
    const [finished, total, seconds] = [model.get("done"), model.get("total"), model.get("seconds_left")];
    const told = total ? t("{n} of {total} runs", { n: grouped(finished), total: grouped(total) }) : "";
    const known = seconds !== null && seconds !== undefined;
    const rest = !known ? "" : state === "running" ? t("{time} left", { time: duration(seconds) }) : ["idle", "stopped"].includes(state) ? t("takes about {time}", { time: duration(seconds) }) : "";
    done.style.transform = `scaleX(${Math.min(1, model.get("share"))})`;
    say(far, told);
    say(left, rest);
    put(bar, "aria-valuemax", Math.max(1, total));
    put(bar, "aria-valuenow", finished);
    put(bar, "aria-valuetext", [told, rest].filter(Boolean).join(", ") || t("not started"));
    const text = pending ? WAITING[pending] : silent ? noAnswer() : model.get("status");
    say(status, text);
    status.classList.toggle("kd-failed", state === "failed" || silent);
    put(body, "data-state", state);
    live.announce(text, state);
  });
  const limits = underScene(life, scene, el, "run", painter.soon);
  const answered = () => {
    clearTimeout(timer);
    [pending, silent] = [null, false];
    painter.soon();
  };
  life.watch(["state", "status"], answered);
  life.watch(["done", "total", "share", "seconds_left"], painter.soon);
  life.onEnd(() => clearTimeout(timer));
  painter.now();
  return () => life.end();
}

export default { render };
