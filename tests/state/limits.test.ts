import { afterEach, describe, expect, test } from "vitest";
import { limitHeaders } from "@/server/gateway/limit-headers";
import { limitRefusal } from "@/server/gateway/limit-refusal";
import type { Caller } from "@/server/state/callers";
import { type Limited, lookAtLimits, reserveLimits } from "@/server/state/limits";
import type { LimitFacts } from "@/server/state/limits-facts";
import { setGlobalLimits } from "@/server/state/limits-global";
import { type Limits, readLimits } from "@/server/state/limits-kinds";
import { MemoryLimits } from "@/server/state/limits-memory";
import { rulesFor } from "@/server/state/limits-rules";
import { callerWith } from "@/tests/state/caller";
import { seeded } from "@/tests/state/random";

afterEach(() => setGlobalLimits(readLimits({})));

/** What one process says is no promise. */
function reserve(caller: Caller, nowMs: number, { model = "m", tokens = 0 } = {}): Limited {
  const limited = reserveLimits(caller, model, tokens, nowMs);
  if (limited instanceof Promise) throw new Error("Without Redis nothing is waited for.");
  return limited;
}

function look(caller: Caller, nowMs: number, model = "m"): LimitFacts {
  const facts = lookAtLimits(caller, model, nowMs);
  if (facts instanceof Promise) throw new Error("Without Redis nothing is waited for.");
  return facts;
}

function admitted(limited: Limited): Extract<Limited, { admitted: true }>["hold"] {
  if (!limited.admitted) throw new Error(`Refused: ${limitRefusal(limited.refusedBy).message}`);
  return limited.hold;
}

function refused(limited: Limited): Extract<Limited, { admitted: false }> {
  if (limited.admitted) throw new Error("It was let in.");
  return limited;
}

describe("every kind of limit", () => {
  const cases = [
    { limits: { rpm: 3 }, windowMs: 60_000 },
    { limits: { rph: 3 }, windowMs: 3_600_000 },
    { limits: { rpd: 3 }, windowMs: 86_400_000 },
    { limits: { tpm: 30 }, windowMs: 60_000 },
    { limits: { tpd: 30 }, windowMs: 86_400_000 },
  ];
  test.each(cases)(
    "$limits lets three through in its window, and one more when the first leaves it",
    ({ limits, windowMs }) => {
      const caller = callerWith({ key: JSON.stringify(limits), limits });
      for (const atMs of [0, 10, 20]) admitted(reserve(caller, atMs, { tokens: 10 }));
      const { refusedBy } = refused(reserve(caller, 30, { tokens: 10 }));
      expect(refusedBy.retryAfterSeconds).toBe((windowMs - 30) / 1_000);
      refused(reserve(caller, windowMs - 1, { tokens: 10 }));
      admitted(reserve(caller, windowMs, { tokens: 10 }));
      refused(reserve(caller, windowMs, { tokens: 10 }));
    },
  );

  test("concurrent counts calls until they give their place back, however often they do", () => {
    const caller = callerWith({ key: "places", limits: { concurrent: 2 } });
    const first = admitted(reserve(caller, 0));
    admitted(reserve(caller, 0));
    expect(refused(reserve(caller, 999_999)).refusedBy).toMatchObject({
      rule: { kind: "concurrent", scope: "key", limit: 2 },
      retryAfterSeconds: 1,
    });
    first.giveBack();
    first.giveBack();
    first.undo();
    admitted(reserve(caller, 0));
    refused(reserve(caller, 0));
  });
});

