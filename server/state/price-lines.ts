import { GatewayError } from "@/server/errors";
import { nanoFromUsdText, Rates, tokenRates, usdText } from "@/server/money";

/** Rates that are dollars for one of a thing. */
const plainRates = ["request", "searchUnit", "webSearch", "audioMinute", "thousandCharacters", "step"] as const;
const kindRates = ["image", "videoSecond"] as const;

/** What a line may be about; `batch` and `tier` are factors. */
export const lineRates = [...tokenRates, ...plainRates, ...kindRates, "batch", "tier"] as const;
type LineRate = (typeof lineRates)[number];

/**
 * One line of a price, as people write them: dollars as decimal text, per million for token classes, and for `batch` and `tier` a
 * factor. A rate that depends on something has a line for each case; of images and video the first line that fits holds.
 */
export type PriceLine = {
  readonly rate: LineRate;
  readonly value: string;
  /** The line holds for calls with more input tokens than this. */
  readonly above?: number | undefined;
  readonly size?: string | undefined;
  readonly quality?: string | undefined;
  readonly resolution?: string | undefined;
  /** The service tier that a factor is of. */
  readonly tier?: string | undefined;
};

/** Rates as lines; `ratesOfLines` makes the same rates of them again. */
export function linesOfRates(rates: Rates): PriceLine[] {
  const lines: PriceLine[] = [];
  const usd = (nano: number): string => usdText(BigInt(nano));
  for (const rate of tokenRates) {
    const set = rates[rate];
    if (typeof set === "number") lines.push({ rate, value: usd(set) });
    if (typeof set !== "object") continue;
    lines.push({ rate, value: usd(set.base) });
    for (const tier of set.tiers) lines.push({ rate, above: tier.above, value: usd(tier.rate) });
  }
  for (const rate of plainRates) {
    const set = rates[rate];
    if (set !== undefined) lines.push({ rate, value: usd(set) });
  }
  for (const rate of kindRates) {
    const set = rates[rate];
    if (typeof set === "number") lines.push({ rate, value: usd(set) });
    if (typeof set === "object")
      for (const { rate: nano, ...kind } of set) lines.push({ rate, ...kind, value: usd(nano) });
  }
  if (rates.batchPermille !== undefined) lines.push({ rate: "batch", value: factor(rates.batchPermille) });
  for (const [tier, permille] of Object.entries(rates.tierPermille ?? {}))
    lines.push({ rate: "tier", tier, value: factor(permille) });
  return lines;
}

/** Lines as rates. Throws `invalid_request` that names the line at fault. */
export function ratesOfLines(lines: readonly PriceLine[]): Rates {
  const rates: Rates = {};
  for (const [index, line] of lines.entries()) {
    try {
      take(rates, line);
    } catch (cause) {
      const why = cause instanceof RangeError ? cause.message : "It cannot be read.";
      throw new GatewayError("invalid_request", `Line ${index + 1} of a price (${line.rate}): ${why}`, {
        param: `rates.${index}`,
        cause,
      });
    }
  }
  return Rates.parse(rates);
}

function take(rates: Rates, line: PriceLine): void {
  const { rate } = line;
  if (isOneOf(tokenRates, rate)) rates[rate] = withTier(rates[rate], nano(line), line.above);
  else if (isOneOf(kindRates, rate)) rates[rate] = withKind(rates[rate], line);
  else if (rate === "batch") rates.batchPermille = once(rates.batchPermille, permille(line.value));
  else if (rate === "tier") takeTier(rates, line);
  else rates[rate] = once(rates[rate], nano(line));
}

function takeTier(rates: Rates, { tier, value }: PriceLine): void {
  if (!tier) throw new RangeError("A factor of a service tier needs the tier's name.");
  const known = rates.tierPermille ?? {};
  rates.tierPermille = { ...known, [tier]: once(known[tier], permille(value)) };
}

type Rate = NonNullable<Rates["input"]>;

function withTier(before: Rate | undefined, rate: number, above: number | undefined): Rate {
  if (above === undefined) return once(before, rate);
  if (before === undefined) throw new RangeError("The line without `above` comes first.");
  const { base, tiers } = typeof before === "number" ? { base: before, tiers: [] } : before;
  if (tiers.some((tier) => tier.above >= above)) throw new RangeError("Lines with `above` stand in rising order.");
  return { base, tiers: [...tiers, { above, rate }] };
}

type Kinds = NonNullable<Rates["image"]>;

function withKind(before: Kinds | undefined, line: PriceLine): Kinds {
  const { size, quality, resolution } = line;
  const kind = {
    ...(size !== undefined && { size }),
    ...(quality !== undefined && { quality }),
    ...(resolution !== undefined && { resolution }),
  };
  const rate = nano(line);
  if (before === undefined && Object.keys(kind).length === 0) return rate;
  const rules = typeof before === "number" ? [{ rate: before }] : (before ?? []);
  return [...rules, { ...kind, rate }];
}

function once<T>(before: unknown, value: T): T {
  if (before !== undefined) throw new RangeError("It stands there twice.");
  return value;
}

const MOST_USD = 1_000_000;

function nano({ value }: PriceLine): number {
  const amount = Number(nanoFromUsdText(value));
  if (amount < 0 || amount > MOST_USD * 1e9) throw new RangeError(`A rate is from 0 to ${MOST_USD} dollars.`);
  return amount;
}

function permille(value: string): number {
  const thousandths = Number(nanoFromUsdText(value)) / 1_000_000;
  if (!Number.isInteger(thousandths) || thousandths < 0 || thousandths > 100_000)
    throw new RangeError("A factor is from 0 to 100, with at most three decimals.");
  return thousandths;
}

function factor(thousandths: number): string {
  return usdText(BigInt(thousandths) * 1_000_000n);
}

function isOneOf<T extends string>(list: readonly T[], value: string): value is T {
  return list.some((one) => one === value);
}
