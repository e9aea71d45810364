import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import manifest from "@/package.json" with { type: "json" };
import { costOf, type Rates } from "@/server/money";
import { LIBRARY_VERSION, libraryRates, librarySchedule } from "@/server/state/prices";
import { noUsage, type Usage } from "@/server/wire/usage";

/** Prices as the vendors' own price lists stated them when this version of the library was published. */
const golden: readonly { vendor: string; model: string; rates: Rates | null }[] = [
  {
    vendor: "openai",
    model: "gpt-4o-2024-08-06",
    rates: { input: 2_500_000_000, cachedInput: 1_250_000_000, output: 10_000_000_000, webSearch: 10_000_000 },
  },
  {
    vendor: "openai",
    model: "gpt-4o-mini",
    rates: { input: 150_000_000, cachedInput: 75_000_000, output: 600_000_000, webSearch: 10_000_000 },
  },
  {
    vendor: "openai",
    model: "gpt-audio",
    rates: {
      input: 2_500_000_000,
      output: 10_000_000_000,
      audioInput: 32_000_000_000,
      audioOutput: 64_000_000_000,
    },
  },
  {
    vendor: "anthropic",
    model: "claude-haiku-4-5-20251001",
    rates: {
      input: 1_000_000_000,
      cachedInput: 100_000_000,
      cacheWrite: 1_250_000_000,
      cacheWrite1h: 2_000_000_000,
      output: 5_000_000_000,
      webSearch: 10_000_000,
    },
  },
  {
    vendor: "anthropic",
    model: "claude-sonnet-4-5",
    rates: {
      input: { base: 3_000_000_000, tiers: [{ above: 200_000, rate: 6_000_000_000 }] },
      cachedInput: { base: 300_000_000, tiers: [{ above: 200_000, rate: 600_000_000 }] },
      cacheWrite: { base: 3_750_000_000, tiers: [{ above: 200_000, rate: 7_500_000_000 }] },
      cacheWrite1h: { base: 6_000_000_000, tiers: [{ above: 200_000, rate: 12_000_000_000 }] },
      output: { base: 15_000_000_000, tiers: [{ above: 200_000, rate: 22_500_000_000 }] },
      webSearch: 10_000_000,
    },
  },
  {
    vendor: "google",
    model: "gemini-2.5-flash",
    rates: { input: 300_000_000, cachedInput: 30_000_000, audioInput: 1_000_000_000, output: 2_500_000_000 },
  },
  { vendor: "groq", model: "llama-3.3-70b-versatile", rates: { input: 590_000_000, output: 790_000_000 } },
  { vendor: "mistral", model: "mistral-large-latest", rates: { input: 2_000_000_000, output: 6_000_000_000 } },
  {
    vendor: "perplexity",
    model: "sonar",
    rates: { input: 1_000_000_000, output: 1_000_000_000, request: 12_000_000 },
  },
  // Half price at night: the day's price is taken.
  {
    vendor: "deepseek",
    model: "deepseek-chat",
    rates: { input: 270_000_000, cachedInput: 70_000_000, output: 1_100_000_000 },
  },
  // Priced in hours, in images, or in a class of tokens that is not counted apart.
  { vendor: "openai", model: "whisper-1", rates: null },
  { vendor: "openai", model: "gpt-image-1", rates: null },
  { vendor: "google", model: "gemini-2.5-flash-image", rates: null },
  { vendor: "openai", model: "no-such-model", rates: null },
  { vendor: "no-such-vendor", model: "gpt-4o", rates: null },
];

test.each(golden)("$vendor/$model has the vendor's list price", async ({ vendor, model, rates }) => {
  expect(await libraryRates(vendor, model)).toEqual(rates);
});

test("a tier is chosen by all input tokens and prices the whole call", async () => {
  const rates = (await libraryRates("anthropic", "claude-sonnet-4-5")) ?? {};
  const usage = { ...noUsage, input: 150_000, cachedInput: 50_000, output: 1_000 };
  // 150,000 × $3 + 50,000 × $0.30 + 1,000 × $15, a million each
  expect(costOf(usage, rates)).toBe(480_000_000n);
  // One token more doubles input and cached input, and output costs half as much again.
  expect(costOf({ ...usage, input: 150_001 }, rates)).toBe(952_506_000n);
});

test("a price that is announced for a day holds from that day on", async () => {
  const before = new Date("2026-11-22T10:00:00Z");
  expect(await librarySchedule("google", "gemini-3.6-flash", before)).toEqual([
    { from: before, rates: { input: 750_000_000, cachedInput: 75_000_000, output: 3_750_000_000 } },
    {
      from: new Date("2027-01-01T00:00:00Z"),
      rates: { input: 1_500_000_000, cachedInput: 150_000_000, output: 7_500_000_000 },
    },
  ]);
  const after = new Date("2027-01-01T00:00:00Z");
  expect(await librarySchedule("google", "gemini-3.6-flash", after)).toEqual([
    { from: after, rates: { input: 1_500_000_000, cachedInput: 150_000_000, output: 7_500_000_000 } },
  ]);
});

test("of prices that change with the hour the dearest is taken, at any hour", async () => {
  for (const now of ["2026-11-22T02:00:00Z", "2026-11-22T05:00:00Z", "2026-11-22T12:00:00Z"]) {
    const [price] = await librarySchedule("deepseek", "deepseek-v4-flash", new Date(now));
    expect(price?.rates).toEqual({ input: 440_000_000, cachedInput: 14_000_000, output: 1_320_000_000 });
  }
});

describe("our arithmetic agrees with the library's own", () => {
  const small: Usage = {
    ...noUsage,
    input: 700,
    cachedInput: 200,
    cacheWrite: 60,
    cacheWrite1h: 40,
    output: 333,
    reasoning: 111,
  };
  const large: Usage = { ...small, input: 400_000, cachedInput: 90_000, cacheWrite: 7_000, cacheWrite1h: 3_000 };
  const vendors = [
    "openai",
    "anthropic",
    "google",
    "groq",
    "mistral",
    "deepseek",
    "x-ai",
    "cohere",
    "together",
    "perplexity",
  ];

  test.each(vendors)("for every model of %s that has a price", async (vendor) => {
    const models = findProvider({ providerId: vendor })?.models ?? [];
    let compared = 0;
    for (const { id, prices } of models) {
      const rates = await libraryRates(vendor, id);
      const byTheHour = Array.isArray(prices) && prices.some(({ constraint }) => constraint?.type === "time_of_date");
      if (!rates || byTheHour) continue;
      for (const usage of [small, large]) {
        const theirs = calcPrice(librarysUsage(usage), id, { providerId: vendor })?.total_price ?? Number.NaN;
        expect(Number(costOf(usage, rates)) / 1e9, `${vendor}/${id}`).toBeCloseTo(theirs, 8);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(5);
  });
});

test("the version that decides about a new look is the installed one", () => {
  expect(LIBRARY_VERSION).toBe(manifest.dependencies["@pydantic/genai-prices"]);
});

/** There a class includes the classes that are part of it. */
function librarysUsage(usage: Usage): Record<string, number> {
  return {
    input_tokens: usage.input + usage.cachedInput + usage.cacheWrite + usage.cacheWrite1h,
    cache_read_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWrite + usage.cacheWrite1h,
    cache_write_1h_tokens: usage.cacheWrite1h,
    output_tokens: usage.output + usage.reasoning,
    output_reasoning_tokens: usage.reasoning,
  };
}
