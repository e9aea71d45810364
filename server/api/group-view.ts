import type { z } from "zod";
import { notFound } from "@/server/api/errors";
import type { GroupView } from "@/server/api/groups.schema";
import type { Prisma } from "@/server/db/generated/client";
import { usdText } from "@/server/money";

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
  purse: { select: { spentNano: true, leasedNano: true } },
  _count: { select: { keys: true } },
} satisfies Prisma.GroupSelect;

type GroupRow = Prisma.GroupGetPayload<{ select: typeof groupColumns }>;
type Reader = Pick<Prisma.TransactionClient, "group" | "groupTransaction">;
type View = z.infer<typeof GroupView>;

/** Every group as it is shown, by name. */
export async function allGroups(db: Reader): Promise<View[]> {
  const rows = await db.group.findMany({ select: groupColumns, orderBy: { name: "asc" } });
  const sums = await movements(db, undefined);
  return rows.map((row) => groupView(row, sums));
}

/** The group with this id as it is shown; throws NOT_FOUND. */
export async function findGroup(db: Reader, id: string): Promise<View> {
  const row = await db.group.findUnique({ where: { id }, select: groupColumns });
  if (!row) throw notFound("group");
  return groupView(row, await movements(db, id));
}

/** What an audit entry keeps of a group. */
export function groupFacts(view: View): Record<string, unknown> {
  const { name, externalId, balanceUsd, enabled, rpm, rph, rpd, tpm, tpd, concurrent } = view;
  return { name, externalId, balanceUsd, enabled, rpm, rph, rpd, tpm, tpd, concurrent };
}

type Movements = (groupId: string, kind: "credit" | "refund") => bigint;

async function movements(db: Reader, groupId: string | undefined): Promise<Movements> {
  const sums = await db.groupTransaction.groupBy({
    by: ["groupId", "kind"],
    where: { kind: { in: ["credit", "refund"] }, ...(groupId !== undefined && { groupId }) },
    _sum: { amountNano: true },
  });
  return (id, kind) => sums.find((row) => row.groupId === id && row.kind === kind)?._sum.amountNano ?? 0n;
}

function groupView({ balanceNano, purse, _count, ...row }: GroupRow, sums: Movements): View {
  const spentNano = purse?.spentNano ?? 0n;
  return {
    ...row,
    balanceUsd: balanceNano === null ? null : usdText(balanceNano - spentNano),
    reservedUsd: usdText(purse?.leasedNano ?? 0n),
    lifetimeCreditsUsd: usdText(sums(row.id, "credit")),
    lifetimeSpentUsd: usdText(spentNano - sums(row.id, "refund")),
    keys: _count.keys,
  };
}
