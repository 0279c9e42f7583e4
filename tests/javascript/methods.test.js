import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceAt, drawnLink, ownLinks, readLinks, writeLinks } from "../../kdviz/widgets/method_picture/links.js";
import { foundRows } from "../../kdviz/widgets/methods/search.js";
import { blocks, floats, shade, threeMaps } from "../../kdviz/widgets/relations/numbers.js";

const ROWS = [
  { name: "soft_targets", title: "Soft targets (Hinton)", family: "response", acronyms: "KD", words: "soft targets Hinton, Vinyals, Dean 2015" },
  { name: "decoupled", title: "Decoupled (DKD)", family: "response", acronyms: "DKD", words: "Zhao et al. 2022" },
  { name: "attention", title: "Attention transfer", family: "feature", acronyms: "AT", words: "Zagoruyko, Komodakis 2017" },
  { name: "distance", title: "Relational distance (RKD)", family: "relation", acronyms: "RKD, RKD-D", words: "Park et al. 2019" },
  { name: "angle", title: "Relational angle (RKD)", family: "relation", acronyms: "RKD, RKD-A", words: "Park et al. 2019" },
  { name: "", title: "Masked generative", family: "elsewhere", reason: "Not here.", acronyms: "MGD", words: "Yäng 2022" },
];
const found = (query) => foundRows(ROWS, query).map((row) => row.name || row.title);

test("an acronym finds those that are called so, and no word that holds its letters", () => {
  assert.deepEqual(found("AT"), ["attention"]);
  assert.deepEqual(found("kd"), ["soft_targets"]);
  assert.deepEqual(found("RKD"), ["distance", "angle"]);
  assert.deepEqual(found("rkd a"), ["angle"]);
});

test("words begin words of title and authors; what is elsewhere is only found by searching", () => {
  assert.deepEqual(found("hinton"), ["soft_targets"]);
  assert.deepEqual(found("park dist"), ["distance"]);
  assert.deepEqual(found("yang"), ["Masked generative"]);
  assert.deepEqual(found("MGD"), ["Masked generative"]);
  assert.deepEqual(found("nobody"), []);
  assert.equal(found("  ").length, 5);
});

const box = (name) => ({ name, shape: "1", compared: false });
const drawing = (links) => ({
  teacher: ["input", "a", "b", "c"].map(box), student: ["input", "x", "y"].map(box),
  links: links.map(([teacher, student, second = false]) => ({ teacher, student, second })),
  choices: [{ teacher: 1, student: 2, fits: true, says: "yes" }, { teacher: 2, student: 2, fits: false, says: "no" }],
});

test("links are written as they are read, each once", () => {
  assert.equal(writeLinks(readLinks("x:a,y:b")), "x:a,y:b");
  assert.equal(writeLinks([{ student: "x", teacher: "a" }, { student: "x", teacher: "a" }]), "x:a");
  assert.deepEqual(readLinks(""), []);
});

test("a drawn line turns the link of its layer, or the only one, or is one more", () => {
  const drawn = (links, teacher, student) => writeLinks(drawnLink(drawing(links), teacher, student));
  assert.equal(drawn([[1, 1]], 1, 2), "y:a", "its own link turns");
  assert.equal(drawn([[1, 1]], 3, 2), "y:c", "the only one goes along");
  assert.equal(drawn([[1, 1], [3, 2]], 2, 1), "x:a,x:b,y:c", "one more, in the teacher's order");
  assert.equal(drawn([[1, 1], [2, 2]], 2, 1), "x:a,x:b");
  assert.equal(drawn([[1, 1], [3, 2, true]], 1, 2), "y:a", "the second method's stay out of it");
  assert.deepEqual(ownLinks(drawing([[1, 1], [3, 2, true]])), [{ student: "x", teacher: "a" }]);
  assert.deepEqual([choiceAt(drawing([]), 1, 2).fits, choiceAt(drawing([]), 2, 2).says, choiceAt(drawing([]), 3, 1)], [true, "no", null]);
});

test("two matrices share a scale, and their difference is around the middle", () => {
  const maps = threeMaps(new Float32Array([0, 1]), new Float32Array([0.5, 0.5]));
  assert.deepEqual([...maps.difference], [0.5, -0.5]);
  assert.deepEqual([maps.low, maps.high, maps.most], [0, 1, 0.5]);
  assert.deepEqual([0, 1].map((v) => shade(maps, "teacher", v)), [0, 255]);
  assert.deepEqual([-0.5, 0, 0.5].map((v) => shade(maps, "difference", v)), [0, 128, 255]);
  const alike = threeMaps(new Float32Array([1]), new Float32Array([1]));
  assert.equal(shade(alike, "difference", 0), 128);
});

test("bytes become numbers at any offset, and equal labels one block", () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat32(1, 1.5, true);
  assert.deepEqual([...floats(new DataView(bytes.buffer, 1, 4))], [1.5]);
  assert.equal(floats(undefined).length, 0);
  assert.deepEqual(blocks([0, 0, 3]), [{ label: 0, from: 0, to: 2 }, { label: 3, from: 2, to: 3 }]);
});
