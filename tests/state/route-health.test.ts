import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import {
  answered,
  departed,
  failed,
  failsWithEach,
  inconclusive,
  pairOf,
  passable,
  probeable,
  type Route,
  reset,
  returned,
  routeOf,
  turnOfDeparture,
} from "@/server/state/route-health";
import { noteLatency } from "@/server/state/route-latency";
import { limited, limitedWith, takeOut } from "@/server/state/route-refusals";

const error = { kind: "upstream_unavailable", message: "It is down." } as const;
const nowMs = 1_000_000;

let route: Route;
/** The turn at which a call departed while all was well. */
let before: number;
beforeEach(() => {
  route = routeOf(randomUUID());
  departed(route, nowMs);
  before = turnOfDeparture();
  for (let failure = 0; failure < 5; failure++) failed(route, outcome());
  expect(route.state).toBe("open");
});

const outcome = (turn = turnOfDeparture()) => ({ nowMs, turn, error });
const probe = (): number => {
  departed(route, nowMs + 10_000);
  expect(route.state).toBe("half-open");
  return turnOfDeparture();
};

describe("a call from before the breaker opened", () => {
  test("keeps it open no longer by failing late", () => {
    const { openMs, untilMs } = route;
    failed(route, outcome(before));
    expect(route).toMatchObject({ state: "open", openMs, untilMs, failures: 5 });
  });

  test("is not the probe: it neither ends it, nor has another one begin, nor closes the breaker", () => {
    const turn = probe();
    const { openMs, untilMs } = route;
    failed(route, outcome(before));
    inconclusive(route, before);
    answered(route, nowMs, before);
    expect(route).toMatchObject({ state: "half-open", openMs, untilMs });
    expect(passable(route, nowMs + 10_000)).toBe(false);
    answered(route, nowMs, turn);
    expect(route).toMatchObject({ state: "closed", failures: 0 });
    failed(route, outcome(before));
    expect(route.failures).toBe(0);
  });
});

describe("a probe", () => {
  test("opens the breaker for longer by failing", () => {
    const { openMs } = route;
    failed(route, outcome(probe()));
    expect(route).toMatchObject({ state: "open", openMs: 2 * openMs });
  });

  test("that told nothing is followed by another, and its late end does not end that one", () => {
    const first = probe();
    inconclusive(route, first);
    expect(passable(route, nowMs)).toBe(true);
    const second = probe();
    failed(route, outcome(first));
    expect(route.state).toBe("half-open");
    answered(route, nowMs, second);
    expect(route.state).toBe("closed");
  });

  test("that is limited ends the breaker: nobody probes before the limit is over", () => {
    const turn = probe();
    limited(route, { nowMs: nowMs + 10_000, turn, error }, 300);
    expect(probeable(route)).toBe(false);
    expect(passable(route, nowMs + 309_000)).toBe(false);
    expect(passable(route, nowMs + 310_000)).toBe(true);
  });

  test("whose stream breaks off after it began is one failure more", () => {
    const turn = probe();
    answered(route, nowMs, turn);
    failed(route, outcome(turn));
    expect(route).toMatchObject({ state: "closed", failures: 1 });
  });
});

test("a reset keeps the calls under way and how quick it is, and nothing that departed before has it fail", () => {
  noteLatency(route, nowMs, 300);
  const pair = pairOf(route, "key");
  takeOut(pair, nowMs, error);
  reset(route.id);
  expect(routeOf(route.id)).toBe(route);
  expect(route).toMatchObject({ state: "closed", inFlight: 1, firstTokenMs: 300, lastError: undefined, untilMs: 0 });
  expect(pair).toMatchObject({ state: "closed", out: undefined, untilMs: 0 });
  failed(route, outcome(before));
  expect(route.failures).toBe(0);
  returned(route);
  expect(route.inFlight).toBe(0);
});

test("calls that are limited together count as one refusal", () => {
  const one = routeOf(randomUUID());
  for (let call = 0; call < 20; call++) limited(one, outcome(), undefined);
  expect(one.untilMs - nowMs).toBe(250);
  limited(one, { ...outcome(), nowMs: nowMs + 250 }, undefined);
  expect(one.untilMs - nowMs).toBe(750);
});

test("a key is limited with one model, and as a whole with a second one at the same time", () => {
  const key = routeOf(randomUUID());
  const limit = { ...outcome(), seconds: 20 };
  limitedWith(key, pairOf(route, key.id), { ...limit, model: "x" });
  limitedWith(key, pairOf(route, key.id), { ...limit, model: "x" });
  expect(passable(key, nowMs)).toBe(true);
  expect(passable(pairOf(route, key.id), nowMs + 19_000)).toBe(false);
  const later = { ...limit, nowMs: nowMs + 21_000 };
  limitedWith(key, pairOf(routeOf("other"), key.id), { ...later, model: "y" });
  expect(passable(key, later.nowMs)).toBe(true);
  limitedWith(key, pairOf(route, key.id), { ...later, model: "x" });
  expect(passable(key, later.nowMs + 19_000)).toBe(false);
});

test("a deployment fails with each of its keys when all of them fail in a row, not when one does", () => {
  const one = routeOf(randomUUID());
  const fails = (key: string): void => {
    failed(pairOf(one, key), outcome());
    failed(one, outcome(), false);
  };
  for (let times = 0; times < 9; times++) fails("a");
  expect(one.state).toBe("closed");
  expect(pairOf(one, "a").state).toBe("open");
  expect(failsWithEach(one, ["a", "b"])).toBe(false);
  expect(failsWithEach(one, ["a"])).toBe(true);
  expect(failsWithEach(one, [])).toBe(false);
  fails("b");
  expect(failsWithEach(one, ["a", "b"])).toBe(true);
  answered(one, nowMs, turnOfDeparture());
  fails("b");
  expect(failsWithEach(one, ["a", "b"])).toBe(false);
});
