import { z } from "zod";
import { Id, Moment, MomentInput, Usd } from "@/server/api/fields.schema";

/** Totals against the rows that they are the sums of. */
export const LedgerVerified = z
  .object({
    calls: z.int(),
    adjustments: z.int(),
    costUsd: z.string(),
    /** From when on rows are kept; totals of earlier calls cannot be checked. */
    since: Moment.nullable(),
    unchecked: z.int(),
    differences: z.array(
      z.object({ total: z.string(), what: z.string(), column: z.string(), kept: z.string(), rows: z.string() }),
    ),
  })
  .meta({ id: "LedgerVerified" });

/** Calls to price again: those from a moment on up to, and without, another; of one model or all. */
export const NewRating = z
  .strictObject({
    from: MomentInput,
    to: MomentInput,
    model: z.string().min(1).max(300).optional(),
    /** Only tells what would change. */
    dryRun: z.boolean().default(true),
    reason: z.string().trim().max(500).default("Corrected prices."),
  })
  .refine(({ from, to }) => from < to, { path: ["to"], message: "The end is not after the beginning." });

/** What pricing calls again changed, or would. */
export const Rerated = z
  .object({
    dryRun: z.boolean(),
    calls: z.int(),
    changed: z.int(),
    deltaUsd: z.string(),
    refunded: z.int(),
    unpriced: z.int(),
    models: z.array(z.object({ model: z.string(), changed: z.int(), deltaUsd: z.string() })),
  })
  .meta({ id: "Rerated" });

/** A call to give back; without an amount all that it cost. */
export const NewRefund = z.strictObject({
  id: Id,
  startedAt: MomentInput.optional(),
  amountUsd: Usd.optional(),
  reason: z.string().trim().min(1, "Say why.").max(500),
});

/** What was given back. `repeated`: it had been before, and nothing was done now. */
export const RefundView = z
  .object({
    callId: Id,
    amountUsd: z.string(),
    repeated: z.boolean(),
    /** The group whose balance it went to, and what it has now. */
    group: z.object({ id: Id, balanceUsd: z.string() }).nullable(),
  })
  .meta({ id: "Refund" });
