// "Share": the run as a picture, copied or saved, and as a film of its recorded steps. All of it made in the browser.

import { gifWriter, paletteOf } from "./gif.js";
import { captionOf, fileName, PICTURE, pictureOf } from "./picture.js";
import { followed } from "../shared/course.js";
import { focusedBeside, node, say } from "../shared/elements.js";
import { isHidden } from "../shared/scene.js";
import { floats, octets, softmax } from "../shared/softmax.js";
import { t } from "../shared/words.js";

const FILM = { width: 960, height: 540, frames: 48, frameMs: 120, lastMs: 2500 };
const PNG = "image/png";
const TOLD_FOR_MS = 8000;

/** The menu at the end of the card's head, and the line that says what became of it. */
export function sharePart(model, life, el) {
  const told = node("p", { class: "kd-note kd-share-told", role: "status", hidden: "" });
  let view = null;
  let busy = false;
  let timer = 0;
  const answer = (text, stays = false) => {
    clearTimeout(timer);
    say(told, text);
    told.hidden = !text;
    if (text && !stays) timer = setTimeout(() => answer("", true), TOLD_FOR_MS);
  };
  life.onEnd(() => clearTimeout(timer));
  const menu = shareMenu(life, async (make) => {
    if (busy) return;
    busy = true;
    try {
      await make(sourceOf(model, el, view), answer);
    } catch (error) {
      answer(t("The picture could not be made: {reason}", { reason: error.message }));
    } finally {
      busy = false;
    }
  });
  return {
    root: menu.root,
    told,
    draw(next) {
      view = next;
      menu.root.hidden = Boolean(model.scene && isHidden(model, "share"));
      menu.root.style.visibility = next.series.some((s) => s.steps.at(-1) > 0) ? "" : "hidden"; // its place is kept
      menu.film.hidden = Math.max(...next.series.map((s) => s.steps.length), 0) < 2;
    },
  };
}

function shareMenu(life, run) {
  const button = (name, make) => {
    const one = node("button", { type: "button", class: "kd-button" }, name);
    life.listen(one, "click", () => {
      root.open = false;
      summary.focus();
      run(make);
    });
    return one;
  };
  const summary = node("summary", { class: "kd-button kd-share-summary" }, t("Share"));
  const film = button(t("Save film (GIF)"), saveFilm);
  const menu = node("div", { class: "kd-share-menu" }, button(t("Copy picture"), copyPicture), button(t("Save picture (PNG)"), savePng), button(t("Save picture (SVG)"), saveSvg), film);
  const root = node("details", { class: "kd-share-picture" }, summary, menu);
  life.listen(root, "keydown", (event) => {
    if (event.key !== "Escape" || !root.open) return;
    root.open = false;
    if (menu.contains(focusedBeside(root))) summary.focus();
    event.stopPropagation();
  });
  life.listen(root, "focusout", (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) root.open = false;
  });
  life.listen(document, "pointerdown", (event) => {
    if (!event.composedPath().includes(root)) root.open = false;
  });
  return { root, film };
}

/** What a picture is drawn from, at any step: taken once, so that a film holds still while the page goes on. */
function sourceOf(model, el, view) {
  const rows = model.scene ? model.get("runs") : view.series;
  const row = rows.find((one) => one.id === model.get("shown_run")) ?? rows.find((one) => one.role === "student") ?? rows[0];
  const answers = model.scene ? answersOf(model) : null;
  const recorded = (answers && model.scene.steps()) || [];
  const colours = coloursOf(el, view);
  return {
    row,
    step: (answers && model.scene.frame()?.step) ?? row.steps.at(-1),
    steps: recorded.length > 1 ? recorded : row.steps,
    example: (at) => answers?.(at) ?? null,
    svg(at = this.step) {
      const caption = captionOf({
        row, twin: rows.find((one) => one.role === "twin" && one !== row), step: at, last: row.total_steps ?? view.last,
        teacherName: model.scene ? model.get("teacher_name") : "", studentName: model.scene ? model.get("student_name") : "",
      });
      return pictureOf(view, this.example(at), at, caption, colours);
    },
    name(ending, at = this.step) {
      return `${fileName(row, at)}.${ending}`;
    },
  };
}

