// The moment in which what came grows out of what was drawn.

const REVEAL_MS = 600;

/**
 * `to(lively)` calls `draw(share)` with shares that rise to 1 within REVEAL_MS; with 1 at once where motion is not wanted.
 * `again()` draws as it stands: with 0 before that.
 */
export function reveal(life, draw) {
  let [frame, share, begun] = [0, 0, 0];
  const step = (now) => {
    begun ||= now;
    share = Math.min(1, (now - begun) / REVEAL_MS);
    frame = share < 1 ? requestAnimationFrame(step) : 0;
    draw(eased(share));
  };
  life.onEnd(() => cancelAnimationFrame(frame));
  return {
    to(lively) {
      if (!frame && share < 1) {
        if (lively && !matchMedia("(prefers-reduced-motion: reduce)").matches) frame = requestAnimationFrame(step);
        else share = 1;
      }
      draw(eased(share));
    },
    again: () => draw(eased(share)),
  };
}

/** Quick at first, slow at the end. */
function eased(share) {
  return 1 - (1 - share) ** 3;
}
