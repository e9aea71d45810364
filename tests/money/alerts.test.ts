import { describe, expect, test } from "vitest";
import { useGateway } from "@/tests/support/fixture";

const price = { perCall: 0.01, inputPerMillion: 0, outputPerMillion: 0 };
const HOUR_MS = 3_600_000;
const body = { model: "m", messages: [{ role: "user", content: "spend" }] };

const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;
const keyed = (name: string, more: object) => ({ name, key: secretOf(name), models: ["*"], ...more });

function config(upstreamUrl: string) {
  const model = (name: string) => ({ name, deployments: [{ provider: "vendor", model: name, price }] });
  return {
    providers: [
      {
        name: "vendor",
        type: "openai-compatible",
        baseUrl: `${upstreamUrl}/v1`,
        allowPrivateNetwork: true,
        keys: [{ name: "main", apiKey: "sk-vendor" }],
      },
    ],
    models: [model("m"), model("dear-1"), model("dear-2")],
    groups: [{ name: "team", balanceUsd: 0.03 }],
    virtualKeys: [
      keyed("alerted", { budgets: [{ period: "total", limitUsd: 0.2, name: "small" }] }),
      keyed("soft", { budgets: [{ period: "total", limitUsd: 0.02, soft: true }] }),
      keyed("partial", { budgets: [{ period: "total", limitUsd: 0.02, models: ["dear-*"] }] }),
      keyed("rolling", { budgets: [{ period: "hours", hours: 2, limitUsd: 0.1 }] }),
      keyed("daily", { budgets: [{ period: "day", limitUsd: 0.02, name: "lunch", timeZone: "Asia/Kolkata" }] }),
      keyed("increased", { budgets: [{ period: "month", limitUsd: 0.01 }] }),
      keyed("one", { group: "team" }),
      keyed("two", { group: "team" }),
    ],
  };
}

