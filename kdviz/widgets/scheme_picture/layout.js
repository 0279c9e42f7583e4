// Where the boxes of a scheme's diagram stand, and how its arrows run, in px.

const GAP = { column: 34, row: 40, least: 16 }; // columns come nearer where a long word needs it
const BOX = { width: 148, height: 44, narrowest: 84 };
const BEND = 0.22; // of an arrow's length, where it would run through a box
const APART = 7; // of two arrows that run both ways
const EDGE = 3; // px left beside the outer boxes, for their lines
const LETTER = 8.4; // px of a letter of a title, about
const INSET = 4; // px between a title and the line around it
const USUAL_LINES = 2;
const MOST_LINES = 3;
const LINE = 16; // px

/** The grid as it is drawn: turned where its columns would be too narrow; `lengthOf` measures a title in px. */
export function placedParties(parties, whole, unit = 1, lengthOf = (text) => text.length * LETTER * unit) {
  const width = whole - 2 * EDGE;
  const size = (of, name) => Math.max(1, ...of.map((party) => party[name] + 1));
  const roomFor = (columns) => Math.min(BOX.width * unit, (width - (columns - 1) * GAP.column * unit) / columns);
  const turned = roomFor(size(parties, "column")) < BOX.narrowest * unit && size(parties, "row") < size(parties, "column");
  const seats = parties.map((party) => (turned ? { ...party, column: party.row, row: party.column } : party));
  const [columns, rows] = [size(seats, "column"), size(seats, "row")];
  const longest = Math.max(...seats.flatMap((party) => party.title.split(" ").map(lengthOf)));
  const asked = columns > 1 ? (width - columns * (longest + 2 * INSET + 1)) / (columns - 1) : 0;
  const between = Math.min(GAP.column * unit, Math.max(GAP.least * unit, asked));
  const wide = Math.max(40, Math.min(BOX.width * unit, (width - (columns - 1) * between) / columns));
  const titles = seats.map((party) => titleLines(party.title, wide - 2 * INSET, lengthOf));
  const more = Math.max(...titles.map((lines) => lines.length - USUAL_LINES), 0);
  const box = { width: wide, height: (BOX.height + more * LINE) * unit };
  const apart = columns > 1 ? (width - columns * box.width) / (columns - 1) : 0;
  const gap = Math.min(apart, 3.2 * GAP.column * unit);
  const left = EDGE + (width - columns * box.width - (columns - 1) * gap) / 2;
  const places = seats.map((party, i) => ({
    ...party, width: box.width, height: box.height, x: left + party.column * (box.width + gap), y: 4 + party.row * (box.height + GAP.row * unit),
    lines: titles[i],
  }));
  return { places, width: whole, height: 8 + rows * box.height + (rows - 1) * GAP.row * unit, turned };
}

/** A title in at most three lines of such a length, by default in letters. */
export function titleLines(title, most, lengthOf = (text) => text.length) {
  const fits = (text) => lengthOf(text) <= most;
  const lines = [];
  for (const word of title.split(" ")) {
    const last = lines.length - 1;
    if (last >= 0 && fits(`${lines[last]} ${word}`)) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  const shown = lines.slice(0, MOST_LINES);
  if (lines.length > MOST_LINES) shown[MOST_LINES - 1] += "…";
  return shown.map((line) => {
    let kept = line.length;
    while (kept > 1 && !fits(kept < line.length ? `${line.slice(0, kept)}…` : line)) kept -= 1;
    return kept < line.length ? `${line.slice(0, kept)}…` : line;
  });
}

/** From the edge of one box to that of another: start, end, and the middle that bends it; two ways stand apart. */
export function arrowLine(from, to, places, bothWays = false) {
  const middle = (p) => [p.x + p.width / 2, p.y + p.height / 2];
  const [[ax, ay], [bx, by]] = [middle(from), middle(to)];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const [nx, ny] = [-(by - ay) / length, (bx - ax) / length];
  const side = bothWays ? APART : 0;
  const [sx, sy] = edge(from, ax + nx * side, ay + ny * side, bx - ax, by - ay);
  const [ex, ey] = edge(to, bx + nx * side, by + ny * side, ax - bx, ay - by);
  const through = places.some((p) => p !== from && p !== to && crosses(p, [ax, ay], [bx, by]));
  const bend = through ? BEND * length : 0;
  return { start: [sx, sy], end: [ex, ey], middle: [(sx + ex) / 2 + nx * bend, (sy + ey) / 2 + ny * bend] };
}

/** Where a ray from (x, y), inside a box, leaves it. */
function edge(box, x, y, dx, dy) {
  const across = dx ? ((dx > 0 ? box.x + box.width : box.x) - x) / dx : Infinity;
  const along = dy ? ((dy > 0 ? box.y + box.height : box.y) - y) / dy : Infinity;
  const t = Math.max(0, Math.min(across, along));
  return [x + t * dx, y + t * dy];
}

function crosses(box, [ax, ay], [bx, by]) {
  for (let i = 1; i < 20; i++) {
    const [x, y] = [ax + ((bx - ax) * i) / 20, ay + ((by - ay) * i) / 20];
    if (x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height) return true;
  }
  return false;
}

const round = (value) => Number(value.toFixed(1));

/** The path of an arrow, and of its head. */
export function arrowPaths({ start, end, middle }) {
  const [x, y] = end;
  const angle = Math.atan2(y - middle[1], x - middle[0]);
  const barb = (turn) => `${round(x - 8 * Math.cos(angle + turn))} ${round(y - 8 * Math.sin(angle + turn))}`;
  const points = [start, middle, end].map(([px, py]) => `${round(px)} ${round(py)}`);
  return { line: `M${points[0]}Q${points[1]} ${points[2]}`, head: `M${barb(0.45)}L${points[2]}L${barb(-0.45)}` };
}

/** Which phase is shown so many ms after the first. */
export function phaseAt(ms, count, each) {
  return count > 0 ? Math.floor(ms / each) % count : 0;
}

/** The arrows of all phases, each once, with the phases it belongs to. */
export function arrowsOf(phases) {
  const all = new Map();
  phases.forEach(({ arrows }, i) => {
    for (const [from, to] of arrows) {
      const key = `${from}→${to}`;
      if (!all.has(key)) all.set(key, { from, to, phases: [] });
      all.get(key).phases.push(i);
    }
  });
  return [...all.values()].map((arrow) => ({ ...arrow, bothWays: all.has(`${arrow.to}→${arrow.from}`) }));
}
