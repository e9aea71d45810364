import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, faulty, healthy, refusal } from "@/tests/failover/vendor";
import { eventsOf } from "@/tests/support/events";
import { keys, useGateway } from "@/tests/support/fixture";

const price = { inputPerMillion: 1_000, outputPerMillion: 4_000 };
const RICH = "condt_rich_01234567890123456789abcdefghijklmn";
const POOR = "condt_poor_01234567890123456789abcdefghijklmn";
/** With so few streams known of a target, a second one is asked after half of the limit on the first byte. */
const FIRST_BYTE_MS = 800;
const env = { ...environment, CONDUIT_FIRST_BYTE_TIMEOUT_MS: String(FIRST_BYTE_MS) };

/** Each pair of providers serves one model. */
const PAIRS = ["slow", "quick", "plain", "failing", "gone", "poor", "both", "strict", "kept", "held"];

function config(upstreamUrl: string) {
  return {
    providers: PAIRS.flatMap((name) => [providerAt(upstreamUrl, `${name}-a`), providerAt(upstreamUrl, `${name}-b`)]),
    models: PAIRS.map((name) => ({
      name,
      hedge: name !== "plain",
      deployments: ["a", "b"].map((side, priority) => ({ provider: `${name}-${side}`, model: "m", priority, price })),
    })),
    virtualKeys: [
      { name: "caller", key: keys.caller, models: ["*"] },
      // Enough for two.
      { name: "rich", key: RICH, models: ["*"], budgets: [{ period: "month", limitUsd: 2 }] },
      // Enough for one attempt at a time.
      { name: "poor", key: POOR, models: ["*"], budgets: [{ period: "month", limitUsd: 1.2 }] },
    ],
  };
}

/** The whole stream in one piece. */
const atOnce: typeof healthy = (_request, response) => {
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`${chunk({ role: "assistant", content: "One." }, null)}${chunk({}, "stop")}data: [DONE]\n\n`);
};

const late = (ms: number) => faulty({ firstTokenAfterMs: ms });