// Each call is in the database before its answer ends, so that no two are told of together.
describe("budgets in use", () => {
  const gate = useGateway("server", { config, env: { CONDUIT_JOURNAL: "database" } });

  const call = async (name: string, model = "m") => {
    const answer = await gate().chat({ ...body, model }, { key: secretOf(name) });
    const { error }: { error?: { code: string; message: string } } = await answer.json();
    return { status: answer.status, code: error?.code, message: error?.message ?? "", headers: answer.headers };
  };
  const calls = async (name: string, times: number, model = "m"): Promise<number[]> => {
    const statuses: number[] = [];
    for (let turn = 0; turn < times; turn++) statuses.push((await call(name, model)).status);
    return statuses;
  };
  const budgetOf =
    "(SELECT budget.id FROM budget JOIN virtual_key ON virtual_key.id = budget.key_id WHERE virtual_key.name = $1)";
  const spentIn = async (name: string, startsAt: Date, nano: bigint): Promise<void> => {
    await gate().sql.query(
      `INSERT INTO purse (id, budget_id, starts_at, spent_nano) VALUES (gen_random_uuid(), ${budgetOf}, $2, $3)`,
      [name, startsAt, nano],
    );
  };
  const alertsFor = async (name: string): Promise<number[]> => {
    const { rows } = await gate().sql.query<{ percent: number }>(
      `SELECT (detail->>'percent')::int AS percent FROM notification
        WHERE kind = 'budget' AND title LIKE '%''' || $1 || '''%' ORDER BY at`,
      [name],
    );
    return rows.map(({ percent }) => percent);
  };

  test("an alert comes once at each of 50, 80, 90 and 100 percent", async () => {
    const told: number[] = [];
    for (let turn = 1; turn <= 22; turn++) {
      const { status } = await call("alerted");
      expect(status).toBe(turn <= 20 ? 200 : 429);
      told.push((await alertsFor("alerted")).length);
    }
    expect(told).toEqual([...Array(9).fill(0), ...Array(6).fill(1), 2, 2, 3, 3, 4, 4, 4]);
    expect(await alertsFor("alerted")).toEqual([50, 80, 90, 100]);
  });

  test("a soft budget alerts and refuses nothing", async () => {
    expect(await calls("soft", 4)).toEqual([200, 200, 200, 200]);
    expect(await alertsFor("soft")).toEqual([50, 100]);
  });

  test("a budget of some models stands against those alone", async () => {
    expect(await calls("partial", 4)).toEqual([200, 200, 200, 200]);
    expect([...(await calls("partial", 1, "dear-1")), ...(await calls("partial", 2, "dear-2"))]).toEqual([
      200, 200, 429,
    ]);
    expect(await calls("partial", 1)).toEqual([200]);
  });

  test("a rolling window counts its hours and none before, also for its alerts", async () => {
    const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    await spentIn("rolling", new Date(hour - 2 * HOUR_MS), 100_000_000n);
    await spentIn("rolling", new Date(hour - HOUR_MS), 70_000_000n);
    expect(await calls("rolling", 1)).toEqual([200]);
    // Eight of ten cents in two hours, of which one in this.
    expect(await alertsFor("rolling")).toEqual([80]);
    expect(await calls("rolling", 3)).toEqual([200, 200, 429]);
    expect(await alertsFor("rolling")).toEqual([80, 90, 100]);
    const { message } = await call("rolling");
    expect(message).toContain("$0.1 of $0.1");
    expect(message).toContain(new Date(hour + HOUR_MS).toISOString());
  });

  test("a refusal names the budget, its limit, what is spent and when it begins anew in its time zone", async () => {
    expect(await calls("daily", 2)).toEqual([200, 200]);
    const { status, code, message, headers } = await call("daily");
    expect({ status, code }).toEqual({ status: 429, code: "insufficient_quota" });
    expect(headers.get("x-should-retry")).toBe("false");
    expect(message).toContain("'lunch'");
    expect(message).toContain("$0.02 of $0.02");
    // Midnight in India is half past six in the evening in UTC.
    expect(message).toMatch(/It begins anew at \d{4}-\d\d-\d\dT18:30:00\.000Z/);
  });

  test("a temporary increase counts while it holds, and a reset begins anew", async () => {
    const change = async (text: string): Promise<void> => {
      await gate().sql.query(`UPDATE budget SET ${text} WHERE id = ${budgetOf}`, ["increased"]);
    };
    const answered = async (): Promise<number> => (await call("increased")).status;
    expect(await calls("increased", 2)).toEqual([200, 429]);
    await change("increase_nano = 20000000, increase_until = now() + interval '3 seconds'");
    await expect.poll(answered).toBe(200);
    await change("increase_until = now() - interval '1 second'");
    await expect.poll(answered).toBe(429);
    await change("increase_nano = 0, increase_until = NULL, reset_at = now()");
    await expect.poll(answered).toBe(200);
    await expect.poll(answered).toBe(429);
  });

  test("keys of a group spend one balance", async () => {
    expect([...(await calls("one", 2)), ...(await calls("two", 1))]).toEqual([200, 200, 200]);
    for (const name of ["one", "two"]) {
      const { code, message } = await call(name);
      expect(code).toBe("insufficient_quota");
      expect(message).toContain("The balance of team is used up: $0.03 of $0.03");
    }
    expect((await alertsFor("team")).at(-1)).toBe(100);
  });
});

describe("CONDUIT_BUDGET_STATUS=402", () => {
  const gate = useGateway("server", { config, env: { CONDUIT_BUDGET_STATUS: "402" } });

  test("a refusal is Payment Required, otherwise the same", async () => {
    for (let turn = 0; turn < 3; turn++) await gate().chat(body, { key: secretOf("one") });
    const answer = await gate().chat(body, { key: secretOf("one") });
    expect(answer.status).toBe(402);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await answer.json()).toMatchObject({ error: { type: "insufficient_quota", code: "insufficient_quota" } });
  });
});
