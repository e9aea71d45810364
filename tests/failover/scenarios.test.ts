import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, environment, type Got, gaps, pairs, playPair, plays, received } from "@/tests/failover/setting";
import { ANSWER, faulty, healthy, inTurn, refusal, reset, withoutPrefill } from "@/tests/failover/vendor";
import { useGateway } from "@/tests/support/fixture";
import { type Scenario, silence } from "@/tests/support/upstream";

/** The shortest pause between two attempts at one target: what is tried faster is hammered. */
const SHORTEST_PAUSE_MS = 45;

const names = Array.from({ length: 16 }, (_, at) => `s${String(at + 1).padStart(2, "0")}`);
const both = names.flatMap((name) => [`${name}-stream`, `${name}-whole`]);
const kinds = [
  ["stream", true],
  ["whole", false],
] as const;

/** The scenarios of FailoverBench v0.1, from their public descriptions. */
describe("a provider fails and its caller gets the whole answer", () => {
  const gate = useGateway("server", { env: environment, config: pairs(both) });

  const primary = (name: string) => received(gate(), `${name}-primary`);
  const spare = (name: string) => received(gate(), `${name}-spare`);

  const whole = (got: Got): void => {
    expect(got).toMatchObject({ status: 200, text: ANSWER, finish: "stop", clean: true });
    expect(got.usage?.completion_tokens).toBeGreaterThan(0);
  };
  const spaced = (name: string): void => {
    for (const gap of gaps(primary(name))) expect(gap).toBeGreaterThan(SHORTEST_PAUSE_MS);
  };

  describe.each(kinds)("%s", (kind, stream) => {
    test("01: told to come back in two seconds, the same target is asked then and not before", async () => {
      const name = `s01-${kind}`;
      playPair(gate(), name, inTurn(refusal(429, "Slow down.", null, { "retry-after": "2" }), healthy));
      whole(await ask(gate(), name, stream));
      expect(gaps(primary(name))).toHaveLength(1);
      expect(gaps(primary(name))[0]).toBeGreaterThanOrEqual(1_995);
      expect(gaps(primary(name))[0]).toBeLessThan(3_000);
      expect(spare(name)).toHaveLength(0);
    });

    test("02: refused for its rate without an end, it is asked three times at most, with pauses, and the fallback answers", async () => {
      const name = `s02-${kind}`;
      playPair(gate(), name, refusal(429, "Slow down."));
      const got = await ask(gate(), name, stream);
      whole(got);
      expect(got.model).toBe("spare-model");
      expect(primary(name).length).toBeLessThanOrEqual(3);
      expect(spare(name)).toHaveLength(1);
      spaced(name);
    });

    test("03: one internal error, and the same target is asked again", async () => {
      const name = `s03-${kind}`;
      playPair(gate(), name, inTurn(refusal(500, "Oops."), healthy));
      const got = await ask(gate(), name, stream);
      whole(got);
      expect(got.model).toBe("small-model");
      expect(primary(name)).toHaveLength(2);
      expect(spare(name)).toHaveLength(0);
      spaced(name);
    });

    test("04: unavailable for good, it is asked three times at most and the fallback answers", async () => {
      const name = `s04-${kind}`;
      playPair(gate(), name, refusal(503, "Down."));
      const got = await ask(gate(), name, stream);
      whole(got);
      expect(got.model).toBe("spare-model");
      expect(primary(name).length).toBeLessThanOrEqual(3);
      spaced(name);
    });

    test("05: a connection reset before the answer is tried again", async () => {
      const name = `s05-${kind}`;
      playPair(gate(), name, inTurn(reset, healthy));
      whole(await ask(gate(), name, stream));
      expect(primary(name)).toHaveLength(2);
      expect(spare(name)).toHaveLength(0);
      spaced(name);
    });

    test("12: a prompt too long for it is not sent there again; the larger model answers", async () => {
      const name = `s12-${kind}`;
      const message = "This model's maximum context length is 8192 tokens, however you requested 9001 tokens.";
      playPair(gate(), name, refusal(400, message, "context_length_exceeded"));
      const got = await ask(gate(), name, stream);
      whole(got);
      expect(got.model).toBe("spare-model");
      expect(primary(name)).toHaveLength(1);
    });

    test("13: content that its policy refuses is refused, in its words, and nobody else is asked", async () => {
      const name = `s13-${kind}`;
      const message = "Your request was rejected by our content policy.";
      playPair(gate(), name, refusal(400, message, "content_policy_violation"));
      const got = await ask(gate(), name, stream);
      expect(got).toMatchObject({ status: 400, error: { message, code: "content_policy_violation" } });
      expect(primary(name)).toHaveLength(1);
      expect(spare(name)).toHaveLength(0);
    });

    test("16: after a failover the answer, its usage and the ledger say who answered, and each attempt is kept", async () => {
      const name = `s16-${kind}`;
      playPair(gate(), name, refusal(503, "Down."));
      const got = await ask(gate(), name, stream);
      whole(got);
      expect(got.model).toBe("spare-model");
      expect(got.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 60 });
      const tries = primary(name).length;
      expect(tries).toBeLessThanOrEqual(3);
      const row = await gate().ledgerRow(got.response);
      expect(row).toMatchObject({
        status: 200,
        error_kind: null,
        model: name,
        provider_name: `${name}-spare`,
        upstream_model: "spare-model",
        input_tokens: 12n,
        output_tokens: 60n,
        attempts: tries + 1,
      });
      const failed = {
        model: name,
        provider: `${name}-primary`,
        upstream_model: "small-model",
        key: "first",
        at: expect.any(Number),
        took: expect.any(Number),
        status: 503,
        error: "upstream_unavailable",
        message: "Down.",
      };
      const again = { ...failed, waited: expect.any(Number) };
      expect(row.trace).toEqual([
        failed,
        ...Array.from({ length: tries - 1 }, () => again),
        expect.objectContaining({ model: `${name}-spare`, provider: `${name}-spare`, key: "second", status: 200 }),
      ]);
    });
  });

  test.each([
    ["06: no answer at all", "s06-stream", silence],
    ["07: headers, and then nothing", "s07-stream", faulty({ role: false, firstTokenAfterMs: 8_000 })],
    ["07: headers and an empty first event, and then nothing", "s07-whole", faulty({ firstTokenAfterMs: 8_000 })],
  ])(
    "%s: given up at the limit of the first token, not asked again, and the fallback answers",
    async (_what, name, vendor) => {
      playPair(gate(), name, vendor);
      const got = await ask(gate(), name, true);
      whole(got);
      expect(got.model).toBe("spare-model");
      expect(got.tookMs).toBeGreaterThan(900);
      expect(got.tookMs).toBeLessThan(3_000);
      expect(primary(name)).toHaveLength(1);
    },
  );

  test("06: no answer at all, where there is no other: an error at the limit, not a hang", async () => {
    const name = "s06-whole";
    playPair(gate(), name, silence, silence);
    const got = await ask(gate(), name, true);
    expect(got.status).toBe(504);
    expect(got.tookMs).toBeLessThan(5_000);
    expect(primary(name).length + spare(name).length).toBe(2);
  });

  const broken: readonly (readonly [string, string, Scenario, Scenario])[] = [
    ["08: cut off after 40 of 60 tokens", "s08-stream", faulty({ after: 40, how: "cut" }), healthy],
    ["09: silent after 20 tokens", "s09-stream", faulty({ after: 20, how: "stall" }), healthy],
    [
      "14: cut off, and the fallback takes no beginning",
      "s14-stream",
      faulty({ after: 40, how: "cut" }),
      withoutPrefill,
    ],
  ];

  test.each(broken)("%s: another goes on, and the caller sees one clean stream", async (_what, name, vendor, other) => {
    playPair(gate(), name, vendor, other);
    const got = await ask(gate(), name, true);
    whole(got);
    // The stream that was begun is the one that goes on.
    expect(got.model).toBe("small-model");
    expect(got.tookMs).toBeLessThan(4_000);
    expect(primary(name)).toHaveLength(1);
    const row = await gate().ledgerRow(got.response);
    expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: `${name}-spare` });
    const [first, second] = Array.isArray(row.trace) ? row.trace : [];
    expect(first).toMatchObject({ provider: `${name}-primary`, error: expect.stringMatching(/^upstream_/) });
    expect(second).toMatchObject({ provider: `${name}-spare`, status: 200 });
    // Both vendors charge, and the caller is told the tokens of its one answer.
    expect(Number(first.cost_nano)).toBeGreaterThan(0);
    expect(row.output_tokens).toBe(BigInt(first.used.output) + 60n);
    expect(row.cost_nano).toBe(row.input_tokens * 1_000n + row.output_tokens * 4_000n);
    expect(got.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 60 });
  });

  test("09: after a stall the next call is served", async () => {
    const name = "s09-whole";
    playPair(gate(), name, inTurn(faulty({ after: 20, how: "stall" }), healthy));
    whole(await ask(gate(), name, true));
    const next = await ask(gate(), name, true);
    whole(next);
    expect(next.model).toBe("small-model");
    expect(next.tookMs).toBeLessThan(500);
  });

  test("08: cut off where no other target is: the same one goes on", async () => {
    const name = "s08-whole";
    playPair(gate(), name, inTurn(faulty({ after: 40, how: "cut" }), healthy), refusal(503, "Down."));
    whole(await ask(gate(), name, true));
  });

  test("14: broken again and again, the caller still has one whole stream", async () => {
    const name = "s14-whole";
    playPair(
      gate(),
      name,
      inTurn(faulty({ after: 40, how: "cut" }), healthy),
      inTurn(faulty({ after: 20, how: "cut" }), faulty({ after: 50, how: "cut" }), healthy),
    );
    whole(await ask(gate(), name, true));
  });

  test("10: a malformed chunk is left out and the answer is whole", async () => {
    playPair(gate(), "s10-stream", faulty({ after: 30, how: "malformed" }));
    const got = await ask(gate(), "s10-stream", true);
    whole(got);
    expect(primary("s10-stream")).toHaveLength(1);
    expect(spare("s10-stream")).toHaveLength(0);
  });

  test.each([
    ["and the connection closed", "s11-stream", "no-done"],
    ["and the connection left open", "s11-whole", "no-done-open"],
  ] as const)("11: complete without a closing line, %s: ended soon, with its usage", async (_how, name, how) => {
    playPair(gate(), name, faulty({ how }));
    const got = await ask(gate(), name, true);
    whole(got);
    expect(got.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 60 });
    expect(got.tookMs).toBeLessThan(1_900);
    expect(spare(name)).toHaveLength(0);
    expect(await gate().ledgerRow(got.response)).toMatchObject({ status: 200, output_tokens: 60n, estimated: false });
  });

  test.each(kinds)(
    "15: down for a while, %s: every call is served, and the primary soon after it is back",
    async (kind, stream) => {
      const name = `s15-${kind}`;
      playPair(gate(), name, refusal(503, "Down."));
      const calls: Promise<Got>[] = [];
      const begun = performance.now();
      while (performance.now() - begun < 6_000) {
        calls.push(ask(gate(), name, stream));
        await sleep(300);
      }
      for (const got of await Promise.all(calls)) whole(got);
      const asked = primary(name);
      // Until the breaker opened it was asked in vain; then about once a second, and ever more seldom.
      expect(asked.filter(({ at }) => at - begun > 2_500).length).toBeLessThanOrEqual(6);
      plays(gate(), `${name}-primary`, healthy);
      const back = performance.now();
      for (;;) {
        const got = await ask(gate(), name, stream);
        whole(got);
        if (got.model === "small-model") break;
        expect(performance.now() - back).toBeLessThan(6_000);
        await sleep(100);
      }
    },
    30_000,
  );
});