describe("a second target beside one that is slow to begin", () => {
  const gate = useGateway("server", { env, config });
  const play = (name: string, a: ReturnType<typeof late>, b: ReturnType<typeof late> = healthy) => {
    plays(gate(), `${name}-a`, a);
    plays(gate(), `${name}-b`, b);
  };
  const asked = (provider: string) => received(gate(), provider);
  /** Whether the connection of its first request was ended before the answer was whole. */
  const hungUp = async (provider: string) => {
    const soon = sleep(3_000).then(() => false);
    return Promise.race([asked(provider)[0]?.hungUp.then(() => true), soon]);
  };

  test("the second one's answer comes whole, the first one's connection is ended, and both are told of with what they cost", async () => {
    play("slow", late(5_000));
    const got = await ask(gate(), "slow", true);
    expect(got).toMatchObject({ text: ANSWER, clean: true, status: 200 });
    expect(got.tookMs).toBeGreaterThanOrEqual(FIRST_BYTE_MS / 2 - 20);
    expect(got.tookMs).toBeLessThan(3_000);
    expect(got.response.headers.get("x-conduit-provider")).toBe("slow-b");
    expect(got.response.headers.get("x-conduit-attempts")).toBe("2");
    expect(await hungUp("slow-a")).toBe(true);
    const row = await gate().ledgerRow(got.response);
    expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: "slow-b", attempts: 2 });
    expect(row.trace).toMatchObject([
      { provider: "slow-a", error: "cancelled", cost_nano: expect.stringMatching(/^[1-9]\d*$/) },
      { provider: "slow-b", status: 200 },
    ]);
    const [{ cost_nano: lost = "0" } = {}] = Array.isArray(row.trace) ? row.trace : [];
    const used = BigInt(row.input_tokens) * 1_000_000n + BigInt(row.output_tokens) * 4_000_000n;
    expect(BigInt(String(row.cost_nano))).toBe(used + BigInt(lost));
  });

  test("a target that loses again and again is not taken for one that fails", async () => {
    play("slow", late(5_000));
    for (let turn = 0; turn < 6; turn++) await ask(gate(), "slow", true);
    // Had it been left out, there would be no first attempt at it.
    const before = asked("slow-a").length;
    await ask(gate(), "slow", true);
    expect(asked("slow-a").length).toBe(before + 1);
  }, 20_000);

  test("nobody else is asked where the first one is quick, the model does not hedge, or the answer is not streamed", async () => {
    play("quick", healthy);
    play("plain", late(FIRST_BYTE_MS * 0.7));
    expect(await ask(gate(), "quick", true)).toMatchObject({ text: ANSWER, clean: true });
    expect(await ask(gate(), "plain", true)).toMatchObject({ text: ANSWER, clean: true });
    expect(await ask(gate(), "quick", false)).toMatchObject({ text: ANSWER, status: 200 });
    expect([asked("quick-b"), asked("plain-b")].flat()).toEqual([]);
    expect(asked("quick-a")).toHaveLength(2);
  });

  test("the first one's answer is taken when it begins after all, and the second is ended", async () => {
    play("both", late(FIRST_BYTE_MS * 0.65), late(5_000));
    const got = await ask(gate(), "both", true);
    expect(got).toMatchObject({ text: ANSWER, clean: true });
    expect(got.response.headers.get("x-conduit-provider")).toBe("both-a");
    expect(await hungUp("both-b")).toBe(true);
    const row = await gate().ledgerRow(got.response);
    expect(row.trace).toMatchObject([
      { provider: "both-b", error: "cancelled" },
      { provider: "both-a", status: 200 },
    ]);
  });

  test("when the first one fails meanwhile the second is the attempt, and when both fail the call says so", async () => {
    play(
      "failing",
      (request, response) => sleep(FIRST_BYTE_MS * 0.6).then(() => refusal(500, "Oops.")(request, response)),
      late(400),
    );
    expect(await ask(gate(), "failing", true)).toMatchObject({ text: ANSWER, clean: true });
    const slowRefusal: typeof healthy = (request, response) =>
      sleep(FIRST_BYTE_MS * 0.6).then(() => refusal(500, "Oops.")(request, response));
    play("failing", slowRefusal, slowRefusal);
    const got = await ask(gate(), "failing", true);
    expect(got.status).toBe(502);
    expect((await gate().ledgerRow(got.response)).error_kind).toBe("upstream_unavailable");
  }, 20_000);

  test("what the second one refuses the first may still answer", async () => {
    play("strict", late(FIRST_BYTE_MS * 0.7), refusal(400, "Unknown parameter: 'top_k'."));
    const got = await ask(gate(), "strict", true);
    expect(got).toMatchObject({ status: 200, text: ANSWER, clean: true });
    expect(asked("strict-b")).toHaveLength(1);
    expect(got.response.headers.get("x-conduit-provider")).toBe("strict-a");
  });

  test.each([
    ["in pieces", healthy],
    ["at once", atOnce],
  ])("a response that comes %s is kept under the provider that gave it", async (_how, b) => {
    play("kept", late(5_000), b);
    const ask = (body: object) => gate().post("/v1/responses", { model: "kept", ...body });
    const text = await (await ask({ input: "One?", stream: true })).text();
    const { id } = JSON.parse(eventsOf(text)[0] ?? "").response;
    play("kept", healthy);
    const next = await ask({ input: "Two?", previous_response_id: id });
    expect(next.status).toBe(200);
    expect(asked("kept-a").at(-1)?.body.toString()).toContain("One?");
  });

  test("a caller who leaves ends both", async () => {
    play("gone", late(5_000), late(5_000));
    const leaving = new AbortController();
    const call = gate().chat(
      { model: "gone", stream: true, messages: [{ role: "user", content: "x" }] },
      { signal: leaving.signal },
    );
    await expect.poll(() => asked("gone-b").length, { timeout: 3_000 }).toBe(1);
    leaving.abort();
    await expect(call).rejects.toThrow();
    expect(await Promise.all([hungUp("gone-a"), hungUp("gone-b")])).toEqual([true, true]);
  });

  test("two attempts are one call under way", async () => {
    play("both", late(FIRST_BYTE_MS * 0.9), late(FIRST_BYTE_MS * 0.9));
    const before = asked("both-b").length;
    const call = ask(gate(), "both", true);
    await expect.poll(() => asked("both-b").length, { timeout: 3_000 }).toBe(before + 1);
    const metrics = await (await gate().get("/metrics", { key: null })).text();
    expect(metrics).toMatch(/^conduit_open_calls 1$/m);
    expect(await call).toMatchObject({ text: ANSWER, clean: true });
  });

  test("money is held for two attempts only until one has begun its answer", async () => {
    play("held", late(5_000), faulty({ after: 5, how: "stall" }));
    const body = { stream: true, max_tokens: 200, messages: [{ role: "user", content: "x" }] };
    const leaving = new AbortController();
    const call = await gate().chat({ ...body, model: "held" }, { key: RICH, signal: leaving.signal });
    expect(call.headers.get("x-conduit-provider")).toBe("held-b");
    // Two attempts are all that the budget pays for.
    play("quick", healthy);
    expect((await gate().chat({ ...body, model: "quick" }, { key: RICH })).status).toBe(200);
    leaving.abort();
    await expect(call.text()).rejects.toThrow();
  });

  test("what the budget does not pay for is not asked", async () => {
    play("poor", late(FIRST_BYTE_MS * 0.7));
    const body = { model: "poor", stream: true, max_tokens: 200, messages: [{ role: "user", content: "x" }] };
    const answer = await gate().chat(body, { key: POOR });
    expect(await answer.text()).toContain("[DONE]");
    expect(answer.headers.get("x-conduit-provider")).toBe("poor-a");
    expect(asked("poor-b")).toEqual([]);
  });
});
