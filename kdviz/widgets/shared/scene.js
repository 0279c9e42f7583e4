// The browser's half of the scene: films, and one model for each view in which the scene's traits take part.

import { followed } from "./course.js";
import { put } from "./elements.js";
import { presentable } from "./presenting.js";
import { floats } from "./softmax.js";

const DERIVED = ["student_logits", "student_step"];
const ON_A_COURSE = ["temperature", "alpha"];
const FRAME_DEPENDS_ON = ["step", "shown_run", "exact", "exact_logits", "whole", "whole_logits", "bias", "bias_class"];

/**
 * The model a view works with: its own traits, and those of its scene if it has one. Derived from the scene's films:
 * `student_logits` (Float32Array, the bias added) and `student_step`, as of the step the cursor is at. A T that follows
 * a course is that of this step; `chosen` gives what its slider stands at.
 */
export async function joined(own, host) {
  const raw = await sceneOf(own, host);
  if (!raw) return own;
  const scene = sceneStore(raw);
  const names = new Set(raw.get("shared"));
  const shared = (name) => names.has(name);
  return {
    scene,
    get(name) {
      if (name === "student_logits") return scene.frame()?.logits ?? new Float32Array(0);
      if (name === "student_step") return scene.frame()?.step ?? 0;
      const value = (shared(name) ? raw : own).get(name);
      return ON_A_COURSE.includes(name) ? followed(raw, name, value, scene.frame()?.step ?? 0) : value;
    },
    chosen: (name) => (shared(name) ? raw : own).get(name),
    set(name, value) {
      (shared(name) ? raw : own).set(name, value);
    },
    save_changes() {
      raw.save_changes();
      own.save_changes();
    },
    send: (...message) => own.send(...message),
    on(event, callback) {
      const name = event.replace("change:", "");
      if (DERIVED.includes(name)) scene.on(callback);
      else (shared(name) ? raw : own).on(event, callback);
    },
    off(event, callback) {
      const name = event.replace("change:", "");
      if (DERIVED.includes(name)) scene.off(callback);
      else (shared(name) ? raw : own).off(event, callback);
    },
  };
}

/** The model of the scene that a view belongs to, the same one for all views of a page; or null. */
export async function sceneOf(own, host) {
  const reference = own.get("scene");
  return reference ? (await host.getWidget(reference)).exports.model : null;
}

/** For views whose own traits have a scene's names: hide the view where a lecturer's link says so, and tell of locks. */
export function underScene(life, scene, el, name, changed) {
  if (!scene) return { locked: () => false };
  const follow = () => {
    el.hidden = isHidden(scene, name);
    changed();
  };
  for (const trait of ["hidden", "locked"]) {
    scene.on(`change:${trait}`, follow);
    life.onEnd(() => scene.off(`change:${trait}`, follow));
  }
  el.hidden = isHidden(scene, name);
  return { locked: (control) => isLocked(scene, control) };
}

/** The traits that what can change while a student learns is drawn from. */
export function liveTraits(model) {
  return (model.get("live") ?? []).flatMap((row) => [row.name, ...(row.slider ? [`${row.name}_range`] : []), ...(row.needs ? [row.needs] : [])]);
}

/** Whether a lecturer's link hides this part, or locks this control. */
export function isHidden(model, name) {
  return (model.get("hidden") ?? []).includes(name);
}

export function isLocked(model, name) {
  return (model.get("locked") ?? []).includes(name);
}

/** Whether a view belongs to what the page shows now. */
export function isInView(model, name) {
  return model.get("views").includes(model.get("view")) && !isHidden(model, name);
}

