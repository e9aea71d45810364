import { expect, test } from "vitest";
import { eventEnds, lastEventEnd } from "@/server/wire/event-bounds";

test.each([
  ["data: a\n\n", [9]],
  ["data: a\n\ndata: b\n\n", [9, 18]],
  ["data: a\r\n\r\ndata: b\r\n\r\n", [11, 22]],
  ["data: a\r\rdata: b\r\r", [9, 18]],
  [": comment\n\ndata: a\n\n", [11, 20]],
])("finds where the events of %j end", (text, ends) => {
  expect(eventEnds(Buffer.from(text))).toEqual(ends);
  expect(lastEventEnd(Buffer.from(text))).toBe(ends.at(-1));
});

test("an event that has not ended is left for later", () => {
  expect(lastEventEnd(Buffer.from("data: a\n"))).toBe(0);
  expect(lastEventEnd(Buffer.from("data: a\r\n"))).toBe(0);
  expect(lastEventEnd(Buffer.from("data: a\n\ndata: b"))).toBe(9);
  expect(lastEventEnd(Buffer.from("data: a\r\n\r\ndata: b\r\n"))).toBe(11);
  expect(lastEventEnd(Buffer.from(""))).toBe(0);
});
