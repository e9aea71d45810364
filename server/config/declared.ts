import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Transaction } from "@/server/config/changes";
import type { Prisma } from "@/server/db/generated/client";

const SETTING = "config:declared";

/** The setting that holds the fingerprint of the configuration that was applied last. */
export const APPLIED = "config:applied";

/**
 * What the file said when it was applied last, where the stored value moves on by itself: a balance is spent, and a price
 * may come from the file or from an admin. Balances are nano-dollars in decimal digits by group name; prices are the ids
 * of the price rows that came from the file, by deployment id.
 */
const Declared = z.object({
  balances: z.record(z.string(), z.string()).default({}),
  prices: z.record(z.string(), z.string()).default({}),
});
export type Declared = z.infer<typeof Declared>;

/** Reads what the last application remembered; empty before the first. */
export async function readDeclared(tx: Transaction): Promise<Declared> {
  const row = await tx.setting.findUnique({ where: { name: SETTING } });
  return Declared.catch({ balances: {}, prices: {} }).parse(row?.value ?? {});
}

/** Remembers it for the next application. */
export function writeDeclared(tx: Transaction, value: Declared): Promise<void> {
  return writeSetting(tx, SETTING, value);
}

/** Stores a setting, unless it has that value already. */
export async function writeSetting(tx: Transaction, name: string, value: Prisma.InputJsonValue): Promise<void> {
  const row = await tx.setting.findUnique({ where: { name } });
  if (row && isDeepStrictEqual(row.value, value)) return;
  await tx.setting.upsert({ where: { name }, create: { name, value }, update: { value } });
}
