import { expect, test } from "vitest";
import { LedgerBatch } from "@/server/state/ledger-batch";

const about = { day: "2026-01-02", unnamed: false };
const rows = [
  { id: "a", error_message: "line\nbreak, “quotes” and 🦜" },
  { id: "b" },
  { id: "c", model: "x".repeat(5_000) },
];
const texts = rows.map((row) => JSON.stringify(row));

test("the rows of a batch come out as they went in, as lines, as one array and one by one", () => {
  const batch = new LedgerBatch(10);
  for (const text of texts) batch.add(text, about);
  expect(batch.takeLines().bytes.toString()).toBe(texts.map((text) => `${text}\n`).join(""));
  batch.close();
  expect(JSON.parse(batch.json().toString())).toEqual(rows);
  expect(batch.texts()).toEqual(texts);
  expect(batch.rows).toBe(3);
});

test("each line is taken once, with how many they are", () => {
  const batch = new LedgerBatch(10);
  const taken: [string, number][] = [];
  const take = () => {
    const { bytes, rows } = batch.takeLines();
    taken.push([bytes.toString(), rows]);
  };
  batch.add("1", about);
  take();
  take();
  batch.add("2", about);
  batch.add("3", about);
  take();
  expect(taken).toEqual([
    ["1\n", 1],
    ["", 0],
    ["2\n3\n", 2],
  ]);
});

test("a batch may be asked for its rows again after the database refused them", () => {
  const batch = new LedgerBatch(10);
  for (const text of texts) batch.add(text, about);
  batch.close();
  expect(batch.json().equals(batch.json())).toBe(true);
  expect(batch.hasRoom(1)).toBe(false);
});

test("a batch takes a thousand rows, and one that is larger than any batch gets its own", () => {
  const batch = new LedgerBatch(10);
  for (let row = 0; row < 1_000; row++) {
    expect(batch.hasRoom(10)).toBe(true);
    batch.add('{"id":"a"}', about);
  }
  expect(batch.hasRoom(10)).toBe(false);
  const large = JSON.stringify({ error_message: "é".repeat(600_000) });
  expect(batch.hasRoom(large.length)).toBe(false);
  const own = new LedgerBatch(large.length);
  expect(own.hasRoom(large.length)).toBe(true);
  own.add(large, about);
  expect(own.texts()).toEqual([large]);
});

test("bytes that serve another batch hold nothing of the one before", () => {
  const first = new LedgerBatch(10);
  for (const text of texts) first.add(text, about);
  first.release();
  const second = new LedgerBatch(10);
  second.add('{"id":"z"}', about);
  second.close();
  expect(second.texts()).toEqual(['{"id":"z"}']);
  expect(JSON.parse(second.json().toString())).toEqual([{ id: "z" }]);
});

test("a batch tells on which days its calls began, and whether a purse is still to be named", () => {
  const batch = new LedgerBatch(10);
  batch.add('{"id":"a"}', about);
  expect([...batch.days]).toEqual(["2026-01-02"]);
  expect(batch.unnamed).toBe(false);
  batch.add('{"id":"b"}', { day: "2026-01-03", unnamed: true });
  expect([...batch.days]).toEqual(["2026-01-02", "2026-01-03"]);
  expect(batch.unnamed).toBe(true);
});
