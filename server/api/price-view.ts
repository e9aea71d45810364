import type { z } from "zod";
import type { PriceView } from "@/server/api/deployments.schema";
import type { Prisma } from "@/server/db/generated/client";
import { Rates, tokenRates, usdText } from "@/server/money";

/** The columns that a price is shown from. */
export const priceColumns = {
  id: true,
  version: true,
  source: true,
  effectiveFrom: true,
  rates: true,
} satisfies Prisma.PriceSelect;

type PriceRow = Prisma.PriceGetPayload<{ select: typeof priceColumns }>;

/** A price's row as it is shown; null when its rates cannot be read, as calls then count as unpriced too. */
export function priceView({ rates, ...row }: PriceRow): z.infer<typeof PriceView> | null {
  const parsed = Rates.safeParse(rates);
  return parsed.success ? { ...row, ...priceOfRates(parsed.data) } : null;
}

/** Rates by class in dollars per million tokens. */
export function priceOfRates(rates: Rates) {
  return {
    inputPerMillionUsd: perMillion(rates.input),
    outputPerMillionUsd: perMillion(rates.output),
    cachedInputPerMillionUsd: perMillion(rates.cachedInput),
    cacheWritePerMillionUsd: perMillion(rates.cacheWrite),
    tiered: tokenRates.some((name) => typeof rates[name] === "object"),
  };
}

function perMillion(rate: Rates["input"]): string | null {
  if (rate === undefined) return null;
  return usdText(BigInt(typeof rate === "number" ? rate : rate.base));
}
