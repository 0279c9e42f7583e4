// A long list where the page has room for it; else a select.

const ROOMY_REM = 52; // as in the style sheet: from here on the list stands beside the rest; below, it is a select

/** Show the one or the other, whenever the page `el` stands in gets another width. */
export function listWhereRoomy(life, el, body, list, short) {
  const room = new ResizeObserver(() => {
    const width = (el.closest(".kd-methods-room") ?? document.documentElement).clientWidth;
    if (!width) return; // not on the page yet
    const roomy = width >= ROOMY_REM * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    [list.hidden, short.hidden] = [!roomy, roomy];
  });
  room.observe(body);
  life.onEnd(() => room.disconnect());
}
