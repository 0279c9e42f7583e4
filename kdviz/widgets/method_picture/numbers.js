// The numbers of a method's sliders: what is done with one that is moved, and the ticks of temperatures.

import { choose } from "../shared/address.js";

const SOFT_TICKS = [0.5, 1, 2, 5, 10, 20, 50];
const SHARP_TICKS = [0.01, 0.03, 0.1, 0.3, 1];

/** A trait follows the hand, and is kept on release. */
export function kept(model, trait) {
  return { onInput: (value) => model.set(trait, value), onRelease: (value) => choose(model, { [trait]: value }) };
}

/** The ticks of a temperature, by its letter. */
export function heatTicks(symbol) {
  return symbol.startsWith("τ") ? SHARP_TICKS : SOFT_TICKS;
}
