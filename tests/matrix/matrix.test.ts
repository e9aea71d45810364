import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers } from "@/tests/matrix/callers";
import { type Billed, type Cell, faultsOf, runCell, type Stage } from "@/tests/matrix/cells";
import { printed } from "@/tests/matrix/print";
import { credentialOf, type Row, rows } from "@/tests/matrix/rows";
import { features } from "@/tests/matrix/said";
import { startVendors, type Vendors } from "@/tests/matrix/vendor";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { type Gateway, startGateway } from "@/tests/support/gateway";

const KEY = "condt_matrix_0123456789abcdefghijklmnopqrstuv";
const cells = new Map<string, Cell>();
let vendors: Vendors;
let database: TestDatabase;
let gateway: Gateway;
let stage: Stage;

beforeAll(async () => {
  const thoughts = new Map(rows.map((row) => [row.name, row.thought]));
  [vendors, database] = await Promise.all([
    startVendors((row) => thoughts.get(row) ?? "reasoning_content"),
    testDatabase(),
  ]);
  const config = {
    providers: rows.map((row) => providerOf(row)),
    models: rows.map(({ name, model }) => ({ name, deployments: [{ provider: name, model }] })),
    virtualKeys: [{ name: "matrix", key: KEY, models: ["*"] }],
  };
  gateway = await startGateway({
    mount: "server",
    databaseUrl: database.url,
    config,
    env: { CONDUIT_LOG_LEVEL: "warn" },
  });
  stage = { gatewayUrl: gateway.url, key: KEY, vendors, billed: new Map() };
});

afterAll(async () => {
  if (process.env.CONDUIT_MATRIX === "print") console.log(printed(rows, cells));
  await gateway?.stop();
  await Promise.all([vendors?.stop(), database?.stop()]);
});

function providerOf(row: Row): object {
  const { type, name, options } = row;
  const own = type.local ? {} : { baseUrl: vendors.url + pathOf(row), allowPrivateNetwork: true };
  const keys = type.auth.scheme === "none" ? [] : [{ name: "main", apiKey: credentialOf(row, vendors.url) }];
  return { name, type: type.id, options, keys, ...own };
}

/** The vendor's own path, below the row's name. */
function pathOf({ type, name }: Row): string {
  return `/${name}${new URL(type.baseUrl ?? "http://host/v1").pathname.replace(/\/$/, "")}`;
}

describe.each(callers)("a caller who speaks $id", (caller) => {
  test.concurrent.for(rows)("at $name", { timeout: 60_000 }, async (row, { expect }) => {
    const red: string[] = [];
    for (const feature of features) {
      const cell = await runCell({ stage, row, caller, feature });
      cells.set(`${caller.id} ${row.name} ${feature}`, cell);
      if (cell.kind === "red") red.push(`${feature}: ${faultsOf(cell)}`);
    }
    expect(red).toEqual([]);
  });
});

test("the ledger has what each vendor told", async () => {
  const sql = new pg.Pool({ connectionString: database.url, max: 1 });
  // The database is dropped with force at the end, which a connection that is being closed may still notice.
  sql.on("error", () => undefined);
  const wanted = new Map(
    [...stage.billed].map(([id, { cell, tokens }]) => [id, { cell, ...tokens, estimated: false }]),
  );
  const found = await ledger(sql, [...wanted.keys()]);
  await sql.end();
  const rowsOf = (map: ReadonlyMap<string, object>) => [...map].toSorted(([left], [right]) => (left < right ? -1 : 1));
  expect(rowsOf(new Map([...found].map(([id, row]) => [id, { cell: wanted.get(id)?.cell, ...row }])))).toEqual(
    rowsOf(wanted),
  );
});

type LedgerRow = Billed & { estimated: boolean };

/** The rows of these calls; a ledger is written a little after them. */
async function ledger(sql: pg.Pool, ids: readonly string[]): Promise<Map<string, LedgerRow>> {
  const until = Date.now() + 5_000;
  for (;;) {
    const { rows: found } = await sql.query<LedgerRow & { request_id: string }>(
      `SELECT request_id, input_tokens::int AS input, cached_input_tokens::int AS cached, output_tokens::int AS output,
              reasoning_tokens::int AS reasoning, estimated FROM call WHERE request_id = ANY($1)`,
      [ids],
    );
    if (found.length >= ids.length || Date.now() > until)
      return new Map(found.map(({ request_id, ...row }) => [request_id, row]));
    await sleep(50);
  }
}
