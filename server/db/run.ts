import type pg from "pg";
import type { Prisma } from "@/server/db/generated/client";
import { query, transaction } from "@/server/db/sql";

/** A row's columns by name. */
export type ResultRow = Record<string, unknown>;

/** Runs one parametrised statement and gives its rows, on the pool or within whatever transaction its owner has open. */
export type Run = <Row extends ResultRow>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Statements of their own, each on any connection. */
export const runOnPool: Run = query;

/** Runs `work` in one transaction; with `lock`, transactions of that name in all processes come one after the other. */
export function runInTransaction<T>(work: (run: Run) => Promise<T>, lock?: string): Promise<T> {
  return transaction((client) => work(runOn(client)), lock);
}

/** Statements on this connection. */
export function runOn(client: pg.ClientBase): Run {
  return async <Row extends ResultRow>(text: string, values: readonly unknown[]) =>
    (await client.query<Row>(text, [...values])).rows;
}

/** Statements inside a transaction of the Prisma client. */
export function runIn(tx: Pick<Prisma.TransactionClient, "$queryRawUnsafe">): Run {
  return <Row extends ResultRow>(text: string, values: readonly unknown[]) =>
    tx.$queryRawUnsafe<Row[]>(text, ...values);
}
