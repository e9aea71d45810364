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

const Rate = z.union([
  z.int().min(0),
  /** From `above` input tokens on, the whole call is billed at that tier's rate. */
  z.object({ base: z.int().min(0), tiers: z.array(z.object({ above: z.int().min(0), rate: z.int().min(0) })) }),
]);
type Rate = z.infer<typeof Rate>;

/**
 * What a deployment costs: integer nano-dollars per million tokens of each class, and per call. A class without a rate of
 * its own is billed at the rate of the class it is part of (cached input as input, reasoning as output).
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
  /** Nano-dollars a call; where a vendor counts search units, each of those. */
  request: z.int().min(0).optional(),
});
export type Rates = z.infer<typeof Rates>;

/** The cost of a call in nano-dollars: exact, rounded half up once at the end. */
export function costOf(usage: Usage, rates: Rates): NanoUsd {
  const inputTotal = usage.input + usage.cachedInput + usage.cacheWrite + usage.cacheWrite1h + usage.audioInput;
  const at = (rate: Rate | undefined): bigint => BigInt(rateFor(rate, inputTotal));
  const input = rates.input;
  const output = rates.output;
  const cacheWrite = rates.cacheWrite ?? input;
  const perMillion =
    BigInt(usage.input) * at(input) +
    BigInt(usage.cachedInput) * at(rates.cachedInput ?? input) +
    BigInt(usage.cacheWrite) * at(cacheWrite) +
    BigInt(usage.cacheWrite1h) * at(rates.cacheWrite1h ?? cacheWrite) +
    BigInt(usage.audioInput) * at(rates.audioInput ?? input) +
    BigInt(usage.output) * at(output) +
    BigInt(usage.reasoning) * at(rates.reasoning ?? output) +
    BigInt(usage.audioOutput) * at(rates.audioOutput ?? output);
  const requests = usage.searchUnits === undefined ? 1 : Math.ceil(usage.searchUnits);
  return (perMillion + 500_000n) / 1_000_000n + BigInt(rates.request ?? 0) * BigInt(requests);
}

/** The nano-dollars per million tokens that a rate comes to in a call with so many input tokens. */
export function rateFor(rate: Rate | undefined, inputTokens: number): number {
  if (rate === undefined) return 0;
  if (typeof rate === "number") return rate;
  let chosen = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.above) chosen = tier.rate;
  return chosen;
}
