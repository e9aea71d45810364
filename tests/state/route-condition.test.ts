import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { adopt, adoptRelease, Condition, conditionOf } from "@/server/state/route-condition";
import {
  answered,
  departed,
  type Failure,
  failed,
  inconclusive,
  passable,
  type Route,
  routeOf,
  turnOfDeparture,
} from "@/server/state/route-health";
import { keyRefused, keyTaken } from "@/server/state/route-probes";
import { limited, takeOut } from "@/server/state/route-refusals";

const down = { kind: "upstream_unavailable", message: "It is down." } as const;
const refused = { kind: "upstream_denied", message: "It is refused." } as const;
const told = { nowMs: 1_000_000, agoMs: 0, newer: true };
const { nowMs } = told;

/** A failure of a call that departed just now. */
const outcome = (error: Failure = down) => ({ nowMs, turn: turnOfDeparture(), error });

let route: Route;
beforeEach(() => {
  route = routeOf(randomUUID());
});

/** What a process tells of a route to which this was done there, as it arrives elsewhere. */
function conditionAfter(work: (there: Route) => void): Condition {
  const there = routeOf(randomUUID());
  work(there);
  return Condition.parse(JSON.parse(JSON.stringify(conditionOf(there.id, nowMs))));
}

const opened = (): Condition =>
  conditionAfter((there) => {
    for (let failure = 0; failure < 5; failure++) failed(there, outcome());
  });
const probing = (): Condition =>
  conditionAfter((there) => {
    for (let failure = 0; failure < 5; failure++) failed(there, outcome());
    departed(there, nowMs);
  });
const limitedFor = (seconds: number): Condition =>
  conditionAfter((there) => limited(there, outcome({ ...down, kind: "upstream_rate_limited" }), seconds));
const out = (): Condition => conditionAfter((there) => takeOut(there, nowMs, refused));

describe("what another process tells of a route", () => {
  test("nothing is told of one that is in service", () => {
    answered(route, nowMs, turnOfDeparture());
    expect(conditionOf(route.id, nowMs)).toBeUndefined();
    expect(conditionOf("unknown", nowMs)).toBeUndefined();
  });

  test("an open breaker is open here, for a little longer than there", () => {
    const condition = opened();
    adopt(route.id, condition, told);
    expect(route).toMatchObject({ state: "open", lastError: { message: "It is down." } });
    expect(passable(route, nowMs + condition.leftMs + 99)).toBe(false);
    expect(passable(route, nowMs + condition.leftMs + 201)).toBe(true);
  });

  test("one that may be probed at once there may be here a little later", () => {
    const given = conditionAfter((there) => {
      for (let failure = 0; failure < 5; failure++) failed(there, outcome());
      departed(there, nowMs);
      inconclusive(there, turnOfDeparture());
    });
    expect(given).toMatchObject({ state: "open", leftMs: 0 });
    adopt(route.id, given, told);
    expect(passable(route, nowMs + 99)).toBe(false);
    expect(passable(route, nowMs + 201)).toBe(true);
  });

  test("a probe under way there keeps calls away here, and no call from before ends it", () => {
    adopt(route.id, probing(), told);
    answered(route, nowMs, turnOfDeparture());
    failed(route, outcome());
    expect(route.state).toBe("half-open");
    expect(passable(route, nowMs)).toBe(false);
    adoptRelease(route.id);
    expect(route.state).toBe("closed");
    expect(passable(route, nowMs)).toBe(true);
  });

  test("a probe of one's own finds out for itself, unless the key is out", () => {
    adopt(route.id, opened(), told);
    departed(route, nowMs + 2_000);
    adopt(route.id, opened(), { ...told, nowMs: nowMs + 2_000 });
    answered(route, nowMs + 2_100, turnOfDeparture());
    expect(route.state).toBe("closed");
    departed(route, nowMs);
    adopt(route.id, out(), told);
    expect(route.out).toBe("It is refused.");
  });

  test("the longer of two limits holds, and a limit does not put back what is out", () => {
    adopt(route.id, limitedFor(30), told);
    adopt(route.id, limitedFor(10), told);
    expect(passable(route, nowMs + 29_000)).toBe(false);
    adopt(route.id, out(), told);
    adopt(route.id, limitedFor(10), told);
    expect(route.out).toBe("It is refused.");
  });

  test("what was told long ago has so much less left", () => {
    adopt(route.id, limitedFor(30), { ...told, agoMs: 20_000 });
    expect(passable(route, nowMs + 9_000)).toBe(false);
    expect(passable(route, nowMs + 11_000)).toBe(true);
  });

  test("what is older than what is known here does not change its state", () => {
    limited(route, outcome(), 1);
    adopt(route.id, opened(), { ...told, newer: false });
    expect(route.state).toBe("closed");
  });
});

describe("what a probe tells of a key", () => {
  test("it is out where it is refused and back where it is taken", () => {
    keyRefused(route.id, nowMs, "Wrong key.");
    expect(route).toMatchObject({ state: "open", out: "Wrong key." });
    expect(route.lastError?.message).not.toContain("Wrong key.");
    keyTaken(route.id, nowMs);
    expect(route).toMatchObject({ state: "closed", out: undefined });
  });

  test.each([
    ["put back here", () => keyTaken(route.id, Date.now())],
    ["put back elsewhere", () => adoptRelease(route.id)],
  ])(
    "it is not believed of a key that a call finds refused soon after it was %s, until it is refused itself",
    (_, putBack) => {
      takeOut(route, Date.now(), refused);
      putBack();
      expect(route.out).toBeUndefined();
      takeOut(route, Date.now(), refused);
      keyTaken(route.id, Date.now());
      expect(route.out).toBe("It is refused.");
      keyRefused(route.id, Date.now(), "Wrong key.");
      keyTaken(route.id, Date.now());
      expect(route.out).toBeUndefined();
    },
  );
});
