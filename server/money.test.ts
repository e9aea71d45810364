import { describe, expect, test } from "vitest";
import { costOf, nanoFromUsd, Rates, usdText } from "@/server/money";
import { noUsage, type Usage } from "@/server/wire/usage";

/** Nano-dollars per million tokens for a price in dollars per million. */
function perMillion(usd: number): number {
  return Number(nanoFromUsd(usd));
}

function usage(classes: Partial<Usage>): Usage {
  return { ...noUsage, ...classes };
}

describe("costOf", () => {
  const gpt4o: Rates = { input: perMillion(2.5), cachedInput: perMillion(1.25), output: perMillion(10) };

  test.each([
    // 1,000 × $2.50/M = $0.0025; 500 × $10/M = $0.005
    ["input and output", usage({ input: 1000, output: 500 }), gpt4o, 7_500_000n],
    // 200 × $2.50/M + 800 × $1.25/M = $0.0005 + $0.001
    ["a cached prompt", usage({ input: 200, cachedInput: 800 }), gpt4o, 1_500_000n],
    // Reasoning without a rate of its own is output: 64 + 14 at $10/M
    ["reasoning as output", usage({ reasoning: 64, output: 14 }), gpt4o, 780_000n],
    // Without a rate for it, what is written to a cache is input: 1,000 × $2.50/M
    ["cache writes as input", usage({ cacheWrite: 400, cacheWrite1h: 600 }), gpt4o, 2_500_000n],
    ["audio as text", usage({ audioInput: 100, audioOutput: 100 }), gpt4o, 1_250_000n],
    ["nothing", usage({}), gpt4o, 0n],
    ["no rates", usage({ input: 1000, output: 1000 }), {}, 0n],
    // 1 token at $0.075/M is 75 nano-dollars
    ["one token", usage({ input: 1 }), { input: perMillion(0.075) }, 75n],
    ["a price per search unit", usage({ searchUnits: 3 }), { request: 2_000_000 }, 6_000_000n],
    ["a search unit that is begun", usage({ searchUnits: 1.5 }), { request: 2_000_000 }, 4_000_000n],
    ["a price per call", usage({ input: 1000 }), { ...gpt4o, request: 5_000_000 }, 7_500_000n],
    ["a class that costs nothing", usage({ cachedInput: 1000 }), { ...gpt4o, cachedInput: 0 }, 0n],
  ])("%s", (_name, used, rates, nanoUsd) => {
    expect(costOf(used, rates)).toBe(nanoUsd);
  });

  test("every class at its own rate", () => {
    const rates: Rates = {
      input: perMillion(3),
      cachedInput: perMillion(0.3),
      cacheWrite: perMillion(3.75),
      cacheWrite1h: perMillion(6),
      audioInput: perMillion(40),
      output: perMillion(15),
      reasoning: perMillion(12),
      audioOutput: perMillion(80),
    };
    const million = 1_000_000;
    const used: Usage = {
      input: million,
      cachedInput: million,
      cacheWrite: million,
      cacheWrite1h: million,
      audioInput: million,
      output: million,
      reasoning: million,
      audioOutput: million,
    };
    expect(usdText(costOf(used, rates))).toBe("160.05");
  });

  test("is rounded half up, once for the whole call", () => {
    // Each class alone is 0.5 nano-dollars, the sum of the two is exactly one.
    const rates: Rates = { input: 500_000, output: 500_000 };
    expect(costOf(usage({ input: 1 }), rates)).toBe(1n);
    expect(costOf(usage({ input: 1, output: 1 }), rates)).toBe(1n);
    expect(costOf(usage({ input: 1 }), { input: 499_999 })).toBe(0n);
  });

  test("from above a tier's size the whole call is billed at its rate", () => {
    const rates: Rates = {
      input: { base: perMillion(1.25), tiers: [{ above: 200_000, rate: perMillion(2.5) }] },
      output: { base: perMillion(10), tiers: [{ above: 200_000, rate: perMillion(15) }] },
    };
    expect(usdText(costOf(usage({ input: 200_000, output: 1000 }), rates))).toBe("0.26");
    expect(usdText(costOf(usage({ input: 1, cachedInput: 200_000, output: 1000 }), rates))).toBe("0.5150025");
  });

  test("is exact where a floating-point number is not", () => {
    const used = usage({ input: 9_007_199_254_740_991 });
    expect(costOf(used, { input: 1_000_003 })).toBe(9_007_226_276_338_755n);
  });
});

describe("nanoFromUsd", () => {
  test.each([
    [0, 0n],
    [1, 1_000_000_000n],
    [0.07, 70_000_000n],
    [1.1, 1_100_000_000n],
    [0.000000001, 1n],
    [0.0000000004, 0n],
    [-2.5, -2_500_000_000n],
    [1e9, 1_000_000_000_000_000_000n],
  ])("%d dollars", (usd, nano) => {
    expect(nanoFromUsd(usd)).toBe(nano);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is no amount", (usd) => {
    expect(() => nanoFromUsd(usd)).toThrow(RangeError);
  });
});

describe("usdText", () => {
  test.each([
    [0n, "0"],
    [1n, "0.000000001"],
    [1_250_000n, "0.00125"],
    [2_000_000_000n, "2"],
    [-1_500_000_000n, "-1.5"],
    [-1n, "-0.000000001"],
    [123_456_789_012_345_678_901n, "123456789012.345678901"],
  ])("%d nano-dollars", (nano, text) => {
    expect(usdText(nano)).toBe(text);
  });
});

describe("Rates", () => {
  test("are whole nano-dollars, never less than nothing", () => {
    expect(Rates.safeParse({ input: 2.5 }).success).toBe(false);
    expect(Rates.safeParse({ output: -1 }).success).toBe(false);
    expect(Rates.safeParse({ input: { base: 1, tiers: [{ above: 10, rate: 2 }] } }).success).toBe(true);
  });
});
