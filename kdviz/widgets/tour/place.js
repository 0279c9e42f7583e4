// Where a card stands beside what it speaks of.

const GAP = 12; // pixels, between the two and to the edge of the window

/** Below the part, else above it, else at the foot of the window; always inside it. */
export function placed(part, card, view) {
  const left = within(part.left, GAP, view.width - card.width - GAP);
  const [below, above] = [part.bottom + GAP, part.top - GAP - card.height];
  const foot = view.height - card.height - GAP;
  const top = below >= GAP && below <= foot ? below : above >= GAP && above <= foot ? above : foot;
  return { left, top: Math.max(GAP, top) };
}

function within(value, low, high) {
  return Math.max(low, Math.min(value, Math.max(low, high)));
}
