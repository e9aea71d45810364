import { describe, expect, test } from "vitest";
import { environment, plays, providerAt, received } from "@/tests/failover/setting";
import { faulty, healthy, refusal } from "@/tests/failover/vendor";
import { useGateway } from "@/tests/support/fixture";

const price = { inputPerMillion: 100, outputPerMillion: 400 };
const AMPLE = "condt_ample_0123456789abcdefghijklmnopqrstuv";
const SPENT = "condt_spent_0123456789abcdefghijklmnopqrstuv";
const NAMES = ["cheap", "dear"];

function config(upstreamUrl: string) {
  const budgets = (limitUsd: number) => [
    { name: "all", period: "month", limitUsd: 100 },
    { name: "dear", period: "month", limitUsd, models: ["dear"] },
  ];
  return {
    providers: NAMES.map((name) => providerAt(upstreamUrl, name)),
    models: NAMES.map((name) => ({ name, deployments: [{ provider: name, model: `${name}-model`, price }] })),
    virtualKeys: [
      { name: "ample", key: AMPLE, models: ["*"], budgets: budgets(50) },
      { name: "spent", key: SPENT, models: ["*"], budgets: budgets(0.000001) },
    ],
  };
}

describe("a budget of one model holds also where a call names that beside others", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off", CONDUIT_RETRIES: "0" }, config });
  const ask = (key: string) => {
    const body = { models: ["cheap", "dear"], max_tokens: 100, messages: [{ role: "user", content: "Count." }] };
    return gate().chat(body, { key });
  };
  const spentOf = async (key: string) => {
    const { budgets } = await (await gate().get("/v1/key", { key })).json();
    return Object.fromEntries(
      budgets.map(({ name, spent_usd }: { name: string; spent_usd: number }) => [name, spent_usd]),
    );
  };

  test("what the first model costs is not spent from it, and what the other one costs is", async () => {
    plays(gate(), "cheap", healthy);
    plays(gate(), "dear", healthy);
    expect((await ask(AMPLE)).headers.get("x-conduit-provider")).toBe("cheap");
    await expect.poll(async () => (await spentOf(AMPLE)).all, { timeout: 5_000 }).toBeGreaterThan(0);
    const { all, dear } = await spentOf(AMPLE);
    expect(dear).toBe(0);
    plays(gate(), "cheap", refusal(503, "Down."));
    const answer = await ask(AMPLE);
    expect(answer.headers.get("x-conduit-provider")).toBe("dear");
    await expect.poll(async () => (await spentOf(AMPLE)).all, { timeout: 5_000 }).toBeGreaterThan(all);
    const after = await spentOf(AMPLE);
    expect(after.dear).toBeCloseTo(after.all - all, 9);
  });

  test("nobody goes on with a stream at a model that is paid from elsewhere", async () => {
    const body = { models: ["cheap", "dear"], max_tokens: 100, stream: true };
    const stream = async (key: string) => {
      const answer = await gate().chat({ ...body, messages: [{ role: "user", content: "Count." }] }, { key });
      return answer.text();
    };
    plays(gate(), "cheap", faulty({ after: 20, how: "cut" }));
    plays(gate(), "dear", healthy);
    for (const key of [AMPLE, SPENT]) {
      const before = received(gate(), "dear").length;
      expect(await stream(key)).toContain("upstream_unavailable");
      expect(received(gate(), "dear").length).toBe(before);
    }
  });

  test("a model whose budget does not pay is not asked; the others serve as ever", async () => {
    plays(gate(), "cheap", healthy);
    expect((await ask(SPENT)).status).toBe(200);
    plays(gate(), "cheap", refusal(503, "Down."));
    const before = received(gate(), "dear").length;
    expect((await ask(SPENT)).status).toBe(502);
    expect(received(gate(), "dear").length).toBe(before);
  });
});
