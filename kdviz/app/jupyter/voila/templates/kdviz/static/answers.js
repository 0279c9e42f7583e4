// What the browser keeps of lessons: which questions a lesson's page has asked, and which of them were answered.
kdviz.answers = (() => {
  const [ASKED, ANSWER, SUBMITTED] = ["kdviz-asked:", "kdviz-answer:", "kdviz-submitted:"]; // the last two as in remembered.js

  function read(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function write(name, text) {
    try {
      if (text === null) localStorage.removeItem(name);
      else localStorage.setItem(name, text);
    } catch {
      // It lasts as long as the page.
    }
  }

  /** The questions, "lesson/part", that the lesson at a path has asked when it was last open. */
  function asked(path) {
    try {
      const keys = JSON.parse(read(ASKED + path) ?? "[]");
      return Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : [];
    } catch {
      return [];
    }
  }

  function count(path) {
    const keys = asked(path);
    return { n: keys.filter((key) => read(ANSWER + key)).length, of: keys.length };
  }

  function forget(path) {
    for (const key of asked(path)) {
      write(ANSWER + key, null);
      write(SUBMITTED + key.split("/")[0], null);
    }
  }

  // On the index: beside each lesson that has been open.
  document.addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll("[data-kd-answered]")) {
      const { n, of } = count(place.dataset.kdAnswered);
      if (n) place.textContent = place.dataset.kdSays.replace("{n}", n).replace("{of}", of);
    }
  });

  return { count, forget, keep: (path, keys) => write(ASKED + path, JSON.stringify(keys)), read, write };
})();
