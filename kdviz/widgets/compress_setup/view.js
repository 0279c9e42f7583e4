// CompressSetup: what is done to a teacher, in order; add points, stop; how far it is and how long it still takes.

import { announcer, card, changing, drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { duration } from "../shared/format.js";
import { noAnswer, PATIENCE_MS } from "../shared/patience.js";
import { sceneOf, underScene } from "../shared/scene.js";
import { slider } from "../shared/slider.js";
import { t } from "../shared/words.js";
import "./style.css";

const AT_REST = ["idle", "failed"];
const CAN = { add: AT_REST, ways: AT_REST, stop: ["running"] };
const WAITING = { add: t("Starting …"), ways: t("Starting …"), stop: t("Stopping …") };

async function render({ model, el, host }) {
  const scene = await sceneOf(model, host);
  const life = lifetime(model);
  const { root, body } = card(el, "compress-setup", t("Make it small"));
  const live = announcer(life, { quiet: 300, apart: 10000 });
  const parts = new Map(); // field -> its control
  const ordered = node("ol", { class: "kd-compress-steps" });
  const head = node("div", { class: "kd-compress-head" });
  const foot = node("div", { class: "kd-compress-foot" });
  const fields = node("fieldset", { class: "kd-compress-all" }, node("legend", { class: "kd-unseen" }, t("Make it small")), head, ordered, foot);
  const buttons = Object.fromEntries(Object.entries({ add: t("Add this point"), ways: t("The four ways, one after another"), stop: t("Stop") })
    .map(([command, text]) => [command, node("button", { type: "button", class: "kd-button" }, text)]));
  const estimates = { add: node("span", { class: "kd-note" }), ways: node("span", { class: "kd-note" }) };
  const rows = ["add", "ways"].map((command) => node("div", { class: "kd-compress-do" }, buttons[command], estimates[command]));
  const done = node("div", { class: "kd-compress-done" });
  const bar = node("div", { class: "kd-compress-bar", role: "progressbar", "aria-label": t("How much is done"), "aria-valuemin": 0, "aria-valuemax": 100 }, done);
  const left = node("p", { class: "kd-note kd-compress-left", "aria-hidden": "true" });
  const status = node("p", { class: "kd-compress-status" });
  const lock = node("p", { class: "kd-note" });
  body.append(node("div", { class: "kd-head" }, node("h2", {}, t("Make it small"))), lock, fields,
    node("div", { class: "kd-compress-buttons", role: "group", "aria-label": t("Add points") }, ...rows, buttons.stop), bar, left, status);
  root.append(live.region);
  let pending = null;
  let silent = false; // a button was pressed and Python did not answer
  let timer = 0;

  const press = (command) => () => {
    if (pending || !CAN[command].includes(model.get("state"))) return;
    [pending, silent] = [command, false];
    clearTimeout(timer);
    timer = setTimeout(() => { [pending, silent] = [null, true]; painter.soon(); }, PATIENCE_MS);
    painter.now();
    model.send({ command });
  };
  for (const [command, button] of Object.entries(buttons)) life.listen(button, "click", press(command));
  const send = (name, value) => model.send({ command: "choose", name, value: String(value) });

  const painter = drawing(life, () => {
    const state = model.get("state");
    const locked = limits.locked("setup");
    fields.disabled = locked;
    say(lock, locked ? t("These choices are fixed on this page.") : "");
    lock.hidden = !locked;
    for (const [where, group, wrap] of [[head, "head", same], [ordered, "step", item], [foot, "foot", same]]) {
      const wanted = model.get("fields").filter((field) => (field.group ?? "step") === group).map((field) => {
        if (!parts.has(field.name)) parts.set(field.name, { ...(field.kind === "slider" ? sliderPart : selectPart)(life, field, send) });
        const part = parts.get(field.name);
        part.draw(field);
        part.place ??= wrap(part.root);
        return part.place;
      });
      if (wanted.length !== where.children.length || wanted.some((one, i) => one !== where.children[i])) where.replaceChildren(...wanted);
    }
    for (const [command, button] of Object.entries(buttons)) {
      const can = !pending && !locked && CAN[command].includes(state);
      put(button, "aria-disabled", can ? "false" : "true");
      put(button, "aria-busy", pending === command || (command === "stop" && state === "stopping") ? "true" : null);
      button.classList.toggle("kd-primary", can && command !== "ways");
    }
    say(estimates.add, model.get("estimate"));
    say(estimates.ways, model.get("estimate_ways"));
    const [share, seconds, running] = [Math.min(1, model.get("share")), model.get("seconds_left"), state === "running"];
    const rest = running && seconds !== null && seconds !== undefined ? t("{time} left", { time: duration(seconds) }) : "";
    done.style.transform = `scaleX(${share})`;
    put(bar, "aria-valuenow", Math.round(100 * share));
    put(bar, "aria-valuetext", rest || `${Math.round(100 * share)}\u00a0%`);
    say(left, rest);
    const text = pending ? WAITING[pending] : silent ? noAnswer() : model.get("status");
    say(status, text);
    status.classList.toggle("kd-failed", state === "failed" || silent);
    put(body, "data-state", state);
    live.announce(text, state);
  });
  const limits = underScene(life, scene, el, "setup", painter.soon);
  const answered = () => {
    clearTimeout(timer);
    [pending, silent] = [null, false];
    painter.soon();
  };
  life.watch(["state", "status", "answer"], answered);
  life.watch(["fields", "estimate", "estimate_ways", "share", "seconds_left"], painter.soon);
  life.onEnd(() => clearTimeout(timer));
  painter.now();
  return () => life.end();
}

const same = (root) => root;
const item = (root) => node("li", {}, root);

/** One value of several, as a select with a label. */
function selectPart(life, field, send) {
  const id = uniqueId("setting");
  const select = node("select", { class: "kd-select", id, "data-field": field.name });
  const label = node("label", { for: id });
  const hint = node("p", { class: "kd-hint" });
  const listed = changing();
  life.listen(select, "change", () => send(field.name, select.value));
  return {
    root: node("div", { class: "kd-field" }, label, select, hint),
    draw(now) {
      say(label, now.title);
      say(hint, now.hint ?? "");
      hint.hidden = !now.hint;
      if (listed(JSON.stringify(now.options))) select.replaceChildren(...now.options.map((one) => node("option", { value: one.value }, one.text)));
      select.value = now.value;
    },
  };
}

/** A share, a rank or a number of bits, over its stops: the text follows the drag, Python hears of the release. */
function sliderPart(life, field, send) {
  let texts = new Map();
  const part = slider(life, {
    name: field.title,
    text: (value) => texts.get(value) ?? String(value),
    onInput: () => {},
    onRelease: (value) => send(field.name, value),
  });
  put(part.input, "data-field", field.name);
  const hint = node("p", { class: "kd-hint" });
  part.root.append(hint);
  return {
    root: part.root,
    draw(now) {
      texts = new Map(now.options.map((one) => [Number(one.value), one.text]));
      part.setStops([...texts.keys()]);
      part.set(Number(now.value));
      say(hint, now.hint ?? "");
      hint.hidden = !now.hint;
    },
  };
}

export default { render };