/** What teacher and student say of the example selected, by step; null on a page without examples. */
function answersOf(model) {
  const classes = model.get("classes");
  const count = classes.length;
  const i = model.get("selected");
  const teacher = floats(model.get("teacher_logits")).subarray(i * count, (i + 1) * count);
  if (!count || teacher.length < count) return null;
  const labelled = model.get("labels")[i] ?? -1;
  const image = imageOf(model, i);
  const caption = labelled >= 0 ? t("label: {name}", { name: classes[labelled] }) : (model.get("captions")[i] ?? "");
  const now = model.scene.frame();
  return (step) => {
    const logits = now?.step === step ? now.logits : model.scene.logitsAfter(step);
    if (!logits) return null;
    const student = logits.subarray(i * count, (i + 1) * count);
    const temperature = followed(model, "temperature", model.chosen("temperature"), step);
    return { image, caption, label: labelled, classes, temperature, teacher: softmax(teacher, temperature), student: softmax(student, temperature) };
  };
}

/** The example's picture as a data address: ink on paper. */
function imageOf(model, i) {
  const [height, width] = model.get("image_shape");
  const size = height * width;
  const bytes = octets(model.get("images")).subarray(i * size, (i + 1) * size);
  if (!size || bytes.length < size) return "";
  const canvas = node("canvas", { width, height });
  const context = canvas.getContext("2d");
  const frame = context.createImageData(width, height);
  bytes.forEach((ink, p) => frame.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * p));
  context.putImageData(frame, 0, 0);
  return canvas.toDataURL(PNG);
}

/** The theme's colours as they are now, and those of each run. */
function coloursOf(el, view) {
  const probe = node("span", {});
  (el.querySelector(".kd") ?? el).append(probe);
  const colour = (name) => {
    probe.style.color = `var(--kd-${name})`;
    return getComputedStyle(probe).color;
  };
  const names = { surface: "surface", ink: "ink", muted: "muted", line: "line", teacher: "teacher", teacherText: "teacher-text", student: "student", studentText: "student-text" };
  const colours = Object.fromEntries(Object.entries(names).map(([name, token]) => [name, colour(token)]));
  const runs = {};
  for (const { look } of view.series) {
    probe.className = `kd-run-${look.name}`;
    const dash = getComputedStyle(probe).getPropertyValue("--kd-run-dash").trim();
    runs[look.name] = { line: colour("run"), text: colour("run-text"), dash: dash === "none" ? "" : dash };
  }
  probe.remove();
  return { ...colours, runs };
}

async function canvasOf(svg, width, height) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = node("canvas", { width, height });
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0, width, height);
  return canvas;
}

async function pngOf(source) {
  const canvas = await canvasOf(source.svg(), 2 * PICTURE.width, 2 * PICTURE.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no PNG"))), PNG));
}

function save(blob, name) {
  const link = node("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function copyPicture(source, answer) {
  const made = pngOf(source);
  try {
    await navigator.clipboard.write([new ClipboardItem({ [PNG]: made })]);
    answer(t("Picture copied."));
  } catch {
    save(await made, source.name("png"));
    answer(t("This browser does not let a page copy pictures, so it was saved as {file}.", { file: source.name("png") }));
  }
}

async function savePng(source, answer) {
  save(await pngOf(source), source.name("png"));
  answer(t("Saved as {file}.", { file: source.name("png") }));
}

async function saveSvg(source, answer) {
  save(new Blob([source.svg()], { type: "image/svg+xml" }), source.name("svg"));
  answer(t("Saved as {file}.", { file: source.name("svg") }));
}

/** Some of the recorded steps, the first and the last among them. */
export function filmSteps(steps, most = FILM.frames) {
  const count = Math.min(most, steps.length);
  return Array.from({ length: count }, (_, i) => steps[Math.round((i * (steps.length - 1)) / Math.max(1, count - 1))]);
}

async function saveFilm(source, answer) {
  const steps = filmSteps(source.steps);
  const frames = [];
  for (const [i, step] of steps.entries()) {
    answer(t("Film: picture {n} of {all}", { n: i + 1, all: steps.length }), true);
    const canvas = await canvasOf(source.svg(step), FILM.width, FILM.height);
    frames.push(canvas.getContext("2d").getImageData(0, 0, FILM.width, FILM.height).data);
    if (i === steps.length - 1) break;
    await new Promise((done) => setTimeout(done)); // the page stays alive
  }
  const writer = gifWriter(FILM.width, FILM.height, paletteOf([frames[0], frames[frames.length >> 1], frames.at(-1)]));
  for (const [i, pixels] of frames.entries()) {
    writer.add(pixels, i === frames.length - 1 ? FILM.lastMs : FILM.frameMs);
    await new Promise((done) => setTimeout(done));
  }
  const name = source.name("gif", steps.at(-1)).replace(/-step\d+/, "");
  save(new Blob(writer.end(), { type: "image/gif" }), name);
  answer(t("Saved as {file}.", { file: name }));
}
