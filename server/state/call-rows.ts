import type { z } from "zod";
import { log } from "@/server/log";
import { Rates, Units } from "@/server/money";
import type { Usage } from "@/server/wire/usage";

const classes = [
  "input_tokens",
  "cached_input_tokens",
  "cache_write_tokens",
  "cache_write_1h_tokens",
  "audio_input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "audio_output_tokens",
] as const;

/** Columns of the table `call` that say what a call used and cost; `price.rates` stands beside them. */
export const usageColumns = [
  "call.status",
  "call.cost_nano::text AS cost",
  "call.units",
  ...classes.map((name) => `call.${name}::text`),
].join(", ");

/** What these columns give. */
export type UsageRow = { status: number; cost: string | null; units: unknown; rates: unknown } & {
  [Class in (typeof classes)[number]]: string;
};

/** Whether nothing is known to have been used: a refusal, or an attempt that failed. */
export function usedNothing(row: UsageRow): boolean {
  if (row.units !== null || classes.some((name) => row[name] !== "0")) return false;
  return row.cost === null ? row.status >= 400 : row.cost === "0";
}

/** The rates and units of a row; undefined where there are none, or they cannot be read, which is logged. */
export function priceOfRow(row: UsageRow): { rates: Rates | undefined; units: Units | undefined } {
  return { rates: readable(Rates, row.rates), units: readable(Units, row.units) };
}

/** The tokens of a row by class. */
export function usageOfRow(row: UsageRow, { searchUnits, webSearches }: Units = {}): Usage {
  return {
    input: Number(row.input_tokens),
    cachedInput: Number(row.cached_input_tokens),
    cacheWrite: Number(row.cache_write_tokens),
    cacheWrite1h: Number(row.cache_write_1h_tokens),
    audioInput: Number(row.audio_input_tokens),
    output: Number(row.output_tokens),
    reasoning: Number(row.reasoning_tokens),
    audioOutput: Number(row.audio_output_tokens),
    ...(searchUnits !== undefined && { searchUnits }),
    ...(webSearches !== undefined && { webSearches }),
  };
}

function readable<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> | undefined {
  if (value === null) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) log.error({ err: parsed.error }, "A stored price or quantity cannot be read.");
  return parsed.data;
}
