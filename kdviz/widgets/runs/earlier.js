// Earlier runs: one line for each, to show it again, hide its curve or remove it.

import { iconButton } from "./icon_button.js";
import { focusedBeside, lifetime, node, put, say } from "../shared/elements.js";
import { grouped, percent, short } from "../shared/format.js";
import { temperatureLook } from "../shared/run_key.js";
import { t, tn } from "../shared/words.js";

/** Rounds of runs, the newest first: { id, T, student, twin, branches, rows }. */
export function rounds(rows) {
  const by = new Map();
  for (const row of rows) by.set(row.round, [...(by.get(row.round) ?? []), row]);
  return [...by.values()].reverse().map((all) => ({
    id: all[0].id, rows: all, student: all.find((row) => row.role === "student") ?? all[0], twin: all.find((row) => row.role === "twin"),
    branches: all.filter((row) => row.role === "branch").length,
  }));
}

/** "T = 9: 431 test errors" */
export function told({ student }) {
  const name = student.named ? student.name : temperatureText(student.temperature);
  if (student.test !== null && student.test !== undefined) return tn("{name}: {count} test error", "{name}: {count} test errors", student.test, { name, count: grouped(student.test) });
  const last = student.values.length ? percent(student.values.at(-1)) : "–";
  return t("{name}: {error} at step {step}", { name, error: last, step: grouped(student.steps.at(-1) ?? 0) });
}

function temperatureText(temperature) {
  return temperature === null || temperature === undefined ? t("T changed") : `T\u00a0=\u00a0${short(temperature)}`;
}

/** What else there is to say of it, in a few words. */
function besides({ student, twin, branches }) {
  const beside = twin && twin.test !== null && twin.test !== undefined ? t("twin {n}", { n: grouped(twin.test) }) : "";
  return [beside, student.otherwise, branches ? tn("{n} branch", "{n} branches", branches) : ""].filter(Boolean).join(" · ");
}

export function earlierPart(model) {
  const list = node("ul", { class: "kd-earlier-list" });
  const title = node("h3", {});
  const root = node("section", { class: "kd-earlier" }, title, list);
  const made = new Map();
  return {
    root,
    draw(rows) {
      const all = rounds(rows);
      root.hidden = all.length === 0;
      say(title, rows.some((row) => row.given) ? t("Other runs") : t("Earlier runs"));
      put(root, "aria-label", title.textContent);
      for (const [id, line] of made) {
        if (all.some((round) => round.id === id)) continue;
        const next = line.root.nextElementSibling ?? line.root.previousElementSibling;
        const hadFocus = line.root.contains(focusedBeside(list));
        line.root.remove();
        line.end();
        made.delete(id);
        if (hadFocus) next?.querySelector("button")?.focus();
      }
      all.forEach((round, i) => {
        if (!made.has(round.id)) made.set(round.id, earlierLine(model, round.id));
        const line = made.get(round.id);
        if (list.children[i] !== line.root) list.insertBefore(line.root, list.children[i] ?? null);
        line.draw(round);
      });
    },
  };
}

function earlierLine(model, id) {
  const life = lifetime(model);
  let now = null;
  const send = (command, values = {}) => model.send({ command, run: id, ...values });
  const key = node("i", { class: "kd-earlier-key", "aria-hidden": "true" });
  const name = node("span", { class: "kd-earlier-name" });
  const more = node("small", {});
  const show = node("button", { type: "button", class: "kd-earlier-show" }, key, name, more);
  life.listen(show, "click", () => send("show"));
  const hide = iconButton(life, "kd-run-hide", () => send("hide", { hidden: !now.student.hidden }));
  const remove = iconButton(life, "kd-run-remove", () => send("remove"));
  return {
    root: node("li", {}, show, hide.root, remove.root),
    end: () => life.end(),
    draw(round) {
      now = round;
      const text = told(round);
      put(key, "class", `kd-earlier-key ${temperatureLook(round.student.temperature)}`);
      say(name, text);
      say(more, besides(round));
      put(show, "aria-label", [t("Show {name} again", { name: text }), besides(round)].filter(Boolean).join(", "));
      put(show, "title", t("Show this run again, with its film and its branches"));
      put(show, "aria-current", round.rows.some((row) => row.id === model.get("shown_run")) ? "true" : null);
      hide.draw(round.student.hidden ? "show" : "hide", t("Hide the curve of {name}", { name: text }));
      put(hide.root, "aria-pressed", String(Boolean(round.student.hidden)));
      hide.root.hidden = !round.student.same_page;
      remove.draw("remove", t("Remove {name}", { name: text }));
      remove.root.hidden = !round.student.removable;
    },
  };
}
