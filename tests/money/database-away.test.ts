import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bank, FREE_KEY, KEY, OTHER_KEY, openBank } from "@/tests/money/budget-fixture";
import type { Gateway } from "@/tests/support/gateway";

const CENT = 10_000_000n;
const LIMIT_USD = 2;
const price = { perCall: 0.01, inputPerMillion: 0, outputPerMillion: 0 };

type Seen = { readonly status: number; readonly atMs: number; readonly tookMs: number; readonly code: string | null };

async function call(app: Gateway | undefined, key: string): Promise<Seen> {
  const begun = performance.now();
  const answer = await fetch(`${app?.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "spend" }] }),
  });
  const body: { error?: { code: string | null } } = await answer.json();
  const atMs = performance.now();
  return { status: answer.status, atMs, tookMs: atMs - begun, code: body.error?.code ?? null };
}

async function ready(app: Gateway | undefined): Promise<{ status: number; database: string }> {
  const answer = await fetch(`${app?.url}/health/ready`);
  return { ...(await answer.json()), status: answer.status };
}

/** Calls one after the other until one is refused; gives how many were answered, and the refusal. */
async function callUntilRefused(app: Gateway | undefined, key: string): Promise<{ answered: number; last: Seen }> {
  for (let answered = 0; ; answered++) {
    const last = await call(app, key);
    if (last.status !== 200) return { answered, last };
    if (answered > 1_000) throw new Error("Nothing refuses these calls.");
  }
}

async function spentBy(bank: Bank, name: string): Promise<{ calls: bigint; cost: bigint; purse: bigint }> {
  const { rows } = await bank.sql.query<{ calls: string; cost: string; purse: string }>(
    `SELECT (SELECT count(*) FROM call WHERE key_name = $1 AND cost_nano > 0) AS calls,
            (SELECT coalesce(sum(cost_nano), 0) FROM call WHERE key_name = $1)::text AS cost,
            (SELECT coalesce(sum(purse.spent_nano), 0) FROM purse JOIN budget ON budget.id = purse.budget_id
               JOIN virtual_key ON virtual_key.id = budget.key_id WHERE virtual_key.name = $1)::text AS purse`,
    [name],
  );
  const [row] = rows;
  return { calls: BigInt(row?.calls ?? 0), cost: BigInt(row?.cost ?? 0), purse: BigInt(row?.purse ?? 0) };
}

/** What is leased is what the processes hold, and no budget is beyond its limit. */
async function leasesAddUp(bank: Bank): Promise<void> {
  const { rows } = await bank.sql.query<{ leased: string; granted: string; least: string }>(
    `SELECT (SELECT coalesce(sum(leased_nano), 0) FROM purse)::text AS leased,
            (SELECT coalesce(sum(granted_nano), 0) FROM lease)::text AS granted,
            (SELECT coalesce(min(granted_nano), 0) FROM lease)::text AS least`,
  );
  expect(rows[0]?.leased).toBe(rows[0]?.granted);
  expect(BigInt(rows[0]?.least ?? 0)).toBeGreaterThanOrEqual(0n);
}

describe("the database goes away and comes back under load, two processes", () => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await openBank({ processes: 2, limitUsd: LIMIT_USD, price });
  });
  afterAll(() => bank.stop());

  test("known keys go on, unknown ones get 503, no budget is overrun, and everything is settled without a restart", async () => {
    const seen = new Map<string, Seen[]>([
      [KEY, []],
      [FREE_KEY, []],
    ]);
    const strangers: Seen[] = [];
    let going = true;
    const lane = async (app: Gateway | undefined, key: string): Promise<void> => {
      while (going) {
        seen.get(key)?.push(await call(app, key));
        await sleep(key === KEY ? 25 : 10);
      }
    };
    const lanes = bank.apps.flatMap((app) => [KEY, KEY, FREE_KEY, FREE_KEY].map((key) => lane(app, key)));
    await sleep(400);
    bank.line.cut();
    const cutAt = performance.now();
    for (const [at, app] of bank.apps.entries()) {
      for (let turn = 0; turn < 3; turn++) strangers.push(await call(app, `condt_stranger_${at}_${turn}_0123456789`));
      await expect.poll(() => ready(app)).toMatchObject({ status: 503, database: "down" });
    }
    await sleep(1_500);
    bank.line.mend();
    const mendedAt = performance.now();
    for (const app of bank.apps)
      await expect.poll(() => ready(app), { timeout: 10_000 }).toMatchObject({ status: 200 });
    await sleep(500);
    going = false;
    await Promise.all(lanes);

    expect(strangers.map(({ status, code }) => `${status} ${code}`)).toEqual(Array(6).fill("503 store_unavailable"));
    const free = seen.get(FREE_KEY) ?? [];
    expect(new Set(free.map(({ status }) => status))).toEqual(new Set([200]));
    const away = (one: Seen): boolean => one.atMs > cutAt + 100 && one.atMs < mendedAt;
    expect(free.filter(away).length).toBeGreaterThan(50);
    const spender = seen.get(KEY) ?? [];
    expect(spender.filter((one) => away(one) && one.status === 200).length).toBeGreaterThan(0);
    expect([200, 429, 503]).toEqual(expect.arrayContaining([...new Set(spender.map(({ status }) => status))]));
    expect(Math.max(...[...free, ...spender, ...strangers].filter(away).map(({ tookMs }) => tookMs))).toBeLessThan(
      4_000,
    );

    // What one process holds the other cannot spend: only when both have nothing left is it used up.
    const spendTheRest = async () => {
      const codes: (string | null)[] = [];
      for (const app of bank.apps) codes.push((await callUntilRefused(app, KEY)).last.code);
      return codes;
    };
    await expect
      .poll(spendTheRest, { timeout: 30_000, interval: 500 })
      .toEqual(["insufficient_quota", "insufficient_quota"]);
    await expect.poll(async () => (await spentBy(bank, "free")).calls).toBe(BigInt(free.length));
    await expect.poll(async () => (await spentBy(bank, "spender")).cost).toBe(BigInt(LIMIT_USD) * 100n * CENT);
    expect((await spentBy(bank, "spender")).purse).toBe(BigInt(LIMIT_USD) * 100n * CENT);
    expect((await call(bank.apps[0], "condt_stranger_0_0_0123456789")).status).toBe(401);
  }, 120_000);
});

describe("CONDUIT_BUDGET_ALLOWANCE_USD, while the database is away", () => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await openBank({ processes: 1, limitUsd: LIMIT_USD, price, env: { CONDUIT_BUDGET_ALLOWANCE_USD: "0.05" } });
  });
  afterAll(() => bank.stop());

  /** Leases nothing. */
  async function makeKnown(key: string): Promise<void> {
    await fetch(`${bank.apps[0]?.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  }

  async function goAway(): Promise<void> {
    bank.line.cut();
    await expect.poll(() => ready(bank.apps[0])).toMatchObject({ status: 503 });
  }

  async function comeBack(): Promise<void> {
    bank.line.mend();
    await expect.poll(() => ready(bank.apps[0]), { timeout: 10_000 }).toMatchObject({ status: 200 });
  }

  test("a budget is spent to its lease and so much beyond, also one that nothing was ever leased of", async () => {
    // A process that has just started reads everything again, and gives back what it leased meanwhile.
    await sleep(1_500);
    expect((await call(bank.apps[0], KEY)).status).toBe(200);
    await makeKnown(OTHER_KEY);
    const { leased } = await bank.purse();
    await goAway();
    const spender = await callUntilRefused(bank.apps[0], KEY);
    const other = await callUntilRefused(bank.apps[0], OTHER_KEY);
    expect(spender.last).toMatchObject({ status: 503, code: "store_unavailable" });
    expect(spender.last.tookMs).toBeLessThan(2_000);
    const known = BigInt(spender.answered) + 1n;
    expect(known * CENT).toBe(((leased + CENT - 1n) / CENT) * CENT + 5n * CENT);
    expect(other.answered).toBe(5);
    await comeBack();
    await expect
      .poll(() => spentBy(bank, "spender"), { timeout: 10_000 })
      .toEqual({ calls: known, cost: known * CENT, purse: known * CENT });
    expect(await spentBy(bank, "other")).toEqual({ calls: 5n, cost: 5n * CENT, purse: 5n * CENT });
    await leasesAddUp(bank);
    // The allowance is there anew, and what was spent of it counts.
    const rest = await callUntilRefused(bank.apps[0], KEY);
    expect(rest.last.code).toBe("insufficient_quota");
    expect(known + BigInt(rest.answered)).toBe(BigInt(LIMIT_USD) * 100n);
  }, 90_000);

  test("a process that is killed meanwhile has lost none of it", async () => {
    await bank.sql.query("UPDATE budget SET reset_at = now()");
    await sleep(1_500);
    await goAway();
    expect(await callUntilRefused(bank.apps[0], OTHER_KEY)).toMatchObject({ answered: 5, last: { status: 503 } });
    bank.apps[0]?.signal("SIGKILL");
    await bank.apps[0]?.exited;
    bank.line.mend();
    await bank.restart(0);
    await expect.poll(() => spentBy(bank, "other")).toEqual({ calls: 10n, cost: 10n * CENT, purse: 10n * CENT });
    await leasesAddUp(bank);
  }, 90_000);

  test("a soft budget refuses nothing", async () => {
    await makeKnown(OTHER_KEY);
    await bank.sql.query("UPDATE budget SET soft = true, reset_at = now()");
    await sleep(1_500);
    await goAway();
    const statuses: number[] = [];
    for (let turn = 0; turn < 12; turn++) statuses.push((await call(bank.apps[0], OTHER_KEY)).status);
    expect(statuses).toEqual(Array(12).fill(200));
    await comeBack();
    await expect.poll(() => spentBy(bank, "other"), { timeout: 10_000 }).toMatchObject({ purse: 22n * CENT });
  }, 90_000);
});
