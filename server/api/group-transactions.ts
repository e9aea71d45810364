import type { z } from "zod";
import { change } from "@/server/api/change";
import { pageOf, placeOf } from "@/server/api/cursor";
import { notFound } from "@/server/api/errors";
import type { NewTransaction, TransactionFilter, TransactionPage, TransactionView } from "@/server/api/groups.schema";
import type { Admin } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import { runIn } from "@/server/db/run";
import { nanoFromUsdText, usdText } from "@/server/money";
import { postTransaction } from "@/server/state/balances";

/** A page of a group's transactions, newest first. Throws NOT_FOUND. */
export async function transactionsOf({
  id,
  cursor,
  limit,
}: z.infer<typeof TransactionFilter>): Promise<z.infer<typeof TransactionPage>> {
  const after = placeOf(cursor);
  const place = after && { at: { lte: after.at }, OR: [{ at: { lt: after.at } }, { id: { lt: after.id } }] };
  const group = await prisma().group.findUnique({
    where: { id },
    select: {
      transactions: {
        ...(place && { where: place }),
        orderBy: [{ at: "desc" }, { id: "desc" }],
        take: limit + 1,
      },
    },
  });
  if (!group) throw notFound("group");
  return pageOf(group.transactions, limit, { item: transactionView, place: (row) => row });
}

/** Credits or debits a group's balance; one without a balance gets one. */
export function addTransaction(
  ctx: Admin,
  { id, kind, amountUsd, reason }: z.infer<typeof NewTransaction>,
): Promise<z.infer<typeof TransactionView>> {
  return change(ctx, async (tx, note) => {
    const group = await tx.group.findUnique({ where: { id }, select: { id: true, name: true } });
    if (!group) throw notFound("group");
    const given = nanoFromUsdText(amountUsd);
    const amountNano = kind === "debit" ? -given : given;
    const posted = await postTransaction(runIn(tx), { groupId: id, kind, amountNano, reason, actor: ctx.actor });
    const view = transactionView(await tx.groupTransaction.findUniqueOrThrow({ where: { id: posted.id } }));
    const detail = { kind, amountUsd: view.amountUsd, balanceAfterUsd: view.balanceAfterUsd, reason };
    await note({ action: "create", noun: "transaction", object: { id: posted.id, name: group.name }, detail });
    return view;
  });
}

type Row = Prisma.GroupTransactionGetPayload<object>;

function transactionView({ amountNano, balanceAfterNano, ...row }: Row): z.infer<typeof TransactionView> {
  return { ...row, amountUsd: usdText(amountNano), balanceAfterUsd: usdText(balanceAfterNano) };
}
