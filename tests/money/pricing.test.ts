import { describe, expect, test } from "vitest";
import { costLines, costOf, isPriced, Rates, type Units } from "@/server/money";
import { priceFile, readPriceFile } from "@/server/state/price-file";
import { linesOfRates, ratesOfLines } from "@/server/state/price-lines";
import { noUsage, type Usage } from "@/server/wire/usage";

const usage = (classes: Partial<Usage>): Usage => ({ ...noUsage, ...classes });
const images: Rates["image"] = [
  { size: "1024x1024", quality: "high", rate: 167_000_000 },
  { size: "1024x1024", rate: 42_000_000 },
  { quality: "low", rate: 11_000_000 },
];

describe("a rule prices", () => {
  test.each<[string, Units, Rates, bigint]>([
    ["an image", { images: 3 }, { image: 40_000_000 }, 120_000_000n],
    [
      "an image of a size and quality",
      { images: 2, imageSize: "1024x1024", imageQuality: "high" },
      { image: images },
      334_000_000n,
    ],
    ["an image of a size", { images: 1, imageSize: "1024x1024" }, { image: images }, 42_000_000n],
    ["an image of a quality", { images: 1, imageSize: "512x512", imageQuality: "low" }, { image: images }, 11_000_000n],
    ["what no rule fits at the dearest", { images: 1, imageSize: "9x9" }, { image: images }, 167_000_000n],
    [
      "seconds of video",
      { videoSeconds: 8.5, videoResolution: "1080p" },
      { videoSecond: [{ resolution: "1080p", rate: 500_000_000 }, { rate: 1 }] },
      4_250_000_000n,
    ],
    ["minutes of audio by the millisecond", { audioSeconds: 0.001 }, { audioMinute: 6_000_000 }, 100n],
    ["characters", { characters: 1_234 }, { thousandCharacters: 15_000_000 }, 18_510_000n],
    ["steps", { steps: 50 }, { step: 360_000 }, 18_000_000n],
    ["several of them together", { images: 1, steps: 4 }, { image: 1_000, step: 10, request: 7 }, 1_047n],
    ["half a batch", { images: 1, batch: true }, { image: 5, batchPermille: 500 }, 3n],
    [
      "a tier",
      { characters: 1_000, serviceTier: "flex" },
      { thousandCharacters: 1_001, tierPermille: { flex: 500 } },
      501n,
    ],
    [
      "a tier without a factor as usual",
      { steps: 1, serviceTier: "auto" },
      { step: 9, tierPermille: { flex: 500 } },
      9n,
    ],
    [
      "a batch of a tier",
      { steps: 1_000, batch: true, serviceTier: "priority" },
      { step: 8, batchPermille: 500, tierPermille: { priority: 1_750 } },
      7_000n,
    ],
  ])("%s", (_name, units, rates, nano) => {
    expect(costOf(noUsage, Rates.parse(rates), units)).toBe(nano);
  });

  test("tokens of a batch at half, and fees whole", () => {
    const rates: Rates = { input: 3_000_000_000, output: 15_000_000_000, batchPermille: 500, webSearch: 10_000_000 };
    const used = usage({ input: 1_000, output: 100, webSearches: 2 });
    expect(costOf(used, rates, { batch: true })).toBe(1_500_000n + 750_000n + 20_000_000n);
    expect(costOf(used, rates)).toBe(3_000_000n + 1_500_000n + 20_000_000n);
  });

  test("search units with a rate of their own beside the request", () => {
    expect(costOf(usage({ searchUnits: 2.5 }), { searchUnit: 100, request: 7 })).toBe(307n);
    expect(costOf(usage({ searchUnits: 2.5 }), { request: 7 })).toBe(21n);
  });
});

test("the lines of a cost add up to it, however it rounds", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 2_000; round++) {
    const used = usage({
      input: random(9_000),
      cachedInput: random(900),
      output: random(5_000),
      reasoning: random(99),
    });
    const units: Units = {
      images: random(3),
      audioSeconds: random(99_999) / 1_000,
      characters: random(9_999),
      batch: random(2) === 1,
    };
    const rates: Rates = {
      input: { base: random(9_999_999), tiers: [{ above: 5_000, rate: random(9_999_999) }] },
      output: random(99_999_999),
      image: random(1_000),
      audioMinute: random(9_999),
      thousandCharacters: random(9_999),
      batchPermille: random(1_000),
      request: random(10),
    };
    const lines = costLines(used, rates, units);
    expect(lines.reduce((sum, { amountNano }) => sum + amountNano, 0n)).toBe(costOf(used, rates, units));
    // The quick way and the long way come to the same.
    expect(costOf(used, rates, {})).toBe(costOf(used, rates));
  }
});

test("what no rate is about is unpriced, and what costs nothing is not", () => {
  expect(isPriced(noUsage, {})).toBe(true);
  expect(isPriced(usage({ input: 1 }), {})).toBe(false);
  expect(isPriced(usage({ input: 1 }), { input: 0 })).toBe(true);
  expect(isPriced(noUsage, { input: 5, output: 5 }, { images: 1 })).toBe(false);
  expect(isPriced(noUsage, { image: 0 }, { images: 1 })).toBe(true);
});

describe("prices as people write them", () => {
  const everything: Rates = {
    input: { base: 1_250_000_000, tiers: [{ above: 200_000, rate: 2_500_000_001 }] },
    cachedInput: 0,
    output: 10_000_000_000,
    request: 1,
    searchUnit: 2_000_000,
    webSearch: 10_000_000,
    audioMinute: 6_000_000,
    thousandCharacters: 15_000_000,
    step: 360_000,
    image: [{ size: "1024x1024", quality: 'high, "best"', rate: 5 }, { rate: 7 }],
    videoSecond: 500_000_000,
    batchPermille: 500,
    tierPermille: { flex: 500, priority: 1_750 },
  };
  const entry = { model: "a,b", provider: 'p"q', upstreamModel: "line\nbreak", source: "own", rates: everything };

  test("are the same rates again", () => {
    expect(ratesOfLines(linesOfRates(everything))).toEqual(everything);
  });

  test.each(["json", "csv"] as const)("survive a file of %s", (format) => {
    const entries = [
      { ...entry, effectiveFrom: new Date("2026-11-01T00:00:00Z") },
      { ...entry, effectiveFrom: undefined, rates: { input: 1 } },
    ];
    expect(readPriceFile(priceFile(entries, format), format)).toEqual(entries);
  });

  test.each([
    ["model,provider,rate,cost\r\n", "names the columns"],
    ["model,provider,upstreamModel,rate,value\r\nm,p,u,input,a lot\r\n", "not an amount"],
    ["model,provider,upstreamModel,rate,value\r\nm,p,u,inputs,1\r\n", "rate"],
    ["model,provider,upstreamModel,rate,value\r\nm,p,u,input,1\r\nm,p,u,input,2\r\n", "twice"],
    ['model,provider,upstreamModel,rate,value\r\n"m,p,u,input,1\r\n', "quote"],
    ["model,provider,upstreamModel,rate,value,above\r\nm,p,u,input,1,5\r\n", "comes first"],
    ["model,provider,upstreamModel,rate,value\r\nm,p,u,batch,0.0005\r\n", "three decimals"],
  ])("are refused with a reason: %j", (text, reason) => {
    expect(() => readPriceFile(text, "csv")).toThrow(reason);
  });
});
