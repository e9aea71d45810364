import { change, difference, snapshot, type Transaction } from "@/server/api/change";
import { MoneySettings } from "@/server/api/money-settings.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { MONEY_SETTING, MoneySetting } from "@/server/state/unpriced";

/** How the gateway deals with money. */
export const moneySettings = router({
  get: adminProcedure
    .meta(rest("GET", "/settings/money", "Read what becomes of calls to models without a price."))
    .output(MoneySettings)
    .query(() => snapshot(stored)),

  update: adminProcedure
    .meta(rest("PUT", "/settings/money", "Say what becomes of calls to models without a price."))
    .input(MoneySettings)
    .output(MoneySettings)
    .mutation(({ ctx, input }) =>
      change(ctx, async (tx, note) => {
        const before = await stored(tx);
        const where = { name: MONEY_SETTING };
        await tx.setting.upsert({ where, create: { ...where, value: input }, update: { value: input } });
        await note({ action: "update", noun: "money-setting", detail: difference(before, input) });
        return input;
      }),
    ),
});

async function stored(tx: Transaction): Promise<MoneySetting> {
  const row = await tx.setting.findUnique({ where: { name: MONEY_SETTING } });
  return MoneySetting.catch({ unpriced: "warn" }).parse(row?.value ?? {});
}
