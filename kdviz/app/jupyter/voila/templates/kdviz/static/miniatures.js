// Small pictures of the index, drawn from one recorded digit; that of the Lab answers while a card has the pointer or focus.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const [WIDTH, HEIGHT] = [320, 132];
  const SWEEP_MS = 3600;
  const [COLDEST, HOTTEST] = [1, 20];
  const REST = 4; // the temperature of a picture at rest

  function element(name, attributes = {}, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function softmax(logits, temperature) {
    const top = Math.max(...logits);
    const grown = logits.map((value) => Math.exp((value - top) / temperature));
    const sum = grown.reduce((a, b) => a + b, 0);
    return grown.map((value) => value / sum);
  }

  function pixels(values, size, color) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    const image = context.createImageData(size, size);
    values.forEach((value, i) => image.data.set(color(value), 4 * i));
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  // Ink on the page's own ground: the alpha channel carries the grey value.
  const ink = (dark) => (value) => (dark ? [240, 240, 242, value] : [20, 20, 22, value]);
  const PURPLE = [118, 42, 131];
  const GREEN = [27, 120, 55];
  const opposed = (value) => [...(value < 0 ? PURPLE : GREEN), Math.round(255 * Math.min(1, Math.abs(value)))];

  function digit(record, dark, { x, y, size }) {
    const side = Math.sqrt(record.image.length);
    return element("image", { href: pixels(record.image, side, ink(dark)), x, y, width: size, height: size, class: "kd-pixels" });
  }

  const NAMES = { teacher: "kdTeacher", student: "kdStudent" }; // what a page in another language calls them

  function text(words, x, y, kind = "", anchor = "start") {
    const said = document.body.dataset[NAMES[words]] ?? words;
    return element("text", { x, y, class: `kd-mini-text ${kind}`, "text-anchor": anchor }, said);
  }

  /** Bars of one distribution, from the middle out; returns what sets them. */
  function bars(role, { x, width, towards }) {
    const step = (HEIGHT - 34) / 10;
    const group = element("g", { class: `kd-mini-${role}` });
    const rects = Array.from({ length: 10 }, (_, i) => element("rect", { y: 24 + i * step, height: step - 2, rx: 1.5 }));
    group.append(...rects);
    const set = (probabilities) =>
      rects.forEach((rect, i) => {
        const long = Math.max(1, width * probabilities[i]);
        rect.setAttribute("width", long);
        rect.setAttribute("x", towards < 0 ? x - long : x);
      });
    return { group, set };
  }

  const pictures = {
    lab(svg, record, dark) {
      const middle = 212;
      const teacher = bars("teacher", { x: middle - 10, width: 124, towards: -1 });
      const student = bars("student", { x: middle + 10, width: 124, towards: 1 });
      const value = text("", 54, 122, "kd-mini-strong", "middle");
      const names = record.classes.map((name, i) => text(name, middle, 24 + (i + 0.5) * ((HEIGHT - 34) / 10) + 2.5, "kd-mini-tiny", "middle"));
      svg.append(digit(record, dark, { x: 10, y: 14, size: 88 }), teacher.group, student.group, ...names, value);
      svg.append(text("teacher", middle - 10, 15, "kd-mini-teacher", "end"), text("student", middle + 10, 15, "kd-mini-student"));
      return (temperature) => {
        teacher.set(softmax(record.logits.teacher, temperature));
        student.set(softmax(record.logits.student, temperature));
        value.textContent = `T = ${temperature < 9.95 ? temperature.toFixed(1).replace(/\.0$/, "") : Math.round(temperature)}`;
      };
    },

    temperature(svg, record) {
      const [left, right, top, bottom] = [30, 300, 16, 108];
      const at = (T) => left + ((right - left) * Math.log(T / COLDEST)) / Math.log(HOTTEST / COLDEST);
      const steps = Array.from({ length: 49 }, (_, i) => COLDEST * (HOTTEST / COLDEST) ** (i / 48));
      const of = steps.map((T) => softmax(record.logits.teacher, T));
      const order = [...of[0].keys()].sort((a, b) => of[0][b] - of[0][a]);
      const height = (p) => bottom - (bottom - top) * p;
      for (const c of order.toReversed()) {
        const path = steps.map((T, i) => `${i ? "L" : "M"}${at(T).toFixed(1)},${height(of[i][c]).toFixed(1)}`).join("");
        svg.append(element("path", { d: path, class: order.indexOf(c) < 2 ? "kd-mini-line kd-mini-first" : "kd-mini-line" }));
      }
      for (const c of order.slice(0, 2)) svg.append(text(record.classes[c], left - 6, height(of[0][c]) + 4, "kd-mini-strong", "end"));
      const mark = element("line", { y1: top, y2: bottom, class: "kd-mini-mark" });
      for (const T of [1, 2, 5, 10, 20]) svg.append(text(T, at(T), 124, "kd-mini-tiny", "middle"));
      svg.append(mark, text("T", right + 8, 124, "kd-mini-strong"));
      return (temperature) => {
        mark.setAttribute("x1", at(temperature));
        mark.setAttribute("x2", at(temperature));
      };
    },

    methods(svg) {
      const [rows, tall] = [4, 22];
      const box = (role, x, width, i) =>
        element("rect", { x: x - width / 2, y: 10 + i * 30, width, height: tall, rx: 4, class: `kd-mini-box kd-mini-${role}` });
      const link = element("line", { class: "kd-mini-link", x1: 142, x2: 214 });
      for (let i = 0; i < rows; i++) svg.append(box("teacher", 88, 108 - 12 * i, rows - 1 - i), box("student", 238, 48 - 5 * i, rows - 1 - i));
      svg.append(link);
      return (temperature) => {
        const place = Math.min(rows - 1, Math.floor((rows * Math.log(temperature / COLDEST)) / Math.log(HOTTEST / COLDEST)));
        const y = 10 + (rows - 1 - place) * 30 + tall / 2;
        link.setAttribute("y1", y);
        link.setAttribute("y2", y);
        link.setAttribute("x1", 88 + (108 - 12 * place) / 2 + 4);
        link.setAttribute("x2", 238 - (48 - 5 * place) / 2 - 4);
      };
    },

    experiments(svg) {
      const rows = [["twin", 236, 40], ["student", 178, 30], ["student", 150, 44], ["student", 206, 26]]; // mean, half an interval
      svg.append(element("line", { x1: 74, x2: 74, y1: 12, y2: 118, class: "kd-mini-line kd-mini-first", "stroke-dasharray": "5 4" }));
      rows.forEach(([role, x, half], i) => {
        const y = 24 + 28 * i;
        svg.append(element("line", { x1: 24, x2: 296, y1: y, y2: y, class: "kd-mini-line", opacity: 0.3 }));
        svg.append(element("line", { x1: x - half, x2: x + half, y1: y, y2: y, class: "kd-mini-link" }));
        svg.append(role === "twin" ? element("rect", { x: x - 5, y: y - 5, width: 10, height: 10, class: "kd-mini-text" }) : element("circle", { cx: x, cy: y, r: 6, class: "kd-mini-student" }));
      });
      return () => {};
    },

    pays(svg) {
      const [left, right, top, bottom] = [34, 300, 14, 112];
      svg.append(element("line", { x1: left, x2: right, y1: bottom, y2: top, class: "kd-mini-line kd-mini-first", "stroke-dasharray": "5 4" }));
      const path = Array.from({ length: 41 }, (_, i) => i / 40).map((share) => {
        const y = bottom - (bottom - top) * (0.45 + 0.5 * share ** 5);
        return `${(left + (right - left) * share).toFixed(1)},${y.toFixed(1)}`;
      });
      svg.append(element("polyline", { points: path.join(" "), class: "kd-mini-line kd-mini-student", fill: "none" }));
      svg.append(element("circle", { cx: left + (right - left) * 0.46, cy: bottom - (bottom - top) * 0.46, r: 5, class: "kd-mini-text" }));
      return () => {};
    },

    study(svg) {
      const [columns, rows] = [5, 3];
      const strength = [0.1, 0.2, 0.45, 0.2, 0.35, 0.6, 0.9, 0.5, 0.25, 0.5, 0.7, 0.3, 0.15, 0.2, 0.3];
      const [best, mark] = [6, element("rect", { y: 16, width: 46, height: 94, rx: 5, class: "kd-mini-mark", fill: "none" })];
      strength.forEach((opacity, i) => {
        const [x, y] = [38 + 48 * (i % columns), 18 + 30 * Math.floor(i / columns)];
        svg.append(element("rect", { x, y, width: 42, height: 26, rx: 4, class: "kd-mini-student", opacity }));
        if (i === best) svg.append(text("★", x + 21, y + 18, "kd-mini-strong", "middle"));
      });
      svg.append(mark, text("α", 22, 18 + 15 * rows, "kd-mini-strong", "middle"));
      return (temperature) => {
        const place = Math.min(columns - 1, Math.floor((columns * Math.log(temperature / COLDEST)) / Math.log(HOTTEST / COLDEST)));
        mark.setAttribute("x", 36 + 48 * place);
      };
    },

    compare(svg, record, dark) {
      const side = Math.sqrt(record.image.length);
      for (const [role, x] of [["teacher", 52], ["student", 178]]) {
        const map = element("image", { href: pixels(record.maps[role], side, opposed), x, y: 24, width: 98, height: 98, class: "kd-pixels" });
        const under = digit(record, dark, { x, y: 24, size: 98 });
        under.setAttribute("opacity", 0.3);
        svg.append(text(role, x + 49, 15, `kd-mini-${role}`, "middle"), under, map);
      }
      return () => {};
    },

    plan(svg, record) {
      const minutes = [5, 10, 12, 6, 5, 4, 3];
      let at = 0;
      minutes.forEach((long, i) => {
        const x = 20 + (at / 45) * 280;
        svg.append(element("rect", { x, y: 52, width: (long / 45) * 280 - 3, height: 30, rx: 4, class: "kd-mini-part" }));
        svg.append(text(i + 1, x + (long / 90) * 280 - 1.5, 72, "kd-mini-strong", "middle"));
        at += long;
      });
      svg.append(text("0", 20, 102, "kd-mini-tiny"), text("45 min", 297, 102, "kd-mini-tiny", "end"));
      const mark = element("line", { y1: 44, y2: 90, class: "kd-mini-mark" });
      svg.append(mark);
      return (temperature) => {
        const x = 20 + (280 * Math.log(temperature / COLDEST)) / Math.log(HOTTEST / COLDEST);
        mark.setAttribute("x1", x);
        mark.setAttribute("x2", x);
      };
    },
  };

  // Lessons: each a sketch of its subject. What moves is moved by the temperature's share of its way.

  const shareOf = (temperature) => Math.log(temperature / COLDEST) / Math.log(HOTTEST / COLDEST);
  const part = (x, y, width, height, kind = "kd-mini-part") => element("rect", { x, y, width, height, rx: 3, class: kind });
  const box = (role, x, y, width, height) => part(x, y, width, height, `kd-mini-box kd-mini-${role}`);
  const line = (kind, ...points) => element("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "), class: `kd-mini-line ${kind}` });
  const dot = (role, x, y, r = 5) => element("circle", { cx: x, cy: y, r, class: `kd-mini-${role}` });
  const arrow = (x1, y1, x2, y2) => element("path", { class: "kd-mini-arrow", d: arrowPath(x1, y1, x2, y2) });
  const still = () => {};

  function arrowPath(x1, y1, x2, y2) {
    const angle = Math.atan2(y2 - y1, x2 - x1);
    const barb = (turn) => `${(x2 - 7 * Math.cos(angle + turn)).toFixed(1)},${(y2 - 7 * Math.sin(angle + turn)).toFixed(1)}`;
    return `M${x1},${y1}L${x2},${y2}M${barb(0.5)}L${x2},${y2}L${barb(-0.5)}`;
  }

  const curve = (f, left, right) => Array.from({ length: 41 }, (_, i) => [left + ((right - left) * i) / 40, f(i / 40)]);

  Object.assign(pictures, {
    compress(svg) {
      for (let i = 0; i < 4; i++) svg.append(box("teacher", 44, 14 + i * 27, 110, 20));
      for (let i = 0; i < 2; i++) svg.append(box("student", 232, 41 + i * 27, 44, 20));
      svg.append(arrow(166, 66, 220, 66));
      return still;
    },

    smaller(svg) {
      svg.append(element("line", { class: "kd-mini-mark", x1: 30, x2: 300, y1: 108, y2: 108 }));
      [[58, 38], [104, 78], [150, 92], [214, 60]].forEach(([x, y], i) => svg.append(i === 1 ? box("student", x - 7, y - 7, 14, 14) : dot("student", x, y, 8 - i)));
      svg.append(dot("teacher", 282, 108, 9), line("kd-mini-first", [30, 10], [30, 122], [304, 122]));
      return still;
    },

    loss(svg) {
      const f = (x) => 108 - 150 * (x - 0.6) ** 2;
      svg.append(line("kd-mini-first", ...curve(f, 30, 290)), line("", ...curve((x) => f(x) - 28, 30, 290)));
      const mark = element("line", { class: "kd-mini-mark", y1: 12, y2: 120 });
      svg.append(mark);
      return (temperature) => {
        const x = 30 + 260 * shareOf(temperature);
        mark.setAttribute("x1", x);
        mark.setAttribute("x2", x);
      };
    },

    hinton(svg) {
      // Test errors of a small net alone, taught, and of its teacher: Hinton, Vinyals and Dean (2015).
      [["student", 146], ["student", 74], ["teacher", 67]].forEach(([role, errors], i) => {
        svg.append(box(role, 20, 18 + i * 36, (240 * errors) / 146, 24), text(errors, 28 + (240 * errors) / 146, 35 + i * 36, "kd-mini-strong"));
      });
      return still;
    },

    labels(svg, record) {
      for (let i = 0; i < 40; i++) {
        const [x, y] = [26 + 27 * (i % 10), 14 + 27 * Math.floor(i / 10)];
        svg.append(part(x, y, 22, 22, i % 13 === 3 ? "kd-mini-box kd-mini-student" : "kd-mini-part"));
        if (i % 13 === 3) svg.append(text(record.classes[i % 10], x + 11, y + 16, "kd-mini-strong", "middle"));
      }
      return still;
    },

    relations(svg) {
      const shapes = { teacher: [[40, 104], [92, 20], [140, 82]], student: [[206, 96], [236, 44], [266, 84]] };
      for (const [role, points] of Object.entries(shapes)) svg.append(line("", ...points, points[0]), ...points.map(([x, y]) => dot(role, x, y)));
      return still;
    },

    teachers(svg) {
      [18, 54, 90].forEach((y, i) => svg.append(box("teacher", 46, y, 90 - 14 * i, 24), arrow(148, y + 12, 216, 66)));
      svg.append(box("student", 226, 52, 50, 28));
      return still;
    },

    peers(svg) {
      for (const [i, x] of [30, 106, 182, 258].entries()) {
        svg.append(box("student", x, 48, 36, 36));
        if (i) svg.append(arrow(x - 34, 66, x - 6, 66));
      }
      return still;
    },

    saliency: (svg, record, dark) => pictures.compare(svg, record, dark),

    calibration(svg) {
      const steps = [0.06, 0.17, 0.24, 0.4, 0.46, 0.63, 0.72, 0.95];
      steps.forEach((value, i) => svg.append(part(96 + 16 * i, 118 - 104 * value, 14, 104 * value, "kd-mini-box kd-mini-student")));
      svg.append(line("kd-mini-first", [96, 118], [222, 14]));
      return still;
    },

    robustness(svg) {
      svg.append(line("", [40, 116], [284, 116]));
      [[20, 26, 38, 56, 78], [20, 44, 82, 104, 111]].forEach((heights, i) => {
        const points = heights.map((y, k) => [48 + 57 * k, y]);
        svg.append(line(i ? "" : "kd-mini-first", ...points), ...points.map(([x, y]) => dot(i ? "student" : "teacher", x, y, 4)));
      });
      return still;
    },

    bias(svg) {
      [[34, 46], [26, 78], [18, 96]].forEach(([few, many], i) => {
        const x = 52 + 82 * i;
        svg.append(part(x, 116 - few, 24, few, "kd-mini-box kd-mini-teacher"), part(x + 28, 116 - many, 24, many, "kd-mini-box kd-mini-student"));
      });
      svg.append(line("", [36, 116], [284, 116]));
      return still;
    },

    answers(svg) {
      svg.append(part(40, 30, 96, 72, "kd-mini-closed"), text("?", 88, 74, "kd-mini-onclosed", "middle"));
      [0.8, 0.35, 0.15, 0.5].forEach((value, i) => svg.append(part(160, 36 + 17 * i, 60 * value, 9, "kd-mini-box kd-mini-teacher")));
      svg.append(arrow(228, 66, 252, 66), box("student", 260, 50, 34, 32));
      return still;
    },

    sequences(svg, record) {
      const p = softmax(record.logits.teacher, REST).sort((a, b) => b - a);
      for (let i = 0; i < 7; i++) {
        svg.append(part(24 + 40 * i, 90, 34, 26), ...[0, 1, 2, 3].map((k) => part(27 + 40 * i + 7 * k, 80 - 130 * p[(k + i) % 4], 5, 130 * p[(k + i) % 4], "kd-mini-teacher")));
      }
      return still;
    },

    writing(svg) {
      [["teacher", "whale"], ["student", "whole"]].forEach(([role, word], row) => [...word].forEach((letter, i) => {
        const [x, y] = [62 + 40 * i, 18 + 54 * row];
        svg.append(part(x, y, 34, 42, i === 2 ? `kd-mini-box kd-mini-${role}` : "kd-mini-part"), text(letter, x + 17, y + 27, "kd-mini-strong", "middle"));
      }));
      return still;
    },

    claims(svg) {
      svg.append(element("line", { class: "kd-mini-mark", x1: 160, x2: 160, y1: 8, y2: 124 }));
      [[190, 40], [140, 34], [214, 30], [168, 52], [120, 26]].forEach(([x, half], i) => {
        const y = 22 + 22 * i;
        svg.append(line("kd-mini-first", [x - half, y], [x + half, y]), dot("student", x, y, 4));
      });
      return still;
    },

    project(svg) {
      svg.append(part(104, 8, 112, 116));
      for (let i = 0; i < 3; i++) svg.append(line("", [118, 72 + 16 * i], [i === 2 ? 170 : 202, 72 + 16 * i]));
      [20, 34, 26].forEach((height, i) => svg.append(box(i ? "student" : "teacher", 120 + 28 * i, 56 - height, 18, height)));
      return still;
    },
  });
  Object.assign(pictures, { features: pictures.methods, generations: pictures.peers, groups: pictures.bias });

  /** Sweep T up and down while the card has the pointer or the focus. */
  function sweep(card, set) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let since = null;
    const frame = (now) => {
      if (since === null) return;
      const phase = ((now - since) / SWEEP_MS) % 2;
      set(COLDEST * (HOTTEST / COLDEST) ** (phase < 1 ? phase : 2 - phase));
      requestAnimationFrame(frame);
    };
    const begin = () => {
      if (since !== null) return;
      since = performance.now();
      requestAnimationFrame(frame);
    };
    const end = () => {
      since = null;
      set(REST);
    };
    for (const event of ["pointerenter", "focusin"]) card.addEventListener(event, begin);
    for (const event of ["pointerleave", "focusout"]) card.addEventListener(event, end);
  }

  /** What the pictures are drawn from: on the page already, or to be fetched. */
  async function numbers() {
    if (globalThis.kdvizMiniatures) return globalThis.kdvizMiniatures;
    const answer = await fetch(document.body.dataset.kdMiniatures);
    return answer.ok ? answer.json() : null;
  }

  async function draw() {
    const places = [...document.querySelectorAll("[data-kd-picture]")];
    if (!places.length) return;
    const record = await numbers();
    if (!record) return;
    const paint = () => {
      const dark = document.documentElement.dataset.kdDark === "true";
      for (const place of places) {
        const picture = pictures[place.dataset.kdPicture];
        place.hidden = !picture;
        if (!picture) continue;
        const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
        const set = picture(svg, record, dark);
        set(REST);
        place.replaceChildren(svg);
        place.kdSet = set;
      }
    };
    paint();
    for (const place of places) sweep(place.closest("li"), (temperature) => place.kdSet?.(temperature));
    new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-kd-dark"] });
  }

  document.addEventListener("DOMContentLoaded", draw);
})();
