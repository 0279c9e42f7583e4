// Tour: a button, and the card that leads from part to part of the page.

import { drawing, lifetime, node, put, say, uniqueId } from "../shared/elements.js";
import { isHidden, joined } from "../shared/scene.js";
import { t } from "../shared/words.js";
import { placed } from "./place.js";
import "./style.css";

const REMEMBERED = "kdviz-tour"; // the stop one has come to, from 0; "done" at the end
const OUTLINED = "kd-toured";

async function render({ model: own, el, host }) {
  const model = await joined(own, host);
  const life = lifetime(model);
  el.classList.add("kd-host", "kd-host-tour");
  const button = node("button", { type: "button", class: "kd-tour-button" });
  const card = stopCard();
  el.append(node("div", { class: "kd kd-tour" }, button, card.root));
  let at = null; // the stop shown, or null
  let outlined = null;

  const stops = () => model.get("stops").filter(({ part }) => partOf(el, part));
  const show = (index) => {
    const all = stops();
    if (!all.length) return;
    at = Math.max(0, Math.min(index, all.length - 1));
    const stop = all[at];
    outline(partOf(el, stop.part));
    card.draw(stop, at, all.length);
    card.open();
    remember(at === all.length - 1 ? "done" : String(at));
    put(card.root, "data-stop", at);
    outlined.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    place();
    card.next.focus({ preventScroll: true });
  };
  const outline = (part) => {
    outlined?.classList.remove(OUTLINED);
    outlined = part;
    outlined?.classList.add(OUTLINED);
  };
  const end = () => {
    if (at === null) return;
    at = null;
    outline(null);
    card.close();
    painter.now();
    button.focus({ preventScroll: true });
  };
  const place = () => {
    if (at === null || !outlined?.isConnected) return;
    const { width, height } = card.root.getBoundingClientRect();
    const { left, top } = placed(outlined.getBoundingClientRect(), { width, height }, { width: innerWidth, height: innerHeight });
    card.root.style.left = `${left}px`;
    card.root.style.top = `${top}px`;
  };
  const painter = drawing(life, () => {
    el.hidden = isHidden(model, "tour");
    const known = remembered();
    const count = stops().length || model.get("stops").length;
    const text = known === "done" ? t("Tour again") : known ? t("Go on with the tour: stop {i} of {n}", { i: Number(known) + 1, n: count }) : t("A tour in {n} stops", { n: count });
    say(button, text);
    if (el.hidden) end();
  });

  life.listen(button, "click", () => show(remembered() === "done" ? 0 : Number(remembered() || 0)));
  life.listen(card.back, "click", () => show(at - 1));
  life.listen(card.next, "click", () => (at + 1 < stops().length ? show(at + 1) : end()));
  life.listen(card.end, "click", end);
  life.listen(card.root, "keydown", (event) => {
    const go = { Escape: end, ArrowRight: () => at + 1 < stops().length && show(at + 1), ArrowLeft: () => show(at - 1) }[event.key];
    if (!go) return;
    event.preventDefault();
    event.stopPropagation();
    go();
  });
  life.listen(window, "scroll", place, { capture: true, passive: true });
  life.listen(window, "resize", place);
  life.watch(["stops", "hidden"], painter.soon);
  const parts = new ResizeObserver(painter.soon); // parts of a page come one by one, and a saved page has fewer
  parts.observe(document.body);
  life.onEnd(() => parts.disconnect());
  life.onEnd(() => outline(null));
  painter.now();
  return () => life.end();
}

/** The part of the page with this name, as far as it is seen; of several names the first. */
function partOf(el, names) {
  const page = el.closest(".kd-lab-room, .kd-lab") ?? el.getRootNode();
  for (const name of names.split(" ")) {
    const found = [...page.querySelectorAll(`.kd-host-${name}`)].find((part) => part.getClientRects().length);
    if (found) return found;
  }
  return null;
}

function stopCard() {
  const [title, text] = [node("h2", { id: uniqueId("tour") }), node("p", { id: uniqueId("tour") })];
  const count = node("p", { class: "kd-note" });
  const made = (words, look = "kd-button") => node("button", { type: "button", class: look }, words);
  const [end, back, next] = [made(t("End tour"), "kd-tour-end"), made(t("Back")), made(t("Next"), "kd-button kd-primary")];
  const buttons = node("div", { class: "kd-tour-buttons" }, end, back, next);
  // The top layer: no box of the page can clip it or become what it is placed by.
  const attributes = { class: "kd-tour-card", role: "dialog", popover: "manual", "aria-labelledby": title.id, "aria-describedby": text.id };
  const root = node("div", attributes, count, title, text, buttons);
  return {
    root,
    back,
    next,
    end,
    draw(stop, at, of) {
      say(count, t("Stop {i} of {n}", { i: at + 1, n: of }));
      say(title, stop.title);
      say(text, stop.text);
      back.hidden = at === 0;
      say(next, at + 1 < of ? t("Next") : t("Done"));
      end.hidden = at + 1 === of;
    },
    open: () => !root.matches(":popover-open") && root.showPopover(),
    close: () => root.matches(":popover-open") && root.hidePopover(),
  };
}

let come = ""; // where the browser lets a page keep nothing

function remembered() {
  try {
    come = localStorage.getItem(REMEMBERED) ?? come;
  } catch {
    // What this page knows must do.
  }
  return /^(?:done|\d{1,2})$/.exec(come)?.[0] ?? "";
}

function remember(what) {
  come = what;
  try {
    localStorage.setItem(REMEMBERED, what);
  } catch {
    // The tour begins anew next time.
  }
}

export default { render };
