import { z } from "zod";
import type { Usage } from "@/server/wire/usage";

/** An amount in nano-dollars (1e-9 USD). */
export type NanoUsd = bigint;

const NANO_PER_USD = 1_000_000_000n;

/** Dollars to nano-dollars, rounded to the nearest; throws on what is not a finite number. */
export function nanoFromUsd(usd: number): NanoUsd {
  if (!Number.isFinite(usd)) throw new RangeError(`${usd} is not an amount of money.`);
  // Through the decimal text: 0.07 * 1e9 in floating point is not 70000000.
  const [whole = "0", fraction = ""] = Math.abs(usd).toFixed(9).split(".");
  const nano = BigInt(whole) * NANO_PER_USD + BigInt(fraction.padEnd(9, "0"));
  return usd < 0 ? -nano : nano;
}

/** Dollars as decimal text with at most nine decimals to nano-dollars, exactly; throws on any other text. */
export function nanoFromUsdText(usd: string): NanoUsd {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(usd) ?? [];
  if (whole === undefined) throw new RangeError(`"${usd}" is not an amount of money.`);
  const nano = BigInt(whole) * NANO_PER_USD + BigInt(fraction.padEnd(9, "0"));
  return sign === "-" ? -nano : nano;
}

/** Nano-dollars as a decimal text in dollars without trailing zeros, such as `0.00125`. */
export function usdText(nano: NanoUsd): string {
  const sign = nano < 0n ? "-" : "";
  const absolute = nano < 0n ? -nano : nano;
  const fraction = (absolute % NANO_PER_USD).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${absolute / NANO_PER_USD}${fraction ? `.${fraction}` : ""}`;
}

const Amount = z.int().min(0);
const Rate = z.union([
  Amount,
  /** From `above` input tokens on, the whole call is billed at that tier's rate. */
  z.object({ base: Amount, tiers: z.array(z.object({ above: Amount, rate: Amount })) }),
]);
type Rate = z.infer<typeof Rate>;

/** One rate for each image or second of video, or one for each kind of them: the first rule that fits holds. */
const Kinds = z.union([
  Amount,
  z
    .array(
      z.object({
        size: z.string().optional(),
        quality: z.string().optional(),
        resolution: z.string().optional(),
        rate: Amount,
      }),
    )
    .min(1),
]);
type Kinds = z.infer<typeof Kinds>;

/**
 * What a deployment costs, in integer nano-dollars: token classes per million, everything else as its name says. Rules add up, and
 * the multipliers are taken of tokens and media. A class of tokens without a rate of its own is billed at the rate of the class it
 * is part of (cached input as input, reasoning as output).
 */
export const Rates = z.object({
  input: Rate.optional(),
  cachedInput: Rate.optional(),
  cacheWrite: Rate.optional(),
  cacheWrite1h: Rate.optional(),
  output: Rate.optional(),
  reasoning: Rate.optional(),
  audioInput: Rate.optional(),
  audioOutput: Rate.optional(),
  /** A call; where search units are counted and have no rate of their own, each of those. */
  request: Amount.optional(),
  searchUnit: Amount.optional(),
  webSearch: Amount.optional(),
  image: Kinds.optional(),
  videoSecond: Kinds.optional(),
  audioMinute: Amount.optional(),
  thousandCharacters: Amount.optional(),
  step: Amount.optional(),
  /** In thousandths: 500 is half the price. */
  batchPermille: Amount.optional(),
  /** In thousandths, by the service tier that the vendor says it used. */
  tierPermille: z.record(z.string(), Amount).optional(),
});
export type Rates = z.infer<typeof Rates>;

/** The rates that are per million tokens. */
export const tokenRates = [
  "input",
  "cachedInput",
  "cacheWrite",
  "cacheWrite1h",
  "output",
  "reasoning",
  "audioInput",
  "audioOutput",
] as const satisfies readonly (keyof Rates)[];

const Quantity = z.number().min(0).max(1_000_000_000_000);

/** What a call used beside tokens, and what its price depends on; the ledger keeps it as `units`. */
export const Units = z.object({
  searchUnits: Quantity.optional(),
  webSearches: Quantity.optional(),
  images: Quantity.optional(),
  imageSize: z.string().optional(),
  imageQuality: z.string().optional(),
  videoSeconds: Quantity.optional(),
  videoResolution: z.string().optional(),
  audioSeconds: Quantity.optional(),
  characters: Quantity.optional(),
  /** Inference steps of all images together. */
  steps: Quantity.optional(),
  batch: z.boolean().optional(),
  serviceTier: z.string().optional(),
});
export type Units = z.infer<typeof Units>;

/** The cost of a call in nano-dollars: exact, rounded half up once at the end. */
export function costOf(usage: Usage, rates: Rates, units?: Units): NanoUsd {
  if (units || usage.webSearches !== undefined || rates.searchUnit !== undefined) {
    let sum = 0n;
    for (const { exact } of items(usage, rates, units)) sum += exact;
    return rounded(sum);
  }
  const requests = usage.searchUnits === undefined ? 1 : Math.ceil(usage.searchUnits);
  const fee = (rates.request ?? 0) * requests;
  const perMillion = tokensTimesRates(usage, rates) + 500_000;
  // Up to here numbers are as exact as big integers, and cost a fraction of them.
  if (Number.isSafeInteger(perMillion) && Number.isSafeInteger(fee))
    return BigInt((perMillion - (perMillion % 1_000_000)) / 1_000_000 + fee);
  return (exactTokensTimesRates(usage, rates) + 500_000n) / 1_000_000n + BigInt(rates.request ?? 0) * BigInt(requests);
}

/** Nano-dollars times a million. Inexact from 2 ** 53 on, and then no less than that: no term is negative. */
function tokensTimesRates(usage: Usage, rates: Rates): number {
  const total = inputOf(usage);
  const { input, output } = rates;
  const cacheWrite = rates.cacheWrite ?? input;
  return (
    usage.input * rateFor(input, total) +
    usage.cachedInput * rateFor(rates.cachedInput ?? input, total) +
    usage.cacheWrite * rateFor(cacheWrite, total) +
    usage.cacheWrite1h * rateFor(rates.cacheWrite1h ?? cacheWrite, total) +
    usage.audioInput * rateFor(rates.audioInput ?? input, total) +
    usage.output * rateFor(output, total) +
    usage.reasoning * rateFor(rates.reasoning ?? output, total) +
    usage.audioOutput * rateFor(rates.audioOutput ?? output, total)
  );
}

function exactTokensTimesRates(usage: Usage, rates: Rates): bigint {
  const total = inputOf(usage);
  const at = (rate: Rate | undefined): bigint => BigInt(rateFor(rate, total));
  const { input, output } = rates;
  const cacheWrite = rates.cacheWrite ?? input;
  return (
    BigInt(usage.input) * at(input) +
    BigInt(usage.cachedInput) * at(rates.cachedInput ?? input) +
    BigInt(usage.cacheWrite) * at(cacheWrite) +
    BigInt(usage.cacheWrite1h) * at(rates.cacheWrite1h ?? cacheWrite) +
    BigInt(usage.audioInput) * at(rates.audioInput ?? input) +
    BigInt(usage.output) * at(output) +
    BigInt(usage.reasoning) * at(rates.reasoning ?? output) +
    BigInt(usage.audioOutput) * at(rates.audioOutput ?? output)
  );
}

/** The nano-dollars per million tokens that a rate comes to in a call with so many input tokens. */
export function rateFor(rate: Rate | undefined, inputTokens: number): number {
  if (rate === undefined) return 0;
  if (typeof rate === "number") return rate;
  let chosen = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.above) chosen = tier.rate;
  return chosen;
}

/** Whether these rates price what was used: false when something was, and none of them is about any of it. */
export function isPriced(usage: Usage, rates: Rates, units?: Units): boolean {
  const { images, videoSeconds, audioSeconds, characters, steps } = units ?? {};
  const media = [images, videoSeconds, audioSeconds, characters, steps, usage.searchUnits];
  const used = inputOf(usage) + outputOf(usage) > 0 || media.some((quantity) => quantity);
  return !used || items(usage, rates, units).length > 0;
}

/** A line of a cost's sum: so much of a thing, at `rateNano` for every `per` of it, times the multipliers. */
export type CostLine = {
  readonly what: string;
  readonly quantity: number;
  readonly per: number;
  readonly rateNano: number;
  /** In thousandths; 1000 where none is taken. */
  readonly permille: number;
  /** The lines' amounts add up to the cost to the nano-dollar. */
  readonly amountNano: NanoUsd;
};

/** The sum behind `costOf`, line by line. What rounding moves is in the line in which the sum passes it. */
export function costLines(usage: Usage, rates: Rates, units?: Units): CostLine[] {
  let sum = 0n;
  return items(usage, rates, units).map(({ exact, ...line }) => {
    const before = rounded(sum);
    sum += exact;
    return { ...line, amountNano: rounded(sum) - before };
  });
}

/** Every divisor there is, a million, a thousand and sixty thousand, divides this; two multipliers are thousandths each. */
const PARTS = 3_000_000;
const SCALE = BigInt(PARTS) * 1_000_000n;

function rounded(exact: bigint): NanoUsd {
  return (exact + SCALE / 2n) / SCALE;
}

/** `exact` is the amount in nano-dollars times SCALE. */
type Item = Omit<CostLine, "amountNano"> & { readonly exact: bigint };

function items(usage: Usage, rates: Rates, units: Units = {}): Item[] {
  const found: Item[] = [];
  const batch = units.batch ? (rates.batchPermille ?? 1_000) : 1_000;
  const tier = rates.tierPermille?.[units.serviceTier ?? ""] ?? 1_000;
  const add = (
    what: string,
    quantity: number | undefined,
    rateNano: number | undefined,
    options: Options = {},
  ): void => {
    if (!quantity || rateNano === undefined) return;
    const { per = 1, counted = 1, fee = false } = options;
    const factor = fee ? 1_000_000 : batch * tier;
    // Times and characters may come as fractions: they are counted to the thousandth.
    const exact =
      BigInt(Math.round(quantity * counted)) * BigInt(rateNano) * BigInt(PARTS / per / counted) * BigInt(factor);
    found.push({ what, quantity, per, rateNano, permille: factor / 1_000, exact });
  };
  const inputTotal = inputOf(usage);
  const million = { per: 1_000_000 };
  const cacheWrite = rates.cacheWrite ?? rates.input;
  const tokens = (what: TokenClass, rate: Rate | undefined): void =>
    add(what, usage[what], rate === undefined ? undefined : rateFor(rate, inputTotal), million);
  tokens("input", rates.input);
  tokens("cachedInput", rates.cachedInput ?? rates.input);
  tokens("cacheWrite", cacheWrite);
  tokens("cacheWrite1h", rates.cacheWrite1h ?? cacheWrite);
  tokens("audioInput", rates.audioInput ?? rates.input);
  tokens("output", rates.output);
  tokens("reasoning", rates.reasoning ?? rates.output);
  tokens("audioOutput", rates.audioOutput ?? rates.output);
  const { imageSize: size, imageQuality: quality, videoResolution: resolution } = units;
  add("image", units.images, kindRate(rates.image, { size, quality }));
  add("videoSecond", units.videoSeconds, kindRate(rates.videoSecond, { resolution }), { counted: 1_000 });
  add("audioMinute", units.audioSeconds, rates.audioMinute, { per: 60, counted: 1_000 });
  add("thousandCharacters", units.characters, rates.thousandCharacters, { per: 1_000 });
  add("step", units.steps, rates.step);
  const searchUnits = usage.searchUnits === undefined ? undefined : Math.ceil(usage.searchUnits);
  add("searchUnit", searchUnits, rates.searchUnit, { fee: true });
  add("webSearch", usage.webSearches, rates.webSearch, { fee: true });
  add("request", rates.searchUnit === undefined ? (searchUnits ?? 1) : 1, rates.request, { fee: true });
  return found;
}

type TokenClass = Exclude<keyof Usage, "searchUnits" | "webSearches">;
/** `fee`: multipliers are not taken of it. */
type Options = { readonly per?: number; readonly counted?: number; readonly fee?: boolean };

/** The rate of the first rule that fits; where none does the dearest, so that nothing is given away. */
function kindRate(kinds: Kinds | undefined, kind: { [condition: string]: string | undefined }): number | undefined {
  if (kinds === undefined || typeof kinds === "number") return kinds;
  const fits = kinds.find(({ rate: _, ...conditions }) =>
    Object.entries(conditions).every(([name, value]) => value === undefined || value === kind[name]),
  );
  return fits?.rate ?? Math.max(...kinds.map(({ rate }) => rate));
}

function inputOf({ input, cachedInput, cacheWrite, cacheWrite1h, audioInput }: Usage): number {
  return input + cachedInput + cacheWrite + cacheWrite1h + audioInput;
}

function outputOf({ output, reasoning, audioOutput }: Usage): number {
  return output + reasoning + audioOutput;
}
