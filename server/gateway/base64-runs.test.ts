import { expect, test } from "vitest";
import { base64Runs } from "@/server/gateway/base64-runs";

const plain = (text: string) => [...text.matchAll(/[A-Za-z0-9+/=_-]{2048,}/g)].map(([run]) => run.length);

test("every run of 2,048 characters or more is found with its length, wherever it lies", () => {
  for (const length of [2_047, 2_048, 2_049, 4_096, 10_000])
    for (const before of [0, 1, 2_046, 2_047, 2_048, 5_000])
      for (const after of ["", '"', `" ${"B".repeat(3_000)}`, " word".repeat(900)]) {
        const text = `${" ".repeat(before)}${"A".repeat(length)}${after}`;
        expect(base64Runs(Buffer.from(text)), `${before}, ${length}, ${after.length}`).toEqual(plain(text));
      }
});

test("texts of random words and runs are read as a pattern reads them", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const pieces = Array.from({ length: 12 }, () => "x".repeat(random(10) < 3 ? random(5_000) : random(12)));
    const text = pieces.join(random(2) === 0 ? " " : "é ");
    expect(base64Runs(Buffer.from(text))).toEqual(plain(Buffer.from(text).toString("latin1")));
  }
});

test("a long prompt costs microseconds", () => {
  const prompt = Buffer.from("What is there to see in Ghent? ".repeat(30_000));
  const began = performance.now();
  for (let at = 0; at < 100; at++) expect(base64Runs(prompt)).toEqual([]);
  expect((performance.now() - began) / 100).toBeLessThan(5);
});
