import type { z } from "zod";
import { change, snapshot } from "@/server/api/change";
import { LedgerVerified, NewRating, type NewRefund, type RefundView, Rerated } from "@/server/api/ledger.schema";
import { type Admin, adminProcedure, rest, router } from "@/server/api/trpc";
import { runIn } from "@/server/db/run";
import { nanoFromUsdText, usdText } from "@/server/money";
import { refundCall } from "@/server/state/refund";
import { rerate } from "@/server/state/rerate";
import { verifyLedger } from "@/server/state/verify";

const VERIFY_MS = 300_000;

/** What keeps the ledger right. */
export const ledger = router({
  verify: adminProcedure
    .meta(rest("GET", "/ledger/verify", "Compare every total with the rows that it is the sum of."))
    .output(LedgerVerified)
    .query(async () => {
      const verified = await snapshot((tx) => verifyLedger(runIn(tx)), { timeoutMs: VERIFY_MS });
      const { costNano, differences, ...rest } = verified;
      return {
        ...rest,
        costUsd: usdText(costNano),
        differences: differences.map(({ kept, rows, ...one }) => ({
          ...one,
          kept: kept.toString(),
          rows: rows.toString(),
        })),
      };
    }),

  rerate: adminProcedure
    .meta(rest("POST", "/ledger/rerate", "Price calls again under the prices stored now; first as a dry run."))
    .input(NewRating)
    .output(Rerated)
    .mutation(async ({ ctx, input: { dryRun, ...input } }) => {
      const { deltaNano, models, ...counts } = await rerate({ ...input, dryRun, actor: ctx.actor });
      const view = {
        dryRun,
        ...counts,
        deltaUsd: usdText(deltaNano),
        models: models.map((one) => ({ model: one.model, changed: one.changed, deltaUsd: usdText(one.deltaNano) })),
      };
      if (!dryRun) {
        const { from, to, model = null, reason } = input;
        const range = { from: from.toISOString(), to: to.toISOString(), model, reason };
        const detail = { ...range, changed: view.changed, deltaUsd: view.deltaUsd };
        await change(ctx, (_, note) => note({ action: "rerate", noun: "ledger", detail }));
      }
      return view;
    }),
});

/** Gives back what a call cost, once. */
export function refund(
  ctx: Admin,
  { id, startedAt, amountUsd, reason }: z.infer<typeof NewRefund>,
): Promise<z.infer<typeof RefundView>> {
  return change(ctx, async (tx, note) => {
    const amountNano = amountUsd === undefined ? undefined : nanoFromUsdText(amountUsd);
    const refunded = await refundCall(runIn(tx), { callId: id, startedAt, amountNano, reason, actor: ctx.actor });
    const { transaction, repeated } = refunded;
    const view = {
      callId: id,
      amountUsd: usdText(refunded.amountNano),
      repeated,
      group: transaction ? { id: transaction.groupId, balanceUsd: usdText(transaction.balanceAfterNano) } : null,
    };
    const detail = { amountUsd: view.amountUsd, reason };
    if (!repeated) await note({ action: "refund", noun: "call", object: { id }, detail });
    return view;
  });
}
