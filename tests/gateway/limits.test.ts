import { describe, expect, test } from "vitest";
import { chatRequest, completion, configFor, useGateway } from "@/tests/support/fixture";
import { json } from "@/tests/support/upstream";

const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;
const keyed = (name: string, more: object) => ({ name, key: secretOf(name), models: ["*"], ...more });

function config(upstreamUrl: string) {
  const base = configFor(upstreamUrl);
  return {
    ...base,
    limits: { rpm: 1_000 },
    groups: [{ name: "team", limits: { rpm: 3 } }],
    virtualKeys: [
      ...base.virtualKeys,
      ...["rpm", "rph", "rpd"].map((kind) => keyed(kind, { limits: { [kind]: 2 } })),
      ...["tpm", "tpd"].map((kind) => keyed(kind, { limits: { [kind]: 600 } })),
      keyed("large", { limits: { tpm: 100 } }),
      keyed("model", { modelLimits: [{ model: "plain", rpm: 1 }] }),
      keyed("one", { group: "team" }),
      keyed("two", { group: "team" }),
      keyed("looker", { limits: { rpm: 5, tpm: 5_000 } }),
    ],
  };
}

describe("limits through the gateway", () => {
  const gate = useGateway("server", { config });
  const call = (name: string, model = "plain", more: object = {}) =>
    gate().chat(chatRequest(model, more), { key: secretOf(name) });

  test.each([
    ["rpm", 60],
    ["rph", 3_600],
    ["rpd", 86_400],
  ])("%s: the call too many is refused with when to come again, and reaches nobody", async (name, windowSeconds) => {
    const before = gate().upstream.received.length;
    const answers = [await call(name), await call(name), await call(name)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get("x-ratelimit-remaining-requests"))).toEqual(["1", "0", "0"]);
    expect(answers.map(({ headers }) => headers.get("x-ratelimit-limit-requests"))).toEqual(["2", "2", "2"]);
    const retryAfter = Number(answers[2]?.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(windowSeconds * 0.8);
    expect(retryAfter).toBeLessThanOrEqual(windowSeconds);
    expect(answers[2]?.headers.get("x-ratelimit-reset-requests")).toMatch(/^(\d+h)?(\d+m)?\d+(\.\d+)?m?s$/);
    expect(await answers[2]?.json()).toMatchObject({
      error: { type: "rate_limit_error", code: "rate_limit_exceeded" },
    });
    expect(gate().upstream.received.length).toBe(before + 2);
  });

  test.each(["tpm", "tpd"])("%s: an estimate is reserved, and what was used remains of it", async (name) => {
    // About 512 tokens are reckoned with; 27 are used.
    const first = await call(name);
    expect(first.status).toBe(200);
    expect(Number(first.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThan(100);
    await first.arrayBuffer();
    const second = await call(name);
    expect(second.status).toBe(200);
    expect(second.headers.get("x-ratelimit-limit-tokens")).toBe("600");
    await second.arrayBuffer();
    const third = await call(name, "plain", { max_tokens: 590 });
    expect(third.status).toBe(429);
    expect(third.headers.get("x-ratelimit-remaining-tokens")).toBe(String(600 - 2 * 27));
    expect(third.headers.get("x-ratelimit-reset-tokens")).not.toBeNull();
  });

  test("a request that no wait makes fit is refused without a time to come again", async () => {
    const answer = await call("large", "plain", { max_tokens: 500 });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  test("a limit for a model stands against that model alone", async () => {
    const statuses = [await call("model"), await call("model"), await call("model", "hidden")].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([200, 429, 200]);
  });

  test("a group's limit counts all its keys", async () => {
    const statuses = [await call("one"), await call("two"), await call("one"), await call("two")];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(await statuses[3]?.text()).toContain('the group \\"team\\"');
  });

  test("a refused call consumes nothing of the limits that it fits", async () => {
    for (let turn = 0; turn < 3; turn++) await call("rpm");
    const answer = await gate().get("/v1/models");
    const remaining = Number(answer.headers.get("x-ratelimit-remaining-requests"));
    expect((await call("rpm")).status).toBe(429);
    const after = await gate().get("/v1/models");
    expect(Number(after.headers.get("x-ratelimit-remaining-requests"))).toBe(remaining);
  });

  test("the headers are on every answer: a list, an error of the vendor, a stream, an unknown model", async () => {
    const key = secretOf("looker");
    const names = ["limit", "remaining", "reset"].flatMap((what) => [`${what}-requests`, `${what}-tokens`]);
    const missing = ({ headers }: Response): string[] => names.filter((name) => !headers.has(`x-ratelimit-${name}`));
    expect(missing(await gate().get("/v1/models", { key }))).toEqual([]);
    expect(missing(await gate().get("/v1/key", { key }))).toEqual([]);
    gate().upstream.on("/v1/chat/completions", json({ error: { message: "No." } }, { status: 400 }));
    const failed = await call("looker");
    expect([failed.status, missing(failed)]).toEqual([400, []]);
    gate().upstream.on("/v1/chat/completions", json(completion()));
    const unknown = await call("looker", "no-such-model");
    expect([unknown.status, missing(unknown)]).toEqual([404, []]);
    expect(missing(await gate().get("/v1/models/no-such-model", { key }))).toEqual([]);
  });
});