describe("whose limit it is", () => {
  test("keys of a group share its limits and have their own beside", () => {
    const one = callerWith({ key: "g1", group: "g", limits: { rpm: 2 }, groupLimits: { rpm: 3 } });
    const other = callerWith({ key: "g2", group: "g", limits: { rpm: 2 }, groupLimits: { rpm: 3 } });
    admitted(reserve(one, 0));
    admitted(reserve(one, 0));
    expect(refused(reserve(one, 0)).refusedBy.rule).toMatchObject({ scope: "key", name: "g1" });
    admitted(reserve(other, 0));
    expect(refused(reserve(other, 0)).refusedBy.rule).toMatchObject({ scope: "group", name: "g" });
  });

  test("a key's limit for models counts all that its pattern covers, and no others", () => {
    const caller = callerWith({
      key: "models",
      modelLimits: [
        { model: "gpt-*", rpm: 2 },
        { model: "gpt-5", rpm: 1 },
      ],
    });
    admitted(reserve(caller, 0, { model: "gpt-5" }));
    expect(refused(reserve(caller, 0, { model: "gpt-5" })).refusedBy.rule).toMatchObject({
      scope: "model",
      name: "gpt-5",
    });
    admitted(reserve(caller, 0, { model: "gpt-4" }));
    expect(refused(reserve(caller, 0, { model: "gpt-4" })).refusedBy.rule).toMatchObject({
      scope: "model",
      name: "gpt-*",
    });
    for (let turn = 0; turn < 5; turn++) admitted(reserve(caller, 0, { model: "other" }));
    admitted(reserve(callerWith({ key: "models-2", modelLimits: caller.modelLimits }), 0, { model: "gpt-5" }));
  });

  test("the gateway's limits hold for all callers together, from the moment they are set", () => {
    const caller = callerWith({ key: "any" });
    admitted(reserve(caller, 0));
    setGlobalLimits(readLimits({ rpm: 2 }));
    admitted(reserve(caller, 0));
    admitted(reserve(callerWith({ key: "another" }), 0));
    expect(refused(reserve(caller, 0)).refusedBy.rule).toMatchObject({ scope: "global" });
  });
});

describe("a refusal consumes nothing anywhere", () => {
  test("whichever of the limits stands against the call", () => {
    const random = seeded(7);
    for (let round = 0; round < 200; round++) {
      const some = (): Partial<Limits> =>
        Object.fromEntries(
          (["rpm", "rph", "rpd", "tpm", "tpd", "concurrent"] as const)
            .filter(() => random.below(2) === 0)
            .map((kind) => [kind, random.between(1, kind.startsWith("t") ? 200 : 6)]),
        );
      const caller = callerWith({
        key: `all-${round}`,
        group: `all-${round}`,
        limits: some(),
        groupLimits: some(),
        modelLimits: [{ model: "*", ...some() }],
      });
      for (let turn = 0; turn < 30; turn++) {
        const nowMs = turn * 500;
        const before = look(caller, nowMs);
        const limited = reserve(caller, nowMs, { tokens: random.below(60) });
        if (!limited.admitted) {
          expect(limited.facts).toEqual(before);
          expect(look(caller, nowMs)).toEqual(before);
        } else if (random.below(3) === 0) {
          limited.hold.undo();
          expect({ ...look(caller, nowMs).requests, resetMs: 0 }).toEqual({ ...before.requests, resetMs: 0 });
        } else if (random.below(2) === 0) limited.hold.giveBack();
      }
    }
  });
});

describe("tokens are reserved at an estimate and settled to what was used", () => {
  test("unused ones are free at once, once", () => {
    const caller = callerWith({ key: "less", limits: { tpm: 100 } });
    const call = admitted(reserve(caller, 0, { tokens: 80 }));
    refused(reserve(caller, 1, { tokens: 30 }));
    call.settleTokens(50, 2);
    call.settleTokens(0, 2);
    call.undo();
    expect(look(caller, 3).tokens).toMatchObject({ limit: 100, remaining: 50 });
    admitted(reserve(caller, 3, { tokens: 50 }));
  });

  test("those beyond the estimate count from when they are known, also beyond the limit", () => {
    const caller = callerWith({ key: "more", limits: { tpm: 100 } });
    admitted(reserve(caller, 0, { tokens: 10 })).settleTokens(140, 30_000);
    expect(look(caller, 30_000).tokens).toMatchObject({ remaining: 0 });
    refused(reserve(caller, 60_000, { tokens: 1 }));
    admitted(reserve(caller, 90_000, { tokens: 1 }));
  });

  test("a call that asks for more than the limit itself is told so, and not to come back", () => {
    const caller = callerWith({ key: "huge", limits: { tpm: 100 } });
    const { refusedBy } = refused(reserve(caller, 0, { tokens: 101 }));
    expect(refusedBy.retryAfterSeconds).toBeUndefined();
    const error = limitRefusal(refusedBy);
    expect(error).toMatchObject({ kind: "rate_limited", status: 429, retryAfterSeconds: undefined });
    expect(error.message).toBe(
      'This request is larger than the limit of the key "huge": 100 tokens per minute. Make it shorter.',
    );
  });
});

