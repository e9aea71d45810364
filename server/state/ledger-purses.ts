import { query } from "@/server/db/sql";

/** A purse that a call was paid from while the database could not say which one it is. */
export type Unnamed = {
  readonly budgetId: string | null;
  readonly groupId: string | null;
  /** ISO 8601. */
  readonly starts_at: string;
};

const MARK = '"unnamed":[';

/** Rows of the ledger, each as JSON text, with every purse named in `purses`. Throws when the database is away. */
export async function namePurses(rows: readonly string[]): Promise<string[]> {
  const named: string[] = [];
  // A mark within a text of the caller's would have its quotes escaped.
  for (const row of rows) named.push(row.includes(MARK) ? await name(row) : row);
  return named;
}

async function name(text: string): Promise<string> {
  const { unnamed, ...row }: { unnamed: Unnamed[]; purses?: string[] } = JSON.parse(text);
  const purses = [...(row.purses ?? [])];
  for (const { budgetId, groupId, starts_at } of unnamed) {
    // Nothing is left to count in of a budget that is gone.
    const found = await query<{ id: string }>(
      `SELECT conduit_purse($1, $2, $3) AS id
        WHERE EXISTS (SELECT 1 FROM budget WHERE id = $1) OR EXISTS (SELECT 1 FROM key_group WHERE id = $2)`,
      [budgetId, groupId, starts_at],
    );
    purses.push(...found.map(({ id }) => id));
  }
  return JSON.stringify({ ...row, purses });
}
