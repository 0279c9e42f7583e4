// Finding a method by its name, an acronym, or who wrote of it.

/** Lower case, without accents, and nothing between words but spaces. */
function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}+]+/gu, " ").trim();
}

/**
 * The rows that a search finds: those with exactly this acronym; where there are none, those in which every word of it
 * begins a word. Methods elsewhere are only found by searching.
 *
 * @param {any[]} rows
 * @param {string} query
 * @returns {any[]}
 */
export function foundRows(rows, query) {
  const asked = folded(query);
  if (!asked) return rows.filter((row) => row.family !== "elsewhere");
  const called = rows.filter((row) => (row.acronyms ?? "").split(",").some((one) => folded(one) === asked));
  if (called.length) return called;
  const wanted = asked.split(" ");
  return rows.filter((row) => {
    const words = folded(`${row.title} ${row.acronyms ?? ""} ${row.words ?? ""}`).split(" ");
    return wanted.every((one) => words.some((word) => word.startsWith(one)));
  });
}
