// The scrubber: takes all views back to a recorded step, and plays the recorded steps as a film.

import { keyedIndex } from "./reading.js";
import { commit, node, put, say, svgNode, uniqueId } from "../shared/elements.js";
import { grouped } from "../shared/format.js";
import { t } from "../shared/words.js";

const FILM_MS = 6000;
const SLOWEST_FRAME_MS = 500;
const CALM_FRAME_MS = 500; // with reduced motion: two frames a second,
const CALM_FRAMES = 24; //    and of a long film only so many
const SETTLE_MS = 300;
const FILM_ICONS = { play: "M5 3.5v9l8-4.5z", pause: "M4.5 3.5h2.5v9H4.5zM9 3.5h2.5v9H9z" };

/**
 * The page's cursor in time. `go(step)` moves all views to the recorded step nearest to it, in the browser only; at the
 * newest one they follow what comes. `settle()` tells Python, once the cursor has come to rest.
 */
export function timeline(model, life) {
  const steps = () => model.scene?.steps() ?? [];
  const takers = new Set();
  let told = model.get("step") ?? null;
  let going = false;
  // A step that Python has set needs no telling.
  life.watch(["step"], () => {
    if (!going) told = model.get("step") ?? null;
  });
  return {
    steps,
    ready: () => steps().length > 1,
    at: () => model.scene?.frame()?.step ?? 0,
    follows: () => (model.get("step") ?? null) === null,
    go(wanted) {
      const all = steps();
      const step = all.length ? all[nearestIndex(all, wanted)] : null;
      going = true;
      model.set("step", step === all.at(-1) ? null : step);
      going = false;
    },
    settle() {
      const step = model.get("step") ?? null;
      if (step === told) return;
      told = step;
      commit(model, { step });
    },
    /** A hand takes hold of the cursor: the film that moved it lets go. */
    take() {
      for (const letGo of takers) letGo();
    },
    onTake: (callback) => takers.add(callback),
  };
}

/** Index of the step nearest to `wanted`, in steps that rise. */
function nearestIndex(steps, wanted) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - steps[low - 1] <= steps[low] - wanted ? low - 1 : low;
}

/** Plays the recorded steps from the cursor on (from the first one, where it is at the newest). */
function filmPlayer(life, time, changed) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let frame = 0;
  const letGo = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    changed();
  };
  const stop = () => {
    letGo();
    time.settle();
  };
  const play = () => {
    const steps = time.steps();
    const start = nearestIndex(steps, time.at());
    const first = start >= steps.length - 1 ? 0 : start;
    const left = steps.length - 1 - first;
    const stride = calm.matches ? Math.ceil(steps.length / CALM_FRAMES) : 1;
    const whole = Math.min(FILM_MS, SLOWEST_FRAME_MS * (steps.length - 1));
    const each = calm.matches ? CALM_FRAME_MS / stride : whole / (steps.length - 1);
    let began = null;
    const next = (now) => {
      began ??= now;
      const passed = Math.floor((now - began) / each / stride) * stride;
      if (passed >= left) {
        time.go(time.steps().at(-1));
        stop();
        return;
      }
      time.go(steps[first + passed]);
      frame = requestAnimationFrame(next);
    };
    frame = requestAnimationFrame(next);
    changed();
  };
  time.onTake(() => frame && letGo());
  life.onEnd(() => cancelAnimationFrame(frame));
  return { playing: () => frame > 0, toggle: () => (frame ? stop() : time.ready() && play()) };
}

/** A native range input on the plot's axis; film and "Latest" below it; to the right what the page adds (`more`). */
export function scrubberPart(model, life, time, more) {
  const label = node("label", { class: "kd-unseen" });
  const input = node("input", { type: "range", class: "kd-range kd-scrub", id: uniqueId("scrub"), min: 0, step: 1 });
  put(label, "for", input.id);
  const track = node("div", { class: "kd-scrub-track" }, label, input);
  const where = node("p", { class: "kd-scrub-where" });
  const film = filmPlayer(life, time, () => drawFilm());
  const shape = svgNode("path", { d: FILM_ICONS.play, fill: "currentColor" });
  const filmName = node("span", {});
  const icon = svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape);
  const filmButton = node("button", { type: "button", class: "kd-button kd-film" }, icon, filmName);
  const nowButton = node("button", { type: "button", class: "kd-button", title: t("Follow the latest step") }, t("Latest"));
  const buttons = node("div", { class: "kd-scrub-buttons" }, filmButton, nowButton, where, more);
  const root = node("div", { class: "kd-scrubber", role: "group", "aria-label": t("Time travel") }, track, buttons);

  const drawFilm = () => {
    put(shape, "d", FILM_ICONS[film.playing() ? "pause" : "play"]);
    say(filmName, film.playing() ? t("Pause film") : t("Play film"));
  };
  life.listen(filmButton, "click", () => film.toggle());
  life.listen(nowButton, "click", () => {
    if (nowButton.getAttribute("aria-disabled") === "true") return;
    time.take();
    time.go(Infinity);
    time.settle();
  });
  listenToRange(life, input, time, film);
  drawFilm();

  return {
    root,
    /** Under the plot's axis: the thumb's middle travels from step 0 to the last one. */
    place(view) {
      track.style.marginLeft = `${view.box.left - 9}px`;
      track.style.width = `${view.box.right - view.box.left + 18}px`;
      put(input, "max", view.last);
    },
    draw(view) {
      const ready = time.ready();
      const at = time.at();
      const text = whereText(time, view);
      say(label, [t("Step shown"), view.shownTitle].filter(Boolean).join(", "));
      say(where, text);
      input.disabled = !ready;
      if (Number(input.value) !== at) input.value = String(at);
      put(input, "aria-valuetext", text);
      input.style.setProperty("--kd-fill", `${(100 * at) / view.last}%`);
      input.style.setProperty("--kd-recorded", `${(100 * (time.steps().at(-1) ?? 0)) / view.last}%`);
      put(filmButton, "aria-disabled", ready ? "false" : "true");
      put(nowButton, "aria-disabled", ready && !time.follows() ? "false" : "true");
      root.classList.toggle("kd-away", ready && !time.follows());
    },
  };
}

function whereText(time, view) {
  if (!time.ready()) return view.finished ? t("This run recorded no film") : t("No steps recorded yet");
  const step = grouped(time.at());
  return time.follows() ? t("Latest step: {step}", { step }) : t("Step {step} of {total}", { step, total: grouped(view.shownTotal) });
}

/** Dragging moves the views; the release, or the end of key presses, tells Python. */
function listenToRange(life, input, time, film) {
  let timer = 0;
  const settle = () => {
    clearTimeout(timer);
    timer = 0;
    time.settle();
  };
  life.listen(input, "input", () => {
    time.take();
    time.go(Number(input.value));
    input.value = String(time.at());
  });
  life.listen(input, "change", settle);
  life.listen(input, "pointerdown", () => time.take());
  life.listen(input, "keydown", (event) => {
    const steps = time.steps();
    if (!steps.length) return;
    if (event.key === " ") event.repeat || film.toggle();
    else {
      const next = keyedIndex(event.key, nearestIndex(steps, time.at()), steps.length);
      if (next === null) return;
      time.take();
      time.go(steps[next]);
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLE_MS);
    }
    event.preventDefault();
  });
  life.listen(input, "blur", () => timer && settle());
  life.onEnd(() => timer && settle());
}
