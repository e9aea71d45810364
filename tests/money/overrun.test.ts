import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bank, KEY, openBank } from "@/tests/money/budget-fixture";
import { fire, type Shot } from "@/tests/money/load";

const LIMIT = 5_000_000_000n;
const CENT = 10_000_000n;
const messages = [{ role: "user", content: "spend" }];

/** Fires until the budget says that it is used up, also where calls under way held the last of it. */
async function spendTheRest(bank: Bank, shot: (at: number) => Shot): Promise<void> {
  for (let round = 0; round < 100; round++) {
    // What a killed process had leased may come back late, and is more than a few calls.
    const outcomes = await fire(
      bank.apps.flatMap((_app, at) => Array.from({ length: 8 }, () => shot(at))),
      bank.apps.length,
    );
    if (outcomes.every(({ text }) => text.includes("insufficient_quota"))) return;
    await sleep(100);
  }
}

describe("one process, 1,000 calls of a cent at once, a budget of $5", () => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await openBank({
      processes: 1,
      limitUsd: 5,
      price: { perCall: 0.01, inputPerMillion: 0, outputPerMillion: 0 },
    });
  });
  afterAll(() => bank.stop());

  test("exactly 500 are answered and the rest refused", async () => {
    const shot: Shot = { at: () => bank.apps[0] ?? never(), key: KEY, body: { model: "m", messages } };
    const outcomes = await fire(
      Array.from({ length: 1_000 }, () => shot),
      1_000,
    );
    await spendTheRest(bank, () => shot);
    const refused = outcomes.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    await expect.poll(() => bank.spent()).toBe(LIMIT);
    expect(bank.upstream.received).toHaveLength(500);
    expect(await bank.purse()).toMatchObject({ spent: LIMIT });
  });

  test("a refusal says which budget, its limit and what is spent, and not to try again", async () => {
    const answer = await fetch(`${bank.apps[0]?.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "m", messages }),
    });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    const { error } = await answer.json();
    expect(error).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" });
    expect(error.message).toContain("$5 of $5");
  });
});

describe("three processes on one database, calls of random cost, one killed and started again in the middle", () => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await openBank({ processes: 3, limitUsd: 5, price: { inputPerMillion: 0, outputPerMillion: 1_000 } });
  });
  afterAll(() => bank.stop());

  test.each([false, true])("never more than five dollars, and to the last cent (streamed: %s)", async (streamed) => {
    await bank.sql.query("UPDATE budget SET reset_at = now()");
    const before = await bank.spent();
    await sleep(1_200);
    // A token is a tenth of a cent: up to 20 are asked for, and fewer are used.
    const shots = Array.from({ length: 2_400 }, (_, index): Shot => {
      const most = 1 + Math.floor(Math.random() * 20);
      const used = 1 + Math.floor(Math.random() * most);
      return {
        at: () => bank.apps[index % 3] ?? never(),
        key: KEY,
        body: { model: "m", messages, max_tokens: most, user: String(used), stream: streamed },
      };
    });
    const firing = fire(shots, 60);
    await sleep(400);
    bank.apps[1]?.signal("SIGKILL");
    await bank.apps[1]?.exited;
    await bank.restart(1);
    await firing;
    await spendTheRest(bank, (at) => ({
      at: () => bank.apps[at] ?? never(),
      key: KEY,
      body: { model: "m", messages, max_tokens: 1, user: "1" },
    }));
    await sleep(600);
    const spent = (await bank.spent()) - before;
    expect(spent).toBeLessThanOrEqual(LIMIT);
    expect(spent).toBeGreaterThanOrEqual(LIMIT - CENT);
  });
});

function never(): never {
  throw new Error("There is no such app.");
}
