import { z } from "zod";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { conflict, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { addTransaction, transactionsOf } from "@/server/api/group-transactions";
import { allGroups, findGroup, groupFacts } from "@/server/api/group-view";
import {
  GroupChange,
  GroupView,
  NewGroup,
  NewTransaction,
  TransactionFilter,
  TransactionPage,
  TransactionView,
} from "@/server/api/groups.schema";
import { type Admin, adminProcedure, rest, router } from "@/server/api/trpc";
import { runIn } from "@/server/db/run";
import { nanoFromUsdText } from "@/server/money";
import { setBalance } from "@/server/state/balances";

/** Teams or tenants that own virtual keys. */
export const groups = router({
  list: adminProcedure
    .meta(rest("GET", "/groups", "List the groups."))
    .output(z.array(GroupView))
    .query(() => snapshot(allGroups)),

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
        const data = { ...given({ ...fields, ...limits }), name: fields.name };
        const { id } = await tx.group.create({ data, select: { id: true } });
        await changeBalance(tx, ctx, { id, balanceUsd, kind: "credit", reason: "Opening balance." });
        const view = await findGroup(tx, id);
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
        await tx.group.update({ where: { id }, data: given({ ...fields, ...limits }), select: { id: true } });
        await changeBalance(tx, ctx, { id, balanceUsd, kind: "adjustment", reason: "Balance set by hand." });
        const after = await findGroup(tx, id);
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

  transactions: adminProcedure
    .meta(rest("GET", "/groups/{id}/transactions", "List what moved a group's balance beside its calls, newest first."))
    .input(TransactionFilter)
    .output(TransactionPage)
    .query(({ input }) => transactionsOf(input)),

  addTransaction: adminProcedure
    .meta(rest("POST", "/groups/{id}/transactions", "Credit or debit a group's balance."))
    .input(NewTransaction)
    .output(TransactionView)
    .mutation(({ ctx, input }) => addTransaction(ctx, input)),
});

type BalanceChange = {
  readonly id: string;
  /** Undefined = stays as it is, null = none. */
  readonly balanceUsd: string | null | undefined;
  readonly kind: "credit" | "adjustment";
  readonly reason: string;
};

async function changeBalance(
  tx: Transaction,
  ctx: Admin,
  { id, balanceUsd, kind, reason }: BalanceChange,
): Promise<void> {
  if (balanceUsd === undefined) return;
  const wanted = balanceUsd === null ? null : nanoFromUsdText(balanceUsd);
  await setBalance(runIn(tx), wanted, { groupId: id, kind, reason, actor: ctx.actor });
}
