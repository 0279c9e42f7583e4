// Making nodes, following a model, and letting go of both when a view ends.

import { keepKeys } from "./keys.js";
import { LANGUAGE } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
let serial = 0;

export function uniqueId(name) {
  serial += 1;
  return `kd-${name}-${serial}-${Math.random().toString(36).slice(2, 7)}`;
}

/** node("p", { class: "kd-note" }, "text", child): attributes as written in HTML; null leaves one out. */
export function node(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svgNode(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Write text only when it differs, so that an unchanged node costs no layout and is not read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function put(element, name, value) {
  if (value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value);
  }
}

/** The element that has the focus, where this one stands: in its shadow root, if it has one. */
export function focusedBeside(element) {
  return /** @type {Document | ShadowRoot} */ (element.getRootNode()).activeElement;
}

/** A view's lifetime: what it listens to ends with it. */
export function lifetime(model) {
  const controller = new AbortController();
  const endings = [];
  return {
    watch(names, callback) {
      for (const name of names) {
        model.on(`change:${name}`, callback);
        endings.push(() => model.off(`change:${name}`, callback));
      }
    },
    listen(target, type, callback, options = {}) {
      target.addEventListener(type, callback, { ...options, signal: controller.signal });
    },
    onEnd(callback) {
      endings.push(callback);
    },
    end() {
      controller.abort();
      for (const ending of endings.splice(0)) ending();
    },
  };
}

/** Draw at most once a frame after traits have changed; `now()` draws at once and forgets the waiting frame. */
export function drawing(life, draw) {
  let frame = 0;
  const now = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    draw();
  };
  const soon = () => {
    if (!frame) frame = requestAnimationFrame(now);
  };
  life.onEnd(() => cancelAnimationFrame(frame));
  return { now, soon };
}

const SPOKEN_FOR_MS = 4000;

/**
 * A polite live region. Its first text is not spoken: the page is only opening. A new text is spoken after `quiet` ms
 * without another one; while `about` stays the same, at most every `apart` ms, and then the newest. What was spoken is
 * taken away again, so that someone who browses the page meets the text that is seen, and only that.
 */
export function announcer(life, { quiet = 800, apart = 0 } = {}) {
  const region = node("p", { class: "kd-unseen", "aria-live": "polite" });
  let opened = false;
  let waiting = "";
  let subject = "";
  let spoken = -Infinity;
  let timer = 0;
  let clearing = 0;
  const speak = () => {
    timer = 0;
    spoken = performance.now();
    say(region, waiting);
    clearTimeout(clearing);
    clearing = setTimeout(() => say(region, ""), SPOKEN_FOR_MS);
  };
  life.onEnd(() => {
    clearTimeout(timer);
    clearTimeout(clearing);
  });
  return {
    region,
    announce(text, about = "") {
      const turned = about !== subject;
      const changed = text !== waiting;
      [waiting, subject] = [text, about];
      if (!opened) opened = text !== "";
      else if (changed && (turned || !timer || !apart)) {
        clearTimeout(timer);
        const rest = turned ? 0 : spoken + apart - performance.now();
        timer = setTimeout(speak, Math.max(quiet, rest));
      }
    },
  };
}

/** A figure's sentence, shown and, when it has come to rest, spoken. */
export function liveSentence(life) {
  const live = announcer(life, { apart: 20000 });
  const text = node("p", { class: "kd-sentence" });
  return {
    root: node("div", { class: "kd-dark-sentence" }, text, live.region),
    say(sentence, about) {
      say(text, sentence);
      live.announce(sentence, about);
    },
  };
}

/**
 * `changed(...keys)`: whether a key differs from the last call's.
 *
 * @returns {(...keys: any[]) => boolean}
 */
export function changing() {
  let kept = [];
  return (...keys) => {
    const same = kept.length === keys.length && kept.every((key, i) => Object.is(key, keys[i]));
    kept = keys;
    return !same;
  };
}

/** The card every widget draws in. `el` is marked so that a panel's grid can place it. */
export function card(el, name, label) {
  keepKeys();
  el.classList.add("kd-host", `kd-host-${name}`);
  const body = node("section", { class: `kd-card kd-${name}` });
  nameCard(body, label);
  const root = node("div", { class: "kd", lang: LANGUAGE }, body);
  el.replaceChildren(root);
  return { root, body };
}

/** A card's name for who does not see it; where a page has several of one name, as in a lesson, with its number. */
export function nameCard(body, label) {
  if (body.dataset.label === label) return;
  const alike = document.querySelectorAll(`.kd-card[data-label="${CSS.escape(label)}"]`).length;
  body.dataset.label = label;
  put(body, "aria-label", alike ? `${label} ${alike + 1}` : label);
}

/** Release of a control: keep what was set and send it to Python. */
export function commit(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/** Call when an element has got another width; not when it only got higher. */
export function onOtherWidth(life, el, call) {
  const differs = changing();
  const sizes = new ResizeObserver(([entry]) => differs(entry.contentRect.width) && call());
  sizes.observe(el);
  life.onEnd(() => sizes.disconnect());
}
