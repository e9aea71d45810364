import { z } from "zod";
import { change, difference, given, snapshot } from "@/server/api/change";
import { conflict, notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { GroupChange, GroupView, NewGroup } from "@/server/api/groups.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import { nanoFromUsdText, usdText } from "@/server/money";

/** Teams or tenants that own virtual keys. */
export const groups = router({
  list: adminProcedure
    .meta(rest("GET", "/groups", "List the groups."))
    .output(z.array(GroupView))
    .query(async () => {
      const rows = await prisma().group.findMany({ select: groupColumns, orderBy: { name: "asc" } });
      return rows.map(groupView);
    }),

  get: adminProcedure
    .meta(rest("GET", "/groups/{id}", "Read a group."))
    .input(ById)
    .output(GroupView)
    .query(({ input }) => snapshot((tx) => findGroup(tx, input.id))),

  create: adminProcedure
    .meta(rest("POST", "/groups", "Add a group."))
    .input(NewGroup)
    .output(GroupView)
    .mutation(({ ctx, input: { balanceUsd, limits, ...fields } }) =>
      change(ctx, async (tx, note) => {
        const data = given({ ...fields, ...limits, balanceNano: nano(balanceUsd) });
        const row = await tx.group.create({ data: { ...data, name: fields.name }, select: groupColumns });
        const view = groupView(row);
        await note({ action: "create", noun: "group", object: view, detail: difference({}, groupFacts(view)) });
        return view;
      }),
    ),

  update: adminProcedure
    .meta(rest("PATCH", "/groups/{id}", "Change a group."))
    .input(GroupChange)
    .output(GroupView)
    .mutation(({ ctx, input: { id, balanceUsd, limits, ...fields } }) =>
      change(ctx, async (tx, note) => {
        const before = await findGroup(tx, id);
        refuseManaged("group", before);
        const data = given({ ...fields, ...limits, balanceNano: nano(balanceUsd) });
        const after = groupView(await tx.group.update({ where: { id }, data, select: groupColumns }));
        await note({
          action: "update",
          noun: "group",
          object: after,
          detail: difference(groupFacts(before), groupFacts(after)),
        });
        return after;
      }),
    ),

  delete: adminProcedure
    .meta(rest("DELETE", "/groups/{id}", "Delete a group that has no keys."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findGroup(tx, id);
        refuseManaged("group", before);
        if (before.keys > 0) {
          const keys = before.keys === 1 ? "1 key" : `${before.keys} keys`;
          throw conflict(`"${before.name}" still has ${keys}. Delete them or give them another group first.`);
        }
        await tx.group.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "group", object: before, detail: difference({}, groupFacts(before)) });
        return { id, deleted: true as const };
      }),
    ),
});

const groupColumns = {
  id: true,
  name: true,
  externalId: true,
  balanceNano: true,
  enabled: true,
  rpm: true,
  rph: true,
  rpd: true,
  tpm: true,
  tpd: true,
  concurrent: true,
  managed: true,
  createdAt: true,
  _count: { select: { keys: true } },
} satisfies Prisma.GroupSelect;

type GroupRow = Prisma.GroupGetPayload<{ select: typeof groupColumns }>;

function groupView({ balanceNano, _count, ...row }: GroupRow): z.infer<typeof GroupView> {
  return { ...row, balanceUsd: balanceNano === null ? null : usdText(balanceNano), keys: _count.keys };
}

function groupFacts(view: z.infer<typeof GroupView>): Record<string, unknown> {
  const { name, externalId, balanceUsd, enabled, rpm, rph, rpd, tpm, tpd, concurrent } = view;
  return { name, externalId, balanceUsd, enabled, rpm, rph, rpd, tpm, tpd, concurrent };
}

async function findGroup(db: Pick<Prisma.TransactionClient, "group">, id: string): Promise<z.infer<typeof GroupView>> {
  const row = await db.group.findUnique({ where: { id }, select: groupColumns });
  if (!row) throw notFound("group");
  return groupView(row);
}

/** Undefined = not given, null = none. */
function nano(usd: string | null | undefined): bigint | null | undefined {
  return typeof usd === "string" ? nanoFromUsdText(usd) : usd;
}
