import { expect, test } from "vitest";
import { periodBounds } from "@/server/state/spending";

const at = (text: string) => new Date(text);

test.each([
  ["day", "2026-11-22T23:59:59Z", "2026-11-22", "2026-11-23"],
  ["week", "2026-11-22T12:00:00Z", "2026-11-16", "2026-11-23"],
  ["week", "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30"],
  ["month", "2026-12-31T23:00:00Z", "2026-12-01", "2027-01-01"],
  ["month", "2028-02-29T00:00:00Z", "2028-02-01", "2028-03-01"],
  ["year", "2026-01-01T00:00:00Z", "2026-01-01", "2027-01-01"],
])("the %s of %s", (period, now, from, resetsAt) => {
  expect(periodBounds(period, at(now))).toEqual({
    from: at(`${from}T00:00:00Z`),
    resetsAt: at(`${resetsAt}T00:00:00Z`),
  });
});

test("a total never resets", () => {
  expect(periodBounds("total", at("2026-11-22T00:00:00Z"))).toEqual({ from: null, resetsAt: null });
});
