import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import { GatewayError } from "@/server/errors";
import { attempt } from "@/server/gateway/attempts";
import { begin, type Call, type CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { nextTarget } from "@/server/gateway/select";
import { conversationOf } from "@/server/gateway/strategy";
import { Rates } from "@/server/money";
import { Secret } from "@/server/secret";
import { type CatalogKey, usualSettings } from "@/server/state/catalog";
import { answered, departed, failed, reset, returned, routeOf, turnOfDeparture } from "@/server/state/route-health";
import { noteLatency } from "@/server/state/route-latency";
import { takeOut } from "@/server/state/route-refusals";
import { callAbout, callOf, inbound, stageOf, targetOf } from "@/tests/failover/parts";
import { expectShare } from "@/tests/support/chance";

const DECISIONS = 3_000;

/** How often each target was chosen, by name. */
function shares(stage: Stage, decisions = DECISIONS, call: () => Call = () => callOf()): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let decision = 0; decision < decisions; decision++) {
    const name = nextTarget(call(), stage, undefined)?.target.upstreamModel ?? "none";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / decisions]));
}

const route = (target: CallTarget) => routeOf(routeId(target));
const fails = (target: CallTarget): void => {
  const error = { kind: "upstream_unavailable", message: "Down." } as const;
  failed(route(target), { nowMs: Date.now(), turn: turnOfDeparture(), error });
};

