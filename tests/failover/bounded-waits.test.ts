import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import { asGatewayError, GatewayError } from "@/server/errors";
import { attempt } from "@/server/gateway/attempts";
import { begin, type CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { usualSettings } from "@/server/state/catalog";
import { answered, departed, failed, routeOf, turnOfDeparture } from "@/server/state/route-health";
import { inbound, stageOf, targetOf } from "@/tests/failover/parts";

/** What a vendor does when it is asked: throws a failure, or has a good answer. */
type Vendor = () => void;
/** Of its own name, at a provider that answers in this process. */
type Played = CallTarget & { readonly does: Vendor };

const wait = (seconds: number): GatewayError =>
  new GatewayError("upstream_rate_limited", "Too many requests.", { retryAfterSeconds: seconds });
const failure = new GatewayError("upstream_unavailable", "Down.", { upstreamStatus: 503 });

const failing =
  (error: GatewayError): Vendor =>
  () => {
    throw error;
  };
const good: Vendor = () => undefined;

function played(name: string, does: Vendor): Played {
  const target = targetOf(name);
  return { ...target, provider: { ...target.provider, type: "demo" }, does };
}

function stage(targets: readonly Played[], retries = 0): Stage {
  return { ...stageOf("priority", targets), settings: { ...usualSettings, retries } };
}

/** What became of a call, whom it asked, and how long it took. */
type Ended = {
  readonly served: unknown;
  readonly error: GatewayError | undefined;
  readonly asked: readonly string[];
  readonly tookMs: number;
};

/** Makes a call that has so much time, until it is cancelled. */
async function call(stages: readonly Stage[], withinMs: number, cancel = new Cancel()): Promise<Ended> {
  const begun = performance.now();
  const asked: string[] = [];
  const made = Object.assign(begin({ ...inbound, cancel }, "chat", chat), { untilTick: begun + withinMs });
  const does = new Map(
    stages.flatMap(({ targets }) => targets.map((one) => [routeId(one), "does" in one ? one.does : undefined])),
  );
  const ended = attempt(made, stages, {
    prepare: (_type, _address, { target }) => {
      if (target) asked.push(target.upstreamModel);
      const vendor = target && does.get(routeId(target));
      if (typeof vendor === "function") vendor();
      return { request: { method: "GET", url: "demo://in-process", headers: {} }, dropped: [] };
    },
    deliver: async () => ({ status: 200, headers: {}, body: asked.at(-1) ?? "" }),
  });
  const told = (rest: Pick<Ended, "served" | "error">): Ended => ({
    ...{ asked, tookMs: performance.now() - begun },
    ...rest,
  });
  return ended.then(
    ({ body }) => told({ served: body, error: undefined }),
    (error: unknown) => told({ served: undefined, error: asGatewayError(error) }),
  );
}

/** Opens a target's breaker, and has another call probe it. */
function beingProbed(target: CallTarget): { answer(): void } {
  const route = routeOf(routeId(target));
  for (let times = 0; times < 5; times++)
    failed(route, { nowMs: Date.now(), turn: turnOfDeparture(), error: { kind: failure.kind, message: "Down." } });
  route.untilMs = Date.now();
  departed(route, Date.now());
  const turn = turnOfDeparture();
  expect(route.state).toBe("half-open");
  return { answer: () => answered(route, Date.now(), turn) };
}

describe.concurrent("a call does not wait beyond its total time", () => {
  test("for a limit that ends after it", async () => {
    const { error, asked, tookMs } = await call([stage([played("one", failing(wait(2)))], 5)], 1_500);
    expect(error).toMatchObject({ kind: "upstream_rate_limited", retryAfterSeconds: 2 });
    expect(asked).toEqual(["one"]);
    expect(tookMs).toBeLessThan(1_000);
  });

  test("for limits that end within it, each of them, and not all together", async () => {
    const { error, asked, tookMs } = await call([stage([played("one", failing(wait(0.4)))], 15)], 1_000);
    expect(error).toMatchObject({ kind: "upstream_rate_limited" });
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(tookMs).toBeLessThan(1_000);
  });

  test.each([
    ["none of its targets is in service", []],
    ["one of its targets has failed", [played("failing", failing(failure))]],
  ])("for a breaker, where %s", async (_what, others) => {
    const out = played("out", good);
    beingProbed(out);
    const { error, asked, tookMs } = await call([stage([...others, out])], 800);
    expect(error).toMatchObject({ kind: "upstream_unavailable" });
    expect(asked).toEqual(others.map(({ upstreamModel }) => upstreamModel));
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(800);
  });
});

describe.concurrent("a call whose target is being probed by another", () => {
  test("waits at most three seconds, where it finds nothing in service", async () => {
    const out = played("out", good);
    beingProbed(out);
    const { error, asked, tookMs } = await call([stage([out])], 20_000);
    expect(error).toMatchObject({ kind: "upstream_unavailable" });
    expect(asked).toEqual([]);
    expect(tookMs).toBeGreaterThan(2_800);
    expect(tookMs).toBeLessThan(3_500);
  });

  test("is served when the probe is answered, within these three seconds", async () => {
    const out = played("out", good);
    const { answer } = beingProbed(out);
    const calling = call([stage([out])], 20_000);
    await sleep(500);
    answer();
    const { served, tookMs } = await calling;
    expect(served).toBe("out");
    expect(tookMs).toBeGreaterThan(450);
    expect(tookMs).toBeLessThan(1_000);
  });

  test("waits for longer than that where another target has failed, and is then served", async () => {
    const out = played("out", good);
    const { answer } = beingProbed(out);
    const calling = call([stage([played("failing", failing(failure)), out])], 20_000);
    await sleep(4_000);
    answer();
    const { served, asked, tookMs } = await calling;
    expect(served).toBe("out");
    expect(asked).toEqual(["failing", "out"]);
    expect(tookMs).toBeGreaterThan(3_900);
    expect(tookMs).toBeLessThan(4_500);
  });

  test("waits at most six seconds then, and fails with what had failed", async () => {
    const out = played("out", good);
    beingProbed(out);
    const { error, asked, tookMs } = await call([stage([played("failing", failing(failure)), out])], 20_000);
    expect(error).toMatchObject({ kind: "upstream_unavailable", upstreamStatus: 503 });
    expect(asked).toEqual(["failing"]);
    expect(tookMs).toBeGreaterThan(5_800);
    expect(tookMs).toBeLessThan(6_500);
  });
});

describe.concurrent("a time to come again that a vendor says", () => {
  test("is waited for, and then the call is served", async () => {
    let times = 0;
    const back: Vendor = () => {
      if (++times === 1) throw wait(0.5);
    };
    const { served, asked, tookMs } = await call([stage([played("one", back)], 1)], 20_000);
    expect([served, asked]).toEqual(["one", ["one", "one"]]);
    expect(tookMs).toBeGreaterThan(490);
    expect(tookMs).toBeLessThan(1_000);
  });

  test.each([
    ["another target", () => [stage([played("limited", failing(wait(30))), played("good", good)], 5)]],
    ["another model", () => [stage([played("limited", failing(wait(30)))], 5), stage([played("good", good)])]],
  ])("is not waited for where there is %s", async (_what, stages) => {
    const { served, asked, tookMs } = await call(stages(), 120_000);
    expect([served, asked]).toEqual(["good", ["limited", "good"]]);
    expect(tookMs).toBeLessThan(1_000);
  });

  test("is waited for, up to a minute, where nothing else is left and the call has the time", async () => {
    const cancel = new Cancel();
    let ended = false;
    const stages = [stage([played("limited", failing(wait(59)))], 5), stage([played("failing", failing(failure))])];
    const calling = call(stages, 120_000, cancel).finally(() => {
      ended = true;
    });
    await sleep(1_000);
    expect(ended).toBe(false);
    cancel.abort();
    // The other one was asked before, and not waited for.
    expect(await calling).toMatchObject({ error: { kind: "cancelled" }, asked: ["limited", "failing"] });
  });

  test.each([
    ["it is after the call's own time", 30, 20_000],
    ["it is more than a minute", 61, 120_000],
  ])("is told to the caller at once where %s", async (_what, seconds, withinMs) => {
    const { error, asked, tookMs } = await call([stage([played("limited", failing(wait(seconds)))], 5)], withinMs);
    expect(error).toMatchObject({ kind: "upstream_rate_limited", retryAfterSeconds: seconds });
    expect(asked).toEqual(["limited"]);
    expect(tookMs).toBeLessThan(1_000);
  });
});
