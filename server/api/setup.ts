import { change } from "@/server/api/change";
import { demoTypes } from "@/server/api/provider-view";
import { SetupDismissed, SetupStatus } from "@/server/api/setup.schema";
import { adminProcedure, router } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";
import { sha256 } from "@/server/secret";
import { secrets } from "@/server/secrets";

const DISMISSED = "setup.dismissed";

/** The newcomer's checklist. */
export const setup = router({
  status: adminProcedure.output(SetupStatus).query(async () => {
    const real = { type: { notIn: [...demoTypes] } };
    const { firstKey } = secrets();
    const [providers, models, keys, calls, dismissed] = await Promise.all([
      prisma().provider.count({ where: real }),
      prisma().model.count({ where: { deployments: { some: { provider: real } } } }),
      prisma().virtualKey.count({ where: firstKey ? { hash: { not: sha256(firstKey.reveal()) } } : {} }),
      prisma().callRollup.aggregate({ _sum: { calls: true } }),
      prisma().setting.findUnique({ where: { name: DISMISSED }, select: { value: true } }),
    ]);
    const called = Number(calls._sum.calls ?? 0n);
    return {
      providers,
      models,
      keys,
      calls: called,
      dismissed: dismissed?.value === true,
      steps: [
        { id: "provider" as const, done: providers > 0 },
        { id: "models" as const, done: models > 0 },
        { id: "key" as const, done: keys > 0 },
        { id: "call" as const, done: called > 0 },
      ],
    };
  }),

  dismiss: adminProcedure.output(SetupDismissed).mutation(({ ctx }) =>
    change(ctx, async (tx, note) => {
      await tx.setting.upsert({
        where: { name: DISMISSED },
        create: { name: DISMISSED, value: true },
        update: { value: true },
        select: { name: true },
      });
      await note({ action: "dismiss", noun: "setup" });
      return { dismissed: true as const };
    }),
  ),
});