describe(`each strategy over ${DECISIONS} decisions`, () => {
  test("priority: the first as long as it is in service", () => {
    expect(shares(stageOf("priority", [targetOf("a"), targetOf("b")]))).toEqual({ a: 1 });
  });

  test("weighted: in proportion, and none to weight 0 while there is another", () => {
    const stage = stageOf("weighted", [
      targetOf("a", { weight: 6 }),
      targetOf("b", { weight: 3 }),
      targetOf("c", { weight: 1 }),
      targetOf("d", { weight: 0 }),
    ]);
    const found = shares(stage);
    expectShare(found.a ?? 0, 0.6, DECISIONS);
    expectShare(found.b ?? 0, 0.3, DECISIONS);
    expectShare(found.c ?? 0, 0.1, DECISIONS);
    expect(found.d).toBeUndefined();
  });

  test("random: evenly, whatever the weights", () => {
    const found = shares(stageOf("random", [targetOf("a", { weight: 9 }), targetOf("b"), targetOf("c")]));
    for (const name of ["a", "b", "c"]) expectShare(found[name] ?? 0, 1 / 3, DECISIONS);
  });

  test("round-robin: exactly in turn, and evenly among those that are left", () => {
    const [a, b, c] = [targetOf("a"), targetOf("b"), targetOf("c")];
    const stage = stageOf("round-robin", [a, b, c]);
    const order = Array.from({ length: 6 }, () => nextTarget(callOf(), stage, undefined)?.target.upstreamModel).join(
      "",
    );
    expect(order).toBe("abcabc");
    for (let times = 0; times < 5; times++) fails(b);
    expect(shares(stage, 1_000)).toEqual({ a: 0.5, c: 0.5 });
  });

  test("least-busy: the fewest calls under way, streams until their end", () => {
    const targets = [targetOf("a"), targetOf("b"), targetOf("c")];
    const stage = stageOf("least-busy", targets);
    for (let call = 0; call < DECISIONS; call++) {
      const chosen = nextTarget(callOf(), stage, undefined)?.target;
      if (chosen) departed(route(chosen), Date.now());
    }
    for (const target of targets) expect(route(target).inFlight).toBe(DECISIONS / 3);
    const [a] = targets;
    if (a) for (let call = 0; call < 10; call++) returned(route(a));
    expect(shares(stage, 100)).toEqual({ a: 1 });
  });

  test("lowest-latency: the quicker of two at random, so the slowest of three gets nothing and the others share", () => {
    const [quick, middle, slow] = [targetOf("quick"), targetOf("middle"), targetOf("slow")];
    const now = Date.now();
    noteLatency(route(quick), now, 100);
    noteLatency(route(middle), now, 300);
    noteLatency(route(slow), now, 2_000);
    const found = shares(stageOf("lowest-latency", [slow, middle, quick]));
    expect(found.quick).toBeCloseTo(2 / 3, 1);
    expect(found.middle).toBeCloseTo(1 / 3, 1);
    expect(found.slow).toBeUndefined();
  });

  test("lowest-latency: a peak counts at once, fades, and is looked at again", () => {
    const [steady, peaked] = [targetOf("steady"), targetOf("peaked")];
    const before = Date.now() - 60_000;
    noteLatency(route(peaked), before, 5_000);
    noteLatency(route(steady), Date.now(), 100);
    expect(shares(stageOf("lowest-latency", [steady, peaked]), 1_000)).toEqual({ peaked: 1 });
    noteLatency(route(peaked), Date.now(), 5_000);
    expect(shares(stageOf("lowest-latency", [steady, peaked]), 1_000)).toEqual({ steady: 1 });
  });

  test("lowest-cost: the cheapest for this request, and one without a price last", () => {
    const stage = stageOf("lowest-cost", [
      targetOf("unpriced"),
      targetOf("dear", { inputNano: 3e9 }),
      targetOf("cheap", { inputNano: 1e9 }),
    ]);
    expect(shares(stage)).toEqual({ cheap: 1 });
  });

  test("lowest-cost: a picture is not reckoned as text, and the length of the answer is the one that was asked for", () => {
    const image_url = { url: `data:image/png;base64,${"A".repeat(3_000_000)}` };
    const looking = { messages: [{ role: "user", content: [{ type: "image_url", image_url }] }] };
    const tiered = Rates.parse({ input: { base: 1e9, tiers: [{ above: 200_000, rate: 9e9 }] }, output: 4e9 });
    const sized = stageOf("lowest-cost", [
      targetOf("flat", { rates: Rates.parse({ input: 2e9, output: 4e9 }) }),
      targetOf("tiered", { rates: tiered }),
    ]);
    expect(shares(sized, 1, () => callAbout(looking))).toEqual({ tiered: 1 });
    const answers = stageOf("lowest-cost", [
      targetOf("reads dearly", { rates: Rates.parse({ input: 3e9, output: 3e9 }) }),
      targetOf("writes dearly", { rates: Rates.parse({ input: 1e9, output: 9e9 }) }),
    ]);
    const prompt = { prompt: "word ".repeat(800) };
    expect(shares(answers, 1, () => callAbout(prompt, 2_000))).toEqual({ "reads dearly": 1 });
    expect(shares(answers, 1, () => callAbout(prompt, 5))).toEqual({ "writes dearly": 1 });
  });

  test("sticky: one conversation stays, many spread evenly, and only those of a target that goes away move", () => {
    const targets = ["a", "b", "c", "d"].map((name) => targetOf(name));
    const stage = stageOf("sticky", targets);
    const home = (conversation: string, at = stage) =>
      nextTarget(callOf(conversation), at, undefined)?.target.upstreamModel ?? "none";
    const conversations = Array.from({ length: DECISIONS }, (_, at) => `conversation ${at}`);
    const homes = new Map(conversations.map((one) => [one, home(one)]));
    for (const one of conversations) expect(home(one)).toBe(homes.get(one));
    for (const { upstreamModel } of targets) {
      const own = conversations.filter((one) => homes.get(one) === upstreamModel).length;
      expectShare(own / DECISIONS, 0.25, DECISIONS);
    }
    const left = stageOf("sticky", targets.slice(1));
    for (const one of conversations) if (homes.get(one) !== "a") expect(home(one, left)).toBe(homes.get(one));
    const moved = conversations.filter((one) => homes.get(one) === "a").map((one) => home(one, left));
    for (const name of ["b", "c", "d"])
      expectShare(moved.filter((one) => one === name).length / moved.length, 1 / 3, moved.length);
  });

  test("a lower priority number comes first under every strategy", () => {
    for (const strategy of [
      "weighted",
      "round-robin",
      "random",
      "least-busy",
      "lowest-latency",
      "lowest-cost",
      "sticky",
    ]) {
      const stage = stageOf(strategy, [targetOf("second", { priority: 1 }), targetOf("first", { weight: 0 })]);
      expect(shares(stage, 200), strategy).toEqual({ first: 1 });
    }
  });
});

test("a conversation is known by what precedes it and its first turn, however it goes on", () => {
  const first = { role: "user", content: "Hello?" };
  const opened = { model: "m", messages: [{ role: "system", content: "Be kind." }, first] };
  const later = {
    ...opened,
    messages: [...opened.messages, { role: "assistant", content: "Hi." }, { role: "user", content: "And?" }],
  };
  const other = { ...opened, messages: [opened.messages[0], { role: "user", content: "Good day." }] };
  expect(conversationOf(later)).toBe(conversationOf(opened));
  expect(conversationOf(other)).not.toBe(conversationOf(opened));
  expect(conversationOf({ input: "a" })).not.toBe(conversationOf({ input: "b" }));
  expect(conversationOf({ contents: [{ parts: [{ text: "a" }] }] })).not.toBe(
    conversationOf({ contents: [{ parts: [{ text: "b" }] }] }),
  );
});

