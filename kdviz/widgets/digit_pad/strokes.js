// From strokes to the picture that models see. Pure functions of numbers: no canvas is read back (some browsers add
// noise to what is read from one), and the same strokes always give the same pixels.
//
// A step is { kind: "pen" | "eraser", points: [x0, y0, x1, y1, …] } or { kind: "example", pixels: Uint8Array }; lengths
// are pixels of the picture, the origin is its upper left corner.

export const PEN = 2.5; // width of the pen, as thick as in MNIST's digits
export const ERASER = 4.6;
const CELLS = 4; // cells a pixel: a picture is drawn finely, then averaged
const SMALLEST = 0.2; // drawings smaller than this share of the pad are not blown up to full size
const MARGIN = 5; // pixels around the pad in which the ends of strokes may lie
const INK = 0.5; // a cell with more than this belongs to the bounding box

/** Grey values of the picture, H·W bytes. `fit`: pixels of the longer side after cropping and scaling; 0: as drawn. */
export function drawnPicture(steps, { height, width, fit }) {
  const ground = steps[0]?.kind === "example" ? steps[0].pixels : null;
  if (!fit || ground) return asDrawn(steps, ground, height, width);
  return fitted(steps, height, width, fit);
}

function asDrawn(steps, ground, height, width) {
  const field = inkField(steps, { x: 0, y: 0, rows: CELLS * height, columns: CELLS * width, cells: CELLS, pen: PEN }, ground && { ground, width });
  const pixels = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels[y * width + x] = Math.round(255 * boxMean(field, y * CELLS, x * CELLS, CELLS));
  }
  return pixels;
}

/**
 * As MNIST was made: cropped to the ink, the longer side scaled to `fit` pixels, the centre of mass put at the centre
 * (H / 2, W / 2) by whole pixels. The pen has the same width in every picture, so that small writing is not a blot.
 */
function fitted(steps, height, width, fit) {
  const pixels = new Uint8Array(height * width);
  const rough = { x: -MARGIN, y: -MARGIN, rows: CELLS * (height + 2 * MARGIN), columns: CELLS * (width + 2 * MARGIN), cells: CELLS, pen: PEN };
  const first = inkBox(inkField(steps, rough));
  if (!first) return pixels;

  // Again, finely around the ink. `scale` takes the line in the middle of the pen, so that the pen comes out PEN wide.
  const along = (cells) => cells / CELLS - PEN;
  const longer = Math.max(along(first.bottom - first.top), along(first.right - first.left));
  const least = SMALLEST * Math.max(height, width) - PEN;
  const scale = (fit - PEN) / Math.max(longer, least);
  const pen = PEN / scale;
  const cells = CELLS * scale;
  const start = (edge) => edge / CELLS - MARGIN + PEN / 2 - pen;
  const count = (low, high) => Math.ceil(cells * (Math.max(0, along(high - low)) + 2 * pen));
  const field = inkField(steps, {
    x: start(first.left), y: start(first.top), rows: count(first.top, first.bottom), columns: count(first.left, first.right), cells, pen,
  });
  const box = inkBox(field);
  if (!box) return pixels;
  const inked = Math.max(box.bottom - box.top, box.right - box.left);
  return centred(shrunk(field, box, longer < least ? CELLS : inked / fit), height, width);
}

/** Coverage in [0, 1] of each cell of a window, after all steps in their order. */
function inkField(steps, window, under = null) {
  const { x, y, rows, columns, cells, pen } = window;
  const field = { rows, columns, ink: new Float32Array(rows * columns) };
  if (under) {
    for (let r = 0; r < rows; r++) {
      const from = Math.floor(r / cells) * under.width;
      for (let c = 0; c < columns; c++) field.ink[r * columns + c] = under.ground[from + Math.floor(c / cells)] / 255;
    }
  }
  for (const step of steps) {
    if (step.kind === "example") continue;
    const radius = (cells * (step.kind === "eraser" ? ERASER : pen)) / 2;
    const points = step.points.map((value, i) => cells * (value - (i % 2 ? y : x)));
    if (points.length === 2) mark(field, points[0], points[1], points[0], points[1], radius, step.kind);
    for (let i = 0; i + 3 < points.length; i += 2) mark(field, points[i], points[i + 1], points[i + 2], points[i + 3], radius, step.kind);
  }
  return field;
}

