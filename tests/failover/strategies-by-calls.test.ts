import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { expectShare } from "@/tests/support/chance";
import { chatRequest, chunks, completion, configFor, useGateway } from "@/tests/support/fixture";
import { counted, type Got, manyCalls } from "@/tests/support/many-calls";
import { json, openAiEvents, type Received } from "@/tests/support/upstream";

const CALLS = 1_200;
const path = "/v1/chat/completions";

type Deployment = { model: string; weight?: number; priority?: number; price?: object };

/** One model a strategy, each with deployments that are named for what they are; the vendor has three keys. */
function config(upstreamUrl: string) {
  const usual = configFor(upstreamUrl);
  const [vendor] = usual.providers;
  const model = (strategy: string, deployments: readonly Deployment[]) => ({
    name: `by-${strategy}`,
    strategy,
    deployments: deployments.map((one) => ({ provider: "vendor", ...one })),
  });
  const plain = (strategy: string) =>
    model(
      strategy,
      ["a", "b", "c"].map((name) => ({ model: `${strategy}-${name}` })),
    );
  return {
    ...usual,
    providers: [
      {
        ...vendor,
        keys: [1, 2, 5].map((weight) => ({ name: `key-${weight}`, apiKey: `sk-of-weight-${weight}`, weight })),
      },
    ],
    models: [
      model("priority", [{ model: "second", priority: 1 }, { model: "first" }, { model: "third", priority: 2 }]),
      model("weighted", [
        { model: "w6", weight: 6 },
        { model: "w3", weight: 3 },
        { model: "w1", weight: 1 },
        { model: "w0", weight: 0 },
      ]),
      plain("round-robin"),
      plain("random"),
      plain("sticky"),
      model("least-busy", [{ model: "slow-1" }, { model: "quick-1" }, { model: "quick-2" }]),
      model("lowest-latency", [{ model: "slow-2" }, { model: "quick-3" }, { model: "quick-4" }]),
      model("lowest-cost", [
        { model: "dear", price: { inputPerMillion: 3, outputPerMillion: 9 } },
        { model: "cheap", price: { inputPerMillion: 1, outputPerMillion: 4 } },
        { model: "writes dearly", price: { inputPerMillion: 1, outputPerMillion: 30 } },
      ]),
    ],
    virtualKeys: usual.virtualKeys.slice(0, 1),
  };
}

/** How long the vendor takes, in milliseconds. */
const delays: Readonly<Record<string, number>> = {
  ...{ "slow-1": 80, "quick-1": 4, "quick-2": 4 },
  // So long that what the machine does beside is small against it.
  ...{ "slow-2": 300, "quick-3": 4, "quick-4": 4 },
};

const modelOf = ({ body }: Received): string => String(JSON.parse(body.toString("utf8")).model);

describe(`each strategy's distribution over ${CALLS} calls`, () => {
  const fixture = useGateway("server", { config });
  beforeEach(() => {
    const whole = json(completion());
    const text = openAiEvents(chunks());
    fixture().upstream.on(path, async (request, response) => {
      const delay = delays[modelOf(request)] ?? 0;
      if (delay > 0) await sleep(delay);
      if (!request.body.includes('"stream":true')) return whole(request, response);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
    });
  });

  async function calls(strategy: string, body: (at: number) => object = () => ({}), atOnce = 12): Promise<Got[]> {
    const got = await manyCalls(fixture().gateway.url, {
      count: CALLS,
      body: (at) => chatRequest(`by-${strategy}`, body(at)),
      atOnce,
    });
    expect(counted(got.map(({ status }) => `${status}`))).toEqual({ 200: CALLS });
    return got;
  }

  async function shares(
    strategy: string,
    body?: (at: number) => object,
    atOnce?: number,
  ): Promise<Record<string, number>> {
    const counts = counted((await calls(strategy, body, atOnce)).map(({ model }) => model));
    return Object.fromEntries(Object.entries(counts).map(([model, count]) => [model, count / CALLS]));
  }

  test("priority: all to the lowest number", async () => {
    expect(await shares("priority")).toEqual({ first: 1 });
  }, 20_000);

  test("weighted: in proportion, and none to weight 0", async () => {
    const found = await shares("weighted");
    expectShare(found.w6 ?? 0, 0.6, CALLS);
    expectShare(found.w3 ?? 0, 0.3, CALLS);
    expectShare(found.w1 ?? 0, 0.1, CALLS);
    expect(found).not.toHaveProperty("w0");
  }, 20_000);

  test("round-robin: exactly evenly", async () => {
    expect(await shares("round-robin")).toEqual({
      "round-robin-a": 1 / 3,
      "round-robin-b": 1 / 3,
      "round-robin-c": 1 / 3,
    });
  }, 20_000);

  test("random: evenly", async () => {
    const found = await shares("random");
    for (const name of ["a", "b", "c"]) expectShare(found[`random-${name}`] ?? 0, 1 / 3, CALLS);
  }, 20_000);

  test("least-busy: one that takes twenty times as long gets the fewest, the others share", async () => {
    const found = await shares("least-busy");
    expect(found["slow-1"]).toBeLessThan(0.2);
    expect(found["slow-1"]).toBeGreaterThan(0);
    for (const name of ["quick-1", "quick-2"]) expect(found[name]).toBeGreaterThan(0.35);
  }, 20_000);

  test("lowest-latency: one that begins far later gets next to none, the others share", async () => {
    const found = await shares("lowest-latency", () => ({ stream: true }), 4);
    expect(found["slow-2"] ?? 0).toBeLessThan(0.1);
    // A peak of one of them, as a busy machine makes it, is believed for a while.
    for (const name of ["quick-3", "quick-4"]) expect(found[name]).toBeGreaterThan(0.15);
  }, 20_000);

  test("lowest-cost: the cheapest for the request", async () => {
    expect(await shares("lowest-cost")).toEqual({ cheap: 1 });
  }, 20_000);

  test("sticky: each of 120 conversations stays with one deployment and one key in its ten turns, and they spread", async () => {
    const mark = { cache_control: { type: "ephemeral" } };
    const before = fixture().upstream.received.length;
    const turns = CALLS / 120;
    const found = await shares("sticky", (at) => {
      const [conversation, turn] = [Math.floor(at / turns), at % turns];
      const said = Array.from({ length: turn + 1 }, (_, index) => ({
        role: "user",
        content: [{ type: "text", text: `${conversation}: ${index}`, ...(index === turn && mark) }],
      }));
      return { messages: said };
    });
    for (const name of ["a", "b", "c"]) expect(Math.abs((found[`sticky-${name}`] ?? 0) - 1 / 3)).toBeLessThan(0.15);
    const homes = new Map<string, Set<string>>();
    for (const one of fixture().upstream.received.slice(before)) {
      const { model, messages } = JSON.parse(one.body.toString("utf8"));
      const conversation = String(messages[0].content[0].text);
      homes.set(conversation, (homes.get(conversation) ?? new Set()).add(`${model} ${one.headers.authorization}`));
    }
    expect(homes.size).toBe(120);
    for (const home of homes.values()) expect(home.size).toBe(1);
    const byKey = counted([...homes.values()].map((home) => [...home].join().split("-").at(-1)));
    expect(byKey["5"]).toBeGreaterThan(byKey["2"] ?? 0);
    expect(byKey["2"]).toBeGreaterThan(byKey["1"] ?? 0);
  }, 20_000);
});
