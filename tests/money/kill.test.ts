import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bank, KEY, openBank } from "@/tests/money/budget-fixture";
import { fire, type Outcome, type Shot } from "@/tests/money/load";

const ROUNDS = 20;
const messages = [{ role: "user", content: "spend" }];

describe("SIGKILL at random moments under load", () => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await openBank({
      processes: 1,
      limitUsd: 1_000_000,
      price: { inputPerMillion: 0, outputPerMillion: 1_000 },
    });
  });
  afterAll(() => bank.stop());

  test(`${ROUNDS} times: every answer whose last byte came is in the ledger exactly once, and the sums agree`, async () => {
    const whole: Outcome[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const app = bank.apps[0];
      if (!app) throw new Error("There is no app.");
      const shots = Array.from({ length: 400 }, (_, index): Shot => {
        const used = 1 + (index % 7);
        return {
          at: () => app,
          key: KEY,
          body: { model: "m", messages, max_tokens: 10, user: String(used), stream: index % 2 === 0 },
        };
      });
      const firing = fire(shots, 24);
      await sleep(40 + Math.random() * 400);
      app.signal("SIGKILL");
      await app.exited;
      whole.push(...(await firing).filter((outcome) => outcome.whole && outcome.status === 200));
      await bank.restart(0);
    }
    await expect.poll(async () => (await bank.purse()).leased, { timeout: 10_000 }).toBeLessThan(10n ** 15n);
    const { rows } = await bank.sql.query<{ request_id: string; n: string }>(
      "SELECT request_id, count(*) AS n FROM call GROUP BY request_id",
    );
    const times = new Map(rows.map(({ request_id, n }) => [request_id, Number(n)]));
    const wrong = whole.filter(({ requestId }) => times.get(requestId ?? "") !== 1);
    expect(whole.length).toBeGreaterThan(ROUNDS * 5);
    expect(wrong).toEqual([]);
    expect((await bank.purse()).spent).toBe(await bank.spent());
    const { rows: rollup } = await bank.sql.query<{ n: string }>("SELECT sum(cost_nano)::text AS n FROM call_rollup");
    expect(BigInt(rollup[0]?.n ?? 0)).toBe(await bank.spent());
    bank.verify();
  }, 180_000);
});