describe("what moves from turn to turn in the same conversation", () => {
  const mark = { cache_control: { type: "ephemeral", ttl: "1h" } };
  const text = (said: string, marked = false) => ({ type: "text", text: said, ...(marked && mark) });
  const user = (...content: object[]) => ({ role: "user", content });
  const turn1 = { system: [text("Be kind.", true)], messages: [user(text("Hello?", true))] };

  test.each([
    ["the mark moved on", [user(text("Hello?")), { role: "assistant", content: "Hi." }, user(text("And?", true))]],
    ["a list became a text", [{ role: "user", content: "Hello?" }, user(text("And?", true))]],
  ])("%s", (_name, messages) => {
    expect(conversationOf({ system: "Be kind.", messages })).toBe(conversationOf(turn1));
  });

  test("responses: an input that was a text is the first of the user's", () => {
    const first = { type: "message", role: "user", content: [{ type: "input_text", text: "Hello?" }] };
    const later = [
      { ...first, id: "msg_1", status: "completed" },
      { role: "assistant", content: "Hi." },
    ];
    expect(conversationOf({ instructions: "Be kind.", input: later })).toBe(
      conversationOf({ instructions: "Be kind.", input: "Hello?" }),
    );
  });
});

test("sticky: a conversation stays with one of its provider's keys, by weight, and moves only when that is out", () => {
  const keys = [1, 2, 5].map((weight, at): CatalogKey => {
    const limits = { rpm: null, tpm: null, concurrent: null };
    return { id: randomUUID(), name: `key-${at}`, weight, limits, credential: new Secret(`k${at}`) };
  });
  const stage = stageOf("sticky", [targetOf("a", { keys })]);
  const home = (conversation: string) => nextTarget(callOf(conversation), stage, undefined)?.target.key?.name;
  const conversations = Array.from({ length: DECISIONS }, (_, at) => `conversation ${at}`);
  const homes = new Map(conversations.map((one) => [one, home(one)]));
  for (const one of conversations) expect(home(one)).toBe(homes.get(one));
  const share = (name: string) => [...homes.values()].filter((one) => one === name).length / DECISIONS;
  for (const [at, weight] of [1, 2, 5].entries()) expectShare(share(`key-${at}`), weight / 8, DECISIONS);
  const out = keys[2];
  if (!out) throw new Error("There are three.");
  takeOut(routeOf(out.id), Date.now(), { kind: "upstream_denied", message: "No credit." });
  for (const one of conversations) {
    if (homes.get(one) === "key-2") expect(home(one)).not.toBe("key-2");
    else expect(home(one)).toBe(homes.get(one));
  }
  reset(out.id);
});

test("a breaker: open after five failures in a row, one probe, closed by its answer, and put back by hand", () => {
  const target = targetOf("a");
  const stage = stageOf("priority", [target]);
  const chosen = () => nextTarget(callOf(), stage, undefined);
  for (let times = 0; times < 4; times++) fails(target);
  expect(chosen()).toBeDefined();
  fails(target);
  expect(route(target).state).toBe("open");
  expect(chosen()).toBeUndefined();
  route(target).untilMs = Date.now();
  expect(chosen()).toBeDefined();
  departed(route(target), Date.now());
  expect(route(target).state).toBe("half-open");
  expect(chosen()).toBeUndefined();
  answered(route(target), Date.now(), turnOfDeparture());
  expect(route(target).state).toBe("closed");
  expect(chosen()).toBeDefined();
  for (let times = 0; times < 5; times++) fails(target);
  reset(routeId(target));
  expect(chosen()).toBeDefined();
});

test("of two calls that may be hedged and begin in one turn, one is the probe", async () => {
  const target = targetOf("a");
  for (let times = 0; times < 5; times++) fails(target);
  route(target).untilMs = Date.now();
  const stage = { ...stageOf("priority", [target]), settings: { ...usualSettings, hedge: true } };
  const cancel = new Cancel();
  const { promise, reject } = Promise.withResolvers<never>();
  let probes = 0;
  const prepare = () => {
    probes++;
    return promise;
  };
  const calls = [0, 1].map(() => {
    const call = begin({ ...inbound, cancel }, "chat", chat);
    call.stream = true;
    return attempt(call, [stage], { prepare, deliver: () => promise });
  });
  const ended = Promise.allSettled(calls);
  await sleep(20);
  cancel.abort();
  reject(new GatewayError("cancelled", "The caller left."));
  expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(probes).toBe(1);
});
