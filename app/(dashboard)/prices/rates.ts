import { formatRate, formatUsd } from "@/components/format";
import type { Outputs } from "@/components/trpc";
import type { priceRates } from "@/server/api/prices.schema";

/** A version of a price, as the list gives it. */
export type PriceRow = Outputs["prices"]["list"][number];

/** One line of a price. */
export type RateLine = PriceRow["rates"][number];

export type RateName = (typeof priceRates)[number];

const million = "a million tokens";

const texts: Record<RateName, { label: string; unit: string }> = {
  input: { label: "Input", unit: million },
  cachedInput: { label: "Cached input", unit: million },
  cacheWrite: { label: "Cache write", unit: million },
  cacheWrite1h: { label: "Cache write, 1 hour", unit: million },
  output: { label: "Output", unit: million },
  reasoning: { label: "Reasoning", unit: million },
  audioInput: { label: "Audio input", unit: million },
  audioOutput: { label: "Audio output", unit: million },
  request: { label: "Request", unit: "each" },
  searchUnit: { label: "Search unit", unit: "each" },
  webSearch: { label: "Web search", unit: "each" },
  audioMinute: { label: "Audio", unit: "a minute" },
  thousandCharacters: { label: "Characters", unit: "a thousand" },
  step: { label: "Inference step", unit: "each" },
  image: { label: "Image", unit: "each" },
  videoSecond: { label: "Video", unit: "a second" },
  batch: { label: "Batch", unit: "times the price" },
  tier: { label: "Service tier", unit: "times the price" },
};

/** What can be priced, with what its number means, for a select. */
export const rateOptions = entriesOf(texts).map(([value, { label, unit }]) => ({ value, label, hint: unit }));

/** A line in words: "Output above 200,000 tokens", and its amount with its unit. */
export function lineWords(line: RateLine): { what: string; amount: string } {
  const { label, unit } = texts[line.rate];
  const conditions = [
    line.above !== undefined && `above ${line.above.toLocaleString("en-US")} input tokens`,
    line.size,
    line.quality,
    line.resolution,
    line.tier,
  ].filter((text) => typeof text === "string");
  const what = conditions.length > 0 ? `${label}, ${conditions.join(", ")}` : label;
  if (line.rate === "batch" || line.rate === "tier") return { what, amount: `× ${line.value}` };
  const dollars = unit === million ? formatRate(line.value) : formatUsd(line.value);
  return { what, amount: `${dollars} ${unit === million ? "/ M" : unit}` };
}

/** The plain rate of a name, without conditions; undefined when there is none. */
export function plainRate({ rates }: PriceRow, name: RateName): string | undefined {
  return rates.find((line) => line.rate === name && Object.keys(line).length === 2)?.value;
}

function entriesOf<Name extends string, Value>(record: Record<Name, Value>): [Name, Value][] {
  const names: Name[] = [];
  for (const name in record) names.push(name);
  return names.map((name) => [name, record[name]]);
}
