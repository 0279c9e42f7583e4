// A GIF written in the browser: a palette made from some of its frames, then each frame as what changed in it.

const COLOURS = 255; // and one that leaves a pixel as it was
const UNCHANGED = 255;
const CODE_BITS = 8;
const MOST_CODES = 4096;

/** Five bits of each channel: how colours are told apart. */
function bin(pixels, at) {
  return ((pixels[at] >> 3) << 10) | ((pixels[at + 1] >> 3) << 5) | (pixels[at + 2] >> 3);
}

/** The most frequent colours of some frames (RGBA), as 3 · 256 bytes. */
export function paletteOf(frames) {
  const sums = new Map();
  for (const pixels of frames) {
    for (let at = 0; at < pixels.length; at += 4) {
      const key = bin(pixels, at);
      let sum = sums.get(key);
      if (!sum) sums.set(key, (sum = [0, 0, 0, 0]));
      for (let c = 0; c < 3; c++) sum[c] += pixels[at + c];
      sum[3] += 1;
    }
  }
  const palette = new Uint8Array(768);
  [...sums.values()].sort((a, b) => b[3] - a[3]).slice(0, COLOURS).forEach(([r, g, b, n], i) => palette.set([r / n, g / n, b / n].map(Math.round), 3 * i));
  return { bytes: palette, count: Math.min(COLOURS, sums.size) };
}

/** Writes frames of one size; `add(pixels, ms)`, then `end()` gives the bytes of the file. */
export function gifWriter(width, height, palette) {
  const out = [...text("GIF89a"), ...short(width), ...short(height), 0xf7, 0, 0, ...palette.bytes];
  out.push(0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, ...short(0), 0);
  const chunks = [Uint8Array.from(out)];
  const nearest = new Int16Array(32768).fill(-1);
  const indexOf = (pixels, at) => {
    const key = bin(pixels, at);
    if (nearest[key] < 0) nearest[key] = nearestIn(palette, pixels, at);
    return nearest[key];
  };
  let before = null;
  return {
    add(pixels, ms) {
      const indices = new Uint8Array(width * height);
      for (let i = 0; i < indices.length; i++) indices[i] = indexOf(pixels, 4 * i);
      const seen = indices.slice();
      if (before) for (let i = 0; i < indices.length; i++) if (before[i] === indices[i]) indices[i] = UNCHANGED;
      before = seen;
      const control = [0x21, 0xf9, 4, 0x05, ...short(Math.round(ms / 10)), UNCHANGED, 0];
      chunks.push(Uint8Array.from([...control, 0x2c, ...short(0), ...short(0), ...short(width), ...short(height), 0, CODE_BITS]), blocks(compressed(indices)));
    },
    end() {
      chunks.push(Uint8Array.of(0x3b));
      return chunks;
    },
  };
}

function text(letters) {
  return [...letters].map((letter) => letter.charCodeAt(0));
}

function short(value) {
  return [value & 255, value >> 8];
}

function nearestIn({ bytes, count }, pixels, at) {
  let [best, apart] = [0, Infinity];
  for (let i = 0; i < count; i++) {
    const d = (bytes[3 * i] - pixels[at]) ** 2 + (bytes[3 * i + 1] - pixels[at + 1]) ** 2 + (bytes[3 * i + 2] - pixels[at + 2]) ** 2;
    if (d < apart) [best, apart] = [i, d];
  }
  return best;
}

/** Data in blocks of 255 bytes at most, each after its length, and an empty one. */
function blocks(bytes) {
  const out = new Uint8Array(bytes.length + Math.ceil(bytes.length / 255) + 1);
  let to = 0;
  for (let from = 0; from < bytes.length; from += 255) {
    const part = bytes.subarray(from, from + 255);
    out[to] = part.length;
    out.set(part, to + 1);
    to += part.length + 1;
  }
  return out;
}

/** LZW as GIF has it: codes of 9 to 12 bits, the table begun anew when it is full. */
export function compressed(indices) {
  const [clear, end] = [1 << CODE_BITS, (1 << CODE_BITS) + 1];
  const table = new Uint16Array(MOST_CODES << 8); // code after a prefix and an index; 0: none
  let out = new Uint8Array(indices.length >> 2 || 16);
  let [length, held, bits, size, next] = [0, 0, 0, CODE_BITS + 1, end + 1];
  const write = (code) => {
    held |= code << bits;
    bits += size;
    while (bits >= 8) {
      if (length === out.length) {
        const longer = new Uint8Array(2 * out.length);
        longer.set(out);
        out = longer;
      }
      out[length++] = held & 255;
      held >>>= 8;
      bits -= 8;
    }
  };
  write(clear);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (prefix << 8) | indices[i];
    if (table[key]) {
      prefix = table[key];
      continue;
    }
    write(prefix);
    if (next < MOST_CODES) {
      table[key] = next++;
      if (next > 1 << size && size < 12) size += 1;
    } else {
      write(clear);
      table.fill(0);
      [size, next] = [CODE_BITS + 1, end + 1];
    }
    prefix = indices[i];
  }
  write(prefix);
  write(end);
  if (bits > 0) {
    size = 8;
    write(0);
  }
  return out.subarray(0, length);
}
