import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Bank, FREE_KEY, openBank } from "@/tests/money/budget-fixture";
import type { Gateway } from "@/tests/support/gateway";

const price = { perCall: 0.01, inputPerMillion: 0, outputPerMillion: 0 };
const FILE = /^\d{10}\.ndjson$/;

async function call(app: Gateway | undefined, stream = false): Promise<{ status: number; requestId: string }> {
  const answer = await fetch(`${app?.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${FREE_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "spend" }], stream }),
  });
  await answer.text();
  return { status: answer.status, requestId: answer.headers.get("x-request-id") ?? "" };
}

async function ready(app: Gateway | undefined): Promise<{ status: number; journal: string; ledger: string }> {
  const answer = await fetch(`${app?.url}/health/ready`);
  return { ...(await answer.json()), status: answer.status };
}

async function rowsOf(bank: Bank, requestIds: readonly string[]): Promise<number> {
  const { rows } = await bank.sql.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM call WHERE request_id = ANY($1)",
    [requestIds],
  );
  return rows[0]?.n ?? 0;
}

function instances(dataDir: string): string[] {
  const folder = join(dataDir, "instances");
  return readdirSync(folder).map((id) => join(folder, id));
}

function journals(dataDir: string): string[] {
  return instances(dataDir).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => FILE.test(name))
      .map((name) => join(folder, name)),
  );
}

/** Puts a file where the journal's folder was, which root cannot write to either; gives back what undoes it. */
function block(dataDir: string): () => void {
  const [folder = ""] = instances(dataDir);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  return () => {
    rmSync(folder);
    mkdirSync(folder);
  };
}

type Options = { env?: Record<string, string>; processes?: number; dataDir?: string };

function useBank({ env = {}, processes = 1, dataDir }: Options): () => Bank {
  let bank: Bank | undefined;
  beforeAll(async () => {
    bank = await openBank({ processes, limitUsd: 1_000, price, env, ...(dataDir && { dataDir: () => dataDir }) });
  });
  afterAll(() => bank?.stop());
  return () => {
    if (!bank) throw new Error("There is no bank.");
    return bank;
  };
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "conduit-journal-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("while the journal cannot be written", () => {
  describe("CONDUIT_JOURNAL_FAILURE=refuse", () => {
    const dataDir = ownFolder();
    const bank = useBank({ dataDir });
    test("calls are refused, readiness says so, and both end with the cause", async () => {
      const unblock = block(dataDir);
      const first = await call(bank().apps[0]);
      // Nobody knew of it before: it waits for the database instead.
      expect(first.status).toBe(200);
      expect(await rowsOf(bank(), [first.requestId])).toBe(1);
      expect((await call(bank().apps[0])).status).toBe(503);
      expect(await ready(bank().apps[0])).toMatchObject({ status: 503, journal: "down" });
      unblock();
      await expect.poll(() => ready(bank().apps[0])).toMatchObject({ status: 200, journal: "up" });
      const after = await call(bank().apps[0]);
      expect(after.status).toBe(200);
      await expect.poll(() => rowsOf(bank(), [after.requestId])).toBe(1);
    }, 60_000);
  });

  describe("CONDUIT_JOURNAL_FAILURE=degrade", () => {
    const dataDir = ownFolder();
    const bank = useBank({ dataDir, env: { CONDUIT_JOURNAL_FAILURE: "degrade" } });
    test("calls go on, each is in the database before its answer ends, and readiness says so", async () => {
      const unblock = block(dataDir);
      for (let turn = 0; turn < 5; turn++) {
        const { status, requestId } = await call(bank().apps[0], turn % 2 === 0);
        expect(status).toBe(200);
        expect(await rowsOf(bank(), [requestId])).toBe(1);
      }
      expect(await ready(bank().apps[0])).toMatchObject({ status: 200, journal: "down" });
      unblock();
      await expect.poll(() => ready(bank().apps[0])).toMatchObject({ status: 200, journal: "up" });
    }, 60_000);
  });
});

describe("CONDUIT_JOURNAL_MAX_BYTES", () => {
  const dataDir = ownFolder();
  const bank = useBank({ dataDir, env: { CONDUIT_JOURNAL_MAX_BYTES: "65536" } });

  test("files of written rows are removed, so that the limit is not reached by going on", async () => {
    const statuses = new Set<number>();
    for (let turn = 0; turn < 300; turn++) statuses.add((await call(bank().apps[0])).status);
    expect(statuses).toEqual(new Set([200]));
    const bytes = journals(dataDir).reduce((sum, path) => sum + readFileSync(path).length, 0);
    expect(bytes).toBeLessThan(65_536);
  }, 90_000);

  test("calls are refused when so much waits, and none is lost", async () => {
    expect((await call(bank().apps[0])).status).toBe(200);
    bank().line.cut();
    const ids: string[] = [];
    for (let last = 200; last === 200; ) {
      const { status, requestId } = await call(bank().apps[0]);
      if (status === 200) ids.push(requestId);
      last = status;
      expect(ids.length).toBeLessThan(1_000);
    }
    expect(ids.length).toBeGreaterThan(20);
    expect(await ready(bank().apps[0])).toMatchObject({ status: 503, journal: "down" });
    bank().line.mend();
    await expect.poll(() => ready(bank().apps[0]), { timeout: 20_000 }).toMatchObject({ status: 200, journal: "up" });
    expect((await call(bank().apps[0])).status).toBe(200);
    await expect.poll(() => rowsOf(bank(), ids)).toBe(ids.length);
  }, 90_000);
});

describe("what a killed process leaves", () => {
  const dataDir = ownFolder();
  const bank = useBank({ dataDir, processes: 2 });

  /** Calls that are only in the journal of the first app, which is then killed. */
  async function leaveBehind(): Promise<string[]> {
    bank().line.cut();
    const ids: string[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const { status, requestId } = await call(bank().apps[0]);
      expect(status).toBe(200);
      ids.push(requestId);
    }
    bank().apps[0]?.signal("SIGKILL");
    await bank().apps[0]?.exited;
    bank().line.mend();
    expect(await rowsOf(bank(), ids)).toBe(0);
    return ids;
  }

  beforeAll(async () => {
    const first = await Promise.all(bank().apps.map((app) => call(app)));
    // What the database does not have yet when it is cut off would come at any time.
    const ids = first.map(({ requestId }) => requestId);
    await vi.waitUntil(async () => (await rowsOf(bank(), ids)) === 2, 5_000);
  });

  test("processes in one data directory keep apart", () => {
    expect(instances(dataDir)).toHaveLength(2);
  });

  test("is taken up by the next one in the directory, torn line and all, exactly once", async () => {
    const ids = await leaveBehind();
    const [left = ""] = journals(dataDir).filter((path) => ids.every((id) => readFileSync(path, "utf8").includes(id)));
    const text = readFileSync(left, "utf8");
    writeFileSync(left, text + text.split("\n")[0]?.slice(0, 100));
    const kept = join(tmpdir(), `conduit-kept-${process.pid}.ndjson`);
    copyFileSync(left, kept);
    await bank().restart(0);
    expect(await rowsOf(bank(), ids)).toBe(ids.length);
    const spent = await bank().spent();
    // The same file again, as if the first start had been killed before it could remove it.
    await bank().apps[0]?.stop();
    copyFileSync(kept, join(instances(dataDir)[0] ?? "", "0000000001.ndjson"));
    rmSync(kept);
    await bank().restart(0);
    await sleep(500);
    expect(await rowsOf(bank(), ids)).toBe(ids.length);
    expect(await bank().spent()).toBe(spent);
    const { rows } = await bank().sql.query<{ n: string }>("SELECT sum(cost_nano)::text AS n FROM call_rollup");
    expect(BigInt(rows[0]?.n ?? 0)).toBe(spent);
  }, 90_000);
});

describe("CONDUIT_JOURNAL=database", () => {
  const dataDir = ownFolder();
  const bank = useBank({ dataDir, env: { CONDUIT_JOURNAL: "database" } });

  test("each call is in the database before its answer ends, also under load, and nothing is on the disk", async () => {
    const lane = async (at: number): Promise<void> => {
      for (let turn = 0; turn < 15; turn++) {
        const { status, requestId } = await call(bank().apps[0], (at + turn) % 2 === 0);
        expect(status).toBe(200);
        expect(await rowsOf(bank(), [requestId])).toBe(1);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, at) => lane(at)));
    expect(journals(dataDir)).toEqual([]);
  }, 60_000);

  test("while the database is away calls are refused once that is known, and readiness says so", async () => {
    bank().line.cut();
    const last = await call(bank().apps[0]);
    expect(last.status).toBe(200);
    expect((await call(bank().apps[0])).status).toBe(503);
    expect(await ready(bank().apps[0])).toMatchObject({ status: 503, ledger: "behind" });
    bank().line.mend();
    await expect.poll(() => ready(bank().apps[0]), { timeout: 20_000 }).toMatchObject({ status: 200, ledger: "up" });
    expect(await rowsOf(bank(), [last.requestId])).toBe(1);
    expect((await call(bank().apps[0])).status).toBe(200);
  }, 60_000);
});
