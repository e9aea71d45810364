import { describe, expect, test } from "vitest";
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatOf,
  formatPercent,
  formatRate,
  formatRelative,
  formatSpeed,
  formatUsd,
  tokensPerSecond,
} from "./format";

describe("money", () => {
  test.each([
    ["0", "$0.00"],
    ["1234567.891", "$1,234,567.89"],
    ["1", "$1.00"],
    ["0.5", "$0.50"],
    ["0.0425", "$0.0425"],
    ["0.00125", "$0.00125"],
    ["0.0000042", "$0.0000042"],
    ["0.000000001", "$0.000000001"],
    ["-0.25", "-$0.25"],
  ])("%s dollars are shown as %s", (decimal, shown) => expect(formatUsd(decimal)).toBe(shown));

  test("an amount that is not a number is a dash, never $NaN", () => expect(formatUsd("abc")).toBe("–"));

  test.each([
    ["2.5", "$2.50"],
    ["0.075", "$0.075"],
    ["0", "$0.00"],
    ["15", "$15.00"],
  ])("a rate of %s is shown as %s", (decimal, shown) => expect(formatRate(decimal)).toBe(shown));
});

describe("counts", () => {
  test("thousands are separated", () => expect(formatCount(1234567)).toBe("1,234,567"));
  test("small counts stay exact", () => expect(formatCompact(9999)).toBe("9,999"));
  test("one has its own form", () => expect([formatOf(1, "call"), formatOf(0, "call")]).toEqual(["1 call", "0 calls"]));
  test("large counts are shortened", () => expect(formatCompact(1_250_000)).toBe("1.3M"));
  test.each([
    [0, "0%"],
    [0.0004, "<0.1%"],
    [0.015, "1.5%"],
    [0.02, "2%"],
    [0.5, "50%"],
    [1, "100%"],
  ])("a share of %d is %s", (share, shown) => expect(formatPercent(share)).toBe(shown));
});

describe("durations", () => {
  test.each([
    [0, "0 ms"],
    [840.4, "840 ms"],
    [999.7, "1.00 s"],
    [2414, "2.41 s"],
    [9_996, "10.0 s"],
    [59_949, "59.9 s"],
    [59_960, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_660_000, "1 h 01 min"],
  ])("%d ms are %s", (ms, shown) => expect(formatDuration(ms)).toBe(shown));
});

describe("moments", () => {
  const now = new Date("2026-03-04T12:00:00Z");
  test.each([
    ["2026-03-04T11:59:58Z", "just now"],
    ["2026-03-04T11:59:30Z", "30 s ago"],
    ["2026-03-04T11:00:01Z", "59 min ago"],
    ["2026-03-03T13:00:00Z", "23 h ago"],
    ["2026-02-28T12:00:00Z", "4 d ago"],
    ["2026-03-06T12:00:00Z", "in 2 d"],
    ["2025-12-25T12:00:00Z", "Dec 25, 2025"],
  ])("%s is %s", (at, shown) => expect(formatRelative(new Date(at), now)).toBe(shown));
});

describe("speed", () => {
  test("it counts from the first token on", () => expect(tokensPerSecond(100, 3000, 1000)).toBe(50));
  test("a whole answer counts from the start", () => expect(tokensPerSecond(100, 2000, null)).toBe(50));
  test("one token or no time has no speed", () => {
    expect(tokensPerSecond(1, 2000, 1000)).toBeUndefined();
    expect(tokensPerSecond(100, 1000, 1000)).toBeUndefined();
  });
  test("slow ones keep a place", () => {
    expect(formatSpeed(4.26)).toBe("4.3 tok/s");
    expect(formatSpeed(1234.4)).toBe("1,234 tok/s");
  });
});
