// Which schemes a reader's words find.

/** Small letters without accents, hyphens as spaces: "Born-Again" is found by "born again". */
export function plainText(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[-–_.,:;()]/g, " ");
}

/** The rows in which every word occurs; those whose acronym or title begins so come first. */
export function foundRows(rows, text) {
  const words = plainText(text).split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  const of = (row) => plainText(`${row.title} ${row.acronym} ${row.found_by}`);
  const begins = (row) => [row.acronym, row.title].some((one) => plainText(one).startsWith(words[0]));
  const found = rows.filter((row) => words.every((word) => of(row).includes(word)));
  return [...found.filter(begins), ...found.filter((row) => !begins(row))];
}
