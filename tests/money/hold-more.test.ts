import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { holdAgain, holdMore } from "@/server/gateway/hold-more";
import type { Purse } from "@/server/state/purses";
import { callOf, targetOf } from "@/tests/failover/parts";

const TOKENS = 16_384;

/** A call that holds money of a purse whose next question to the database is under way. */
function waiting() {
  const { promise: asking, resolve: answer } = Promise.withResolvers<void>();
  const purse: Purse = {
    name: "a budget",
    budget: undefined,
    groupId: "team",
    window: { startsMs: 0, sinceMs: 0, endsMs: null },
    id: undefined,
    free: 0n,
    held: 100n,
    owed: 0n,
    usedAtMs: 0,
    asking,
    doubtful: false,
    refused: undefined,
    forgotten: false,
  };
  const call = Object.assign(callOf(), {
    target: targetOf("one", { inputNano: 1_000_000 }),
    hold: { amount: 100n, settled: false, first: 100n, purses: [purse] },
    heldAnswer: { tokens: TOKENS, isAsking: false },
  });
  const leased = (): void => {
    purse.free = 10n ** 9n;
    answer();
  };
  return { call, leased };
}

const never = (): never => {
  throw new Error("The stream was ended.");
};

test("a stream that nears the end of what is held for it holds more, and asks for it once", async () => {
  const { call, leased } = waiting();
  const { hold, heldAnswer } = call;
  holdMore(call, TOKENS - 1_000, never);
  holdMore(call, TOKENS - 900, never);
  leased();
  await expect.poll(() => heldAnswer.tokens).toBe(TOKENS + 8_192);
  await turn();
  expect(heldAnswer.tokens).toBe(TOKENS + 8_192);
  expect(hold.amount).toBe(100n + 8_192n * 4n);
  expect(heldAnswer.isAsking).toBe(false);
});

test("what a stream that broke off had asked for does not count for the one that goes on", async () => {
  const { call, leased } = waiting();
  holdMore(call, TOKENS - 1_000, never);
  const again = holdAgain(call, TOKENS);
  leased();
  expect(await again).toBe(true);
  await expect.poll(() => call.hold.amount).toBe(100n + 8_192n * 4n + 100n);
  await turn();
  // Both have been granted by now; the second attempt has paid for the answer that the first one had paid for too.
  expect(call.heldAnswer).toEqual({ tokens: TOKENS, isAsking: false });
});