describe("what a caller is told", () => {
  test("the tightest limit of requests and of tokens, on the way in and when refused", () => {
    const caller = callerWith({ key: "told", limits: { rpm: 10, rpd: 2, tpm: 1_000, tpd: 5_000 } });
    expect(limitHeaders(reserve(caller, 0, { tokens: 600 }).facts)).toEqual({
      "x-ratelimit-limit-requests": "2",
      "x-ratelimit-remaining-requests": "1",
      "x-ratelimit-reset-requests": "24h0m0s",
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": "400",
      "x-ratelimit-reset-tokens": "1m0s",
    });
    const { facts, refusedBy } = refused(reserve(caller, 1_500, { tokens: 600 }));
    expect(limitHeaders(facts)).toMatchObject({
      "x-ratelimit-remaining-requests": "1",
      "x-ratelimit-reset-tokens": "58.5s",
    });
    expect(limitRefusal(refusedBy)).toMatchObject({
      kind: "rate_limited",
      message: 'The limit of the key "told": 1000 tokens per minute is reached. Try again in 59 seconds.',
      retryAfterSeconds: 59,
    });
  });

  test("nothing where there is no such limit", () => {
    expect(limitHeaders(reserve(callerWith({ key: "free" }), 0).facts)).toEqual({});
    const places = callerWith({ key: "places-only", limits: { concurrent: 5 } });
    expect(limitHeaders(reserve(places, 0).facts)).toEqual({});
  });

  test.each([
    [0, "0s"],
    [0.2, "1ms"],
    [20, "20ms"],
    [999.5, "1s"],
    [1_000, "1s"],
    [8_640, "8.64s"],
    [59_999, "59.999s"],
    [360_000, "6m0s"],
    [66_512, "1m6.512s"],
    [3_600_000, "1h0m0s"],
    [86_399_000, "23h59m59s"],
  ])("%s ms are written %s", (resetMs, written) => {
    const facts = { requests: { limit: 1, remaining: 0, resetMs }, tokens: undefined };
    expect(limitHeaders(facts)["x-ratelimit-reset-requests"]).toBe(written);
  });
});

describe("what it costs", () => {
  test("limits of callers that are gone are forgotten", () => {
    const limits = new MemoryLimits();
    for (let index = 0; index < 50_000; index++) {
      const caller = callerWith({ key: `gone-${index}`, limits: { rpm: 10, concurrent: 5 } });
      const held = limits.reserve(rulesFor(caller, "m"), 1, index * 100);
      if (held.admitted) held.hold.giveBack();
    }
    // 600 callers a minute are in some window at the end.
    expect(limits.size).toBeLessThan(3_000);
  });

  test("a call under many limits takes microseconds", () => {
    const all = { rpm: 100, rph: 1_000_000, rpd: 10_000_000, tpm: 100_000_000, tpd: 1_000_000_000, concurrent: 9 };
    const caller = callerWith({ key: "fast", group: "fast", limits: all, groupLimits: all });
    const began = performance.now();
    for (let turn = 0; turn < 20_000; turn++) {
      const call = reserve(caller, turn * 700, { tokens: 1_000 });
      if (!call.admitted) throw new Error("It paces itself.");
      call.hold.giveBack();
      call.hold.settleTokens(900, turn * 700);
    }
    expect((performance.now() - began) / 20_000).toBeLessThan(0.1);
  });
});