/** One straight piece of a stroke, with round ends; coverage falls from 1 to 0 over the width of a cell. */
export function mark({ rows, columns, ink }, x0, y0, x1, y1, radius, kind) {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const lengthSquared = dx * dx + dy * dy || 1;
  const reach = radius + 0.5;
  const [whole, none] = [(radius - 0.5) ** 2, reach ** 2];
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(rows, Math.ceil(Math.max(y0, y1) + reach));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(columns, Math.ceil(Math.max(x0, x1) + reach));
  for (let r = top; r < bottom; r++) {
    const py = r + 0.5 - y0;
    for (let c = left; c < right; c++) {
      const px = c + 0.5 - x0;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
      const squared = (px - along * dx) ** 2 + (py - along * dy) ** 2;
      if (squared >= none) continue;
      const cover = squared <= whole ? 1 : reach - Math.sqrt(squared);
      const at = r * columns + c;
      if (kind === "eraser") ink[at] = Math.min(ink[at], 1 - cover);
      else if (cover > ink[at]) ink[at] = cover;
    }
  }
}

/** Rows and columns that hold ink, the ends excluded; null for a blank field. */
function inkBox({ rows, columns, ink }) {
  const box = { top: rows, bottom: 0, left: columns, right: 0 };
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (ink[r * columns + c] <= INK) continue;
      box.top = Math.min(box.top, r);
      box.bottom = r + 1;
      box.left = Math.min(box.left, c);
      box.right = Math.max(box.right, c + 1);
    }
  }
  return box.bottom ? box : null;
}

/** The box averaged down to whole pixels; the shorter side keeps its proportion and lies in the middle of them. */
function shrunk(field, box, cellsPerPixel) {
  const count = (cells) => Math.max(1, Math.ceil(cells / cellsPerPixel - 1e-6));
  const [height, width] = [count(box.bottom - box.top), count(box.right - box.left)];
  const y0 = (box.top + box.bottom - height * cellsPerPixel) / 2;
  const x0 = (box.left + box.right - width * cellsPerPixel) / 2;
  const grey = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) grey[y * width + x] = boxMean(field, y0 + y * cellsPerPixel, x0 + x * cellsPerPixel, cellsPerPixel, box);
  }
  return { grey, height, width };
}

/** Mean of a square of `size` cells, parts of cells counted as parts; outside of `within` there is nothing. */
function boxMean({ rows, columns, ink }, y, x, size, within = { top: 0, bottom: rows, left: 0, right: columns }) {
  let sum = 0;
  for (let r = Math.max(within.top, Math.floor(y)); r < Math.min(within.bottom, y + size); r++) {
    const high = Math.min(r + 1, y + size) - Math.max(r, y);
    for (let c = Math.max(within.left, Math.floor(x)); c < Math.min(within.right, x + size); c++) {
      sum += high * (Math.min(c + 1, x + size) - Math.max(c, x)) * ink[r * columns + c];
    }
  }
  return sum / (size * size);
}

/** Into a picture, its centre of mass at (H / 2, W / 2) as near as whole pixels go, and nothing cut off. */
function centred({ grey, height, width }, fullHeight, fullWidth) {
  let [mass, down, across] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = grey[y * width + x];
      mass += ink;
      down += ink * y;
      across += ink * x;
    }
  }
  const start = (moment, full, size) => Math.min(full - size, Math.max(0, Math.round(full / 2 - moment / mass)));
  const [top, left] = [start(down, fullHeight, height), start(across, fullWidth, width)];
  const pixels = new Uint8Array(fullHeight * fullWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels[(top + y) * fullWidth + left + x] = Math.round(255 * grey[y * width + x]);
  }
  return pixels;
}
