import { expect, test } from "vitest";
import { noteFirstToken, usualFirstTokenMs } from "@/server/state/first-tokens";

test("nothing is told of a route before twenty streams", () => {
  for (let at = 0; at < 19; at++) noteFirstToken("few", 100);
  expect(usualFirstTokenMs("few")).toBeUndefined();
  noteFirstToken("few", 100);
  expect(usualFirstTokenMs("few")).toBe(100);
  expect(usualFirstTokenMs("other")).toBeUndefined();
});

test("it is the time within which 95 of 100 began", () => {
  for (let ms = 20; ms >= 1; ms--) noteFirstToken("twenty", ms);
  expect(usualFirstTokenMs("twenty")).toBe(19);
});

test("what is long past is forgotten", () => {
  for (let at = 0; at < 64; at++) noteFirstToken("changing", 5_000);
  for (let at = 0; at < 64; at++) noteFirstToken("changing", 10);
  expect(usualFirstTokenMs("changing")).toBe(10);
});
