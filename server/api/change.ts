import type { Admin } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";

/** The database inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** What an audit entry says. `detail` must hold no secret. */
export type AuditNote = {
  action:
    | "create"
    | "update"
    | "delete"
    | "rotate"
    | "set-price"
    | "clear-price"
    | "dismiss"
    | "reset"
    | "reorder"
    | "refund"
    | "rerate"
    | "import"
    | "refresh";
  noun:
    | "provider"
    | "provider-key"
    | "model"
    | "deployment"
    | "routing-rule"
    | "route"
    | "provider-errors"
    | "group"
    | "virtual-key"
    | "setup"
    | "budget"
    | "transaction"
    | "call"
    | "ledger"
    | "price"
    | "webhook"
    | "money-setting";
  object?: { id: string; name?: string };
  detail?: Prisma.InputJsonObject;
};

/** Runs a change in one transaction; each `note` becomes an audit entry that is kept exactly when the change is. */
export function change<T>(
  ctx: Admin,
  work: (tx: Transaction, note: (entry: AuditNote) => Promise<void>) => Promise<T>,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<T> {
  const run = (tx: Transaction) =>
    work(tx, async ({ action, noun, object, detail }) => {
      await tx.auditEntry.create({
        data: {
          actor: ctx.actor,
          ip: ctx.ip,
          action,
          noun,
          objectId: object?.id ?? null,
          name: object?.name ?? null,
          ...(detail && { detail }),
        },
      });
    });
  return prisma().$transaction(run, { timeout: timeoutMs });
}

/** Reads several things as they were at one moment. */
export function snapshot<T>(
  read: (tx: Transaction) => Promise<T>,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<T> {
  return prisma().$transaction(read, { isolationLevel: "RepeatableRead", timeout: timeoutMs });
}

/** The fields that differ between two views of an object, as an audit entry's detail. Views hold no secrets. */
export function difference(before: Record<string, unknown>, after: Record<string, unknown>): Prisma.InputJsonObject {
  const changed = Object.keys(after).filter((key) => text(before[key]) !== text(after[key]));
  return Object.fromEntries(changed.map((key) => [key, { from: plain(before[key]), to: plain(after[key]) }]));
}

/** Drops the fields that were not given, so that a partial update leaves them as they are. */
export function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in fields) {
    const value = fields[key];
    if (isGiven(value)) kept[key] = value;
  }
  return kept;
}

function isGiven<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}

function text(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** Dates as ISO text, as JSON has none. */
function plain(value: unknown): Prisma.InputJsonValue | null {
  return JSON.parse(text(value));
}