/** Films of one scene, kept on its model: all its views share them. */
function sceneStore(raw) {
  if (raw.kdvizStore) return raw.kdvizStore;
  const films = new Map(); // run -> Map(step -> { scale, numbers })
  const order = new Map(); // run -> steps in order, made when asked for
  const asked = new Set();
  const callbacks = new Set();
  let decoded = { key: null, frame: null };

  const film = (run) => {
    if (!films.has(run)) films.set(run, new Map());
    return films.get(run);
  };
  const changed = () => {
    for (const callback of [...callbacks]) callback();
  };
  const steps = (run = raw.get("shown_run")) => {
    if (!order.has(run)) order.set(run, [...(films.get(run)?.keys() ?? [])].sort((a, b) => a - b));
    return order.get(run);
  };
  const ask = () => {
    const run = raw.get("shown_run");
    if (!run || asked.has(run)) return;
    asked.add(run);
    raw.send({ need: run });
  };
  const hear = (content, buffers = []) => {
    if (content.drop !== undefined) {
      for (const run of content.drop === null ? [...films.keys(), ...asked] : [content.drop]) {
        films.delete(run);
        order.delete(run);
        asked.delete(run);
      }
      decoded.key = null;
      ask(); // the run shown may have another film now, under the same name
      changed();
    }
    if (!content.frames) return;
    if (content.whole !== null) films.delete(content.whole);
    if (content.whole !== null || content.frames.some(({ run, step }) => decoded.frame?.run === run && decoded.frame.step === step)) decoded.key = null;
    content.frames.forEach(({ run, step, scale }, i) => film(run).set(step, { scale, numbers: shorts(buffers[i]) }));
    for (const { run } of content.frames) order.delete(run);
    if (content.whole !== null) order.delete(content.whole);
    changed();
  };
  raw.on("msg:custom", hear);
  raw.on("change:shown_run", ask);
  const renewed = () => {
    decoded.key = null;
    changed();
  };
  for (const name of FRAME_DEPENDS_ON) raw.on(`change:${name}`, renewed);

  const store = {
    raw,
    steps,
    on: (callback) => callbacks.add(callback),
    off: (callback) => callbacks.delete(callback),
    /** Put frames in by hand: a page without a kernel. */
    hear,
    /** The recorded step at or before `wanted` (null: the newest) of the run shown. */
    recordedStep(wanted = raw.get("step")) {
      const all = steps();
      if (!all.length) return null;
      if (wanted === null || wanted === undefined) return all.at(-1);
      let best = all[0];
      for (const step of all) if (step <= wanted) best = step;
      return best;
    },
    /** Logits of the run shown after a recorded step, the bias added; null without a frame of it. */
    logitsAfter(step) {
      const recorded = films.get(raw.get("shown_run"))?.get(step);
      if (!recorded) return null;
      const logits = unpacked(recorded);
      raiseBias(logits, raw.get("bias_class"), raw.get("bias"), raw.get("classes").length);
      return logits;
    },
    /** { run, step, logits, exact } at the cursor, or null without a frame; the logits of all examples where they are known. */
    frame() {
      const run = raw.get("shown_run");
      const wanted = raw.get("step");
      const step = store.recordedStep(wanted);
      const known = ["whole", "exact"].find((name) => {
        const made = raw.get(name) ?? {};
        return made.run === run && made.step === (wanted ?? step) && raw.get(`${name}_logits`)?.byteLength > 0;
      });
      if (step === null && !known) return null;
      const at = known ? raw.get(known).step : step;
      const key = `${run}|${at}|${known}|${raw.get("bias")}|${raw.get("bias_class")}`;
      if (decoded.key !== key) {
        const logits = known ? floats(raw.get(`${known}_logits`)) : unpacked(films.get(run).get(step));
        raiseBias(logits, raw.get("bias_class"), raw.get("bias"), raw.get("classes").length);
        decoded = { key, frame: { run, step: at, logits, exact: Boolean(known) } };
      }
      return decoded.frame;
    },
  };
  raw.kdvizStore = store;
  tellPage(raw);
  presentable(raw);
  if (!raw.exported) raw.send({ hello: { browser: browserToken(), query: document.body.dataset.voila ? location.search : "", ...before(raw) } });
  ask();
  return store;
}

/** What concerns the page around all views: what a link hides and locks, and what became of the link itself. */
function tellPage(raw) {
  const limits = () => {
    for (const name of ["hidden", "locked"]) put(document.documentElement, `data-kd-${name}`, (raw.get(name) ?? []).join(" ") || null);
  };
  const linked = () => {
    const { answered, note } = raw.get("link") ?? {};
    if (answered) document.dispatchEvent(new CustomEvent("kdviz-link", { detail: { note } }));
  };
  for (const name of ["hidden", "locked"]) raw.on(`change:${name}`, limits);
  raw.on("change:link", linked);
  limits();
  linked();
}

/**
 * How many steps the run was to take that this tab showed here before the page was loaded anew, `{ gone }`, or {}; that
 * of this page is remembered from now on, for a page that keeps no runs has to say that one is gone.
 */
function before(raw) {
  if (!document.body.dataset.voila) return {}; // a notebook's kernel goes on, and its runs with it
  const key = `kdviz-run:${location.pathname}`;
  try {
    const gone = Number(sessionStorage.getItem(key));
    sessionStorage.removeItem(key);
    raw.on("change:runs", () => {
      const run = raw.get("runs")[0];
      if (run) sessionStorage.setItem(key, String(run.total_steps));
      else sessionStorage.removeItem(key);
    });
    return gone ? { gone } : {};
  } catch {
    return {}; // this browser keeps nothing
  }
}

/** What this browser is known by, so that it is offered its own runs only; "" where it may keep nothing. */
function browserToken() {
  try {
    const known = localStorage.getItem("kdviz-browser");
    if (/^[0-9a-f]{32}$/.test(known ?? "")) return known;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const token = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem("kdviz-browser", token);
    return token;
  } catch {
    return "";
  }
}

function shorts(buffer) {
  const view = buffer.buffer ? buffer : new DataView(buffer);
  return new Int16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function unpacked({ scale, numbers }) {
  const logits = new Float32Array(numbers.length);
  for (let i = 0; i < logits.length; i++) logits[i] = numbers[i] * scale;
  return logits;
}

/** What raising the bias of one class in the last layer does to every row. */
export function raiseBias(logits, target, bias, classes) {
  if (target < 0 || !bias || !classes) return;
  for (let i = target; i < logits.length; i += classes) logits[i] += bias;
}
