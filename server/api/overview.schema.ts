import { z } from "zod";
import { Id, Moment } from "@/server/api/fields.schema";

/** How far back an overview looks. */
const ranges = ["1h", "24h", "7d", "30d"] as const;

/** The range of an overview. */
export const OverviewInput = z.strictObject({ range: z.enum(ranges) });

const count = z.number();
const ranked = { calls: count, unpriced: count, costUsd: z.string() };

/** Sums over a range, beside those of the range before, over time, and by model and key. */
export const Overview = z
  .object({
    calls: count,
    errors: count,
    inputTokens: count,
    outputTokens: count,
    costUsd: z.string(),
    /** Calls that reached a provider and had no price. */
    unpriced: count,
    avgFirstTokenMs: z.number().nullable(),
    avgDurationMs: z.number().nullable(),
    previous: z.object({ calls: count, costUsd: z.string() }),
    series: z.array(
      z.object({
        at: Moment,
        calls: count,
        errors: count,
        costUsd: z.string(),
        inputTokens: count,
        outputTokens: count,
      }),
    ),
    topModels: z.array(z.object({ model: z.string(), ...ranked })),
    topKeys: z.array(z.object({ keyId: Id, name: z.string(), ...ranked })),
  })
  .meta({ id: "Overview" });
