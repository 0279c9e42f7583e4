// Who answers, where the server collects answers: asked once on a lesson's page, remembered by the browser. Each answer
// is handed in as it is given, and again until the server has it; nothing is sent before there is a name.
(() => {
  const { t } = kdviz.page;
  const { read, write } = kdviz.answers;
  const LEARNER = "kdviz-learner"; // { key, name, as, another } or { key, skip }; linked: the link's name that was followed
  const AGAIN_MS = 5000; // between two tries while the server does not answer
  const LONGEST = 60;
  const place = document.getElementById("kd-learner");
  const { address, hub } = place.dataset;
  const linked = (new URLSearchParams(location.search).get("learner") ?? "").trim().slice(0, LONGEST);
  const root = document.documentElement;
  const waiting = new Map(); // what has not arrived, by question; "lesson/" for its submission
  const given = new Map(); // what was answered last, by question
  let who = remembered();
  let asks = false; // somebody wants to give another name
  let says = ""; // what is wrong, in a sentence
  let late = false; // the server does not answer
  let running = false;
  let again = 0;

  function node(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** Whom the hub names, or the link, or this browser. */
  function remembered() {
    let known = {};
    try {
      const kept = JSON.parse(read(LEARNER) ?? "{}");
      if (kept !== null && typeof kept === "object") known = kept;
    } catch {
      // written by hand: begin anew
    }
    const key = /^[\w-]{16,64}$/.test(known.key) ? known.key : newKey();
    if (hub) return { ...known, key, name: known.skip ? "" : hub, as: known.name === hub ? known.as : undefined };
    if (linked && linked !== known.linked) return { key, name: linked }; // once: what is chosen then stands
    return { ...known, key };
  }

  /** What no other browser has; without crypto.randomUUID, which a page without TLS has not. */
  function newKey() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  function keep(next) {
    who = { ...next, key: who.key, linked: linked || who.linked };
    write(LEARNER, JSON.stringify(who));
    draw();
  }

  // What is seen

  const sentence = node("p", { id: "kd-learner-says" });
  const field = node("input", { id: "kd-learner-name", name: "name", maxlength: String(LONGEST), autocomplete: "name", required: "", "aria-describedby": "kd-learner-says" });
  const label = node("label", { for: "kd-learner-name" }, t("Your name"));
  const give = node("button", { type: "submit" }, t("Collect my answers"));
  const skip = node("button", { type: "button" }, t("Do not collect them"));
  const change = node("button", { type: "button", "aria-describedby": "kd-learner-says" });
  const trouble = node("p", { role: "status", class: "kd-learner-trouble" });
  const form = node("form", {}, label, field, give, skip);
  place.setAttribute("aria-label", t("Collected answers"));
  place.append(sentence, form, change, trouble);

  function draw() {
    const open = asks || (!who.name && !who.skip);
    const focused = place.contains(document.activeElement);
    sentence.textContent = textFor(open);
    form.hidden = !open;
    change.hidden = open;
    change.textContent = who.skip ? t("Collect them") : hub ? t("Do not collect them") : t("Change");
    trouble.textContent = says || (late && who.name ? lateText() : "");
    trouble.hidden = !trouble.textContent;
    if (focused && document.activeElement === document.body) (open ? field : change).focus();
  }

  function textFor(open) {
    if (open) return t("Answers are collected here for the lecturer, who sees them under your name; other students do not.");
    if (who.skip) return t("Your answers are not collected.");
    const name = who.as ?? who.name;
    if (who.another) return t("Somebody else is called that here: your answers are collected as {name}. The lecturer sees them; other students do not.", { name });
    return t("Your answers are collected as {name}. The lecturer sees them; other students do not.", { name });
  }

  function lateText() {
    return waiting.size ? t("The server has not taken your last answers yet; they are sent again.") : "";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (!name) return;
    [asks, says] = [false, ""];
    keep({ name });
    handInAll();
  });
  skip.addEventListener("click", () => {
    [asks, says] = [false, ""];
    keep({ skip: true });
  });
  change.addEventListener("click", () => {
    if (hub) {
      keep(who.skip ? { name: hub } : { skip: true });
      return void send();
    }
    asks = true;
    field.value = who.name ?? "";
    draw();
    field.focus();
  });

  addEventListener("storage", ({ key }) => {
    if (key !== LEARNER) return; // another page of this browser has asked
    asks = false;
    who = remembered();
    draw();
    handInAll();
  });

  // What is sent

  /** Under a new name: what this page has, and the name alone, for whether somebody else has it. */
  function handInAll() {
    waiting.set("", {});
    for (const [key, said] of given) waiting.set(key, said);
    send();
  }

  document.addEventListener("kdviz-question", ({ detail }) => {
    const at = detail.key.indexOf("/");
    const [lesson, part] = [detail.key.slice(0, at), detail.key.slice(at + 1)];
    if (detail.answered) queue(detail.key, { lesson, part, answer: JSON.parse(detail.answer) });
    if (detail.submitted) queue(`${lesson}/`, { lesson, submitted: true });
    send();
  });

  function queue(key, said) {
    if (JSON.stringify(given.get(key)) === JSON.stringify(said)) return;
    given.set(key, said);
    waiting.set(key, said);
  }

  /** Hand in what waits, one after the other: submissions last. */
  async function send() {
    if (running || !who.name || root.dataset.kdPresent) return;
    running = true;
    try {
      while (waiting.size && who.name) {
        const [key, said] = [...waiting].sort(([a], [b]) => a.endsWith("/") - b.endsWith("/"))[0];
        const by = who;
        const answer = await fetch(address, {
          method: "POST",
          keepalive: true, // the page may be left right after the answer
          headers: { "Content-Type": "application/json", "X-Kdviz-Answers": "1" },
          body: JSON.stringify({ ...said, name: by.name, key: by.key }),
        });
        if (!answer.ok && answer.status !== 400) throw new Error(answer.statusText);
        const { as, another, why } = answer.ok ? await answer.json() : { why: "unwritten" };
        if (by !== who) continue; // another name meanwhile
        if (waiting.get(key) === said) waiting.delete(key);
        [late, says] = [false, why ? whyText(why) : says];
        if (why === "name") return void nameless();
        if (as && (as !== who.as || another !== who.another)) keep({ ...who, as, another });
      }
    } catch {
      late = true;
      clearTimeout(again);
      again = setTimeout(send, AGAIN_MS);
    } finally {
      running = false;
      draw();
    }
  }

  function nameless() {
    asks = true;
    keep({});
  }

  function whyText(why) {
    if (why === "name") return t("A name has 1 to 60 characters, letters among them.");
    if (why === "final") return t("You have submitted this lesson: what you change now is not collected.");
    return t("The server could not keep your last answer. Tell your lecturer.");
  }

  draw();
})();
