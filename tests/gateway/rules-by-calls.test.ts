import { describe, expect, test } from "vitest";
import { expectShare } from "@/tests/support/chance";
import { chatRequest, configFor, useGateway } from "@/tests/support/fixture";
import { counted, type Got, manyCalls } from "@/tests/support/many-calls";

/** Of each action so many calls that its rule holds for, and as many that it does not. */
const CALLS = 1_000;

type Action = Record<string, unknown>;
const ruleOf = (name: string, action: Action, field: object = { field: "header", name: "x-proof", value: name }) => ({
  name,
  conditions: [{ operator: "eq", ...field }],
  actions: [action],
});

/** `wide` is spread over three deployments at random; a header says which of the rules is to hold. */
function config(upstreamUrl: string) {
  const usual = configFor(upstreamUrl);
  const deployment = (model: string, more: object) => ({ provider: "vendor", model, ...more });
  return {
    ...usual,
    models: [
      ...usual.models,
      {
        name: "wide",
        strategy: "random",
        deployments: [
          deployment("wide-us", { region: "us" }),
          deployment("wide-eu", { region: "eu", tags: ["gdpr"] }),
          deployment("wide-cheap", { region: "us", tags: ["cheap"] }),
        ],
      },
    ],
    rules: [
      ruleOf("choose", { action: "choose", tags: ["gdpr"] }),
      ruleOf("exclude", { action: "exclude", regions: ["us"], deployments: ["vendor/wide-us"] }),
      ruleOf("rewrite", { action: "rewrite", model: "plain" }),
      ruleOf("set", { action: "set", parameters: { temperature: 0, seed: null } }),
      ruleOf("refuse", { action: "refuse", message: "Not today." }),
      ruleOf("nowhere", { action: "choose", regions: ["mars"] }),
      { ...ruleOf("stop", { action: "exclude", tags: ["cheap"] }), stop: true },
      ruleOf(
        "never reached",
        { action: "refuse", message: "The rule before it ends the asking." },
        {
          field: "header",
          name: "x-proof",
          value: "stop",
        },
      ),
    ],
  };
}

describe(`each action of a rule, over ${CALLS} calls that it is meant for among ${CALLS} others`, () => {
  const fixture = useGateway("server", { config });

  type Proof = { readonly held: readonly Got[]; readonly others: readonly Got[]; readonly sent: readonly unknown[] };

  /** Both kinds of calls at the same time, and what the vendor got of those for which the rule holds. */
  async function prove(name: string): Promise<Proof> {
    const { gateway, upstream } = fixture();
    const before = upstream.received.length;
    const ask = (user: string, headers: Record<string, string>) =>
      manyCalls(gateway.url, {
        count: CALLS,
        body: () => chatRequest("wide", { user, temperature: 1, seed: 7 }),
        headers,
      });
    const [held, others] = await Promise.all([ask("held", { "x-proof": name }), ask("other", {})]);
    const bodies = upstream.received.slice(before).map(({ body }) => JSON.parse(body.toString("utf8")));
    const rest = bodies.filter(({ user }) => user === "other");
    expect(rest.length).toBe(CALLS);
    for (const one of rest) expect(one).toMatchObject({ temperature: 1, seed: 7 });
    expect(counted(others.map(({ status }) => `${status}`))).toEqual({ 200: CALLS });
    const shares = counted(others.map(({ model }) => model));
    for (const model of ["wide-us", "wide-eu", "wide-cheap"]) expectShare((shares[model] ?? 0) / CALLS, 1 / 3, CALLS);
    return { held, others, sent: bodies.filter(({ user }) => user === "held") };
  }

  const models = (held: readonly Got[]) => counted(held.map(({ status, model }) => `${status} ${model}`));

  test("choose", async () => {
    expect(models((await prove("choose")).held)).toEqual({ "200 wide-eu": CALLS });
  }, 30_000);

  test("exclude", async () => {
    expect(models((await prove("exclude")).held)).toEqual({ "200 wide-eu": CALLS });
  }, 30_000);

  test("rewrite", async () => {
    expect(models((await prove("rewrite")).held)).toEqual({ "200 vendor-model-1": CALLS });
  }, 30_000);

  test("set", async () => {
    const { sent } = await prove("set");
    expect(sent.length).toBe(CALLS);
    for (const one of sent) {
      expect(one).toMatchObject({ temperature: 0 });
      expect(one).not.toHaveProperty("seed");
    }
  }, 30_000);

  test("refuse: none comes to the vendor", async () => {
    const { held, sent } = await prove("refuse");
    expect(sent).toEqual([]);
    expect(counted(held.map(({ status }) => `${status}`))).toEqual({ 403: CALLS });
    for (const { text } of held) expect(JSON.parse(text).error.message).toBe("Not today.");
  }, 30_000);

  test("a choice that leaves nothing: none goes elsewhere", async () => {
    const { held, sent } = await prove("nowhere");
    expect(sent).toEqual([]);
    expect(counted(held.map(({ status }) => `${status}`))).toEqual({ 403: CALLS });
  }, 30_000);

  test("stop: the rule after it is not asked", async () => {
    const { held } = await prove("stop");
    const shares = counted(held.map(({ status, model }) => `${status} ${model}`));
    expect(Object.keys(shares).sort()).toEqual(["200 wide-eu", "200 wide-us"]);
    expectShare((shares["200 wide-eu"] ?? 0) / CALLS, 1 / 2, CALLS);
  }, 30_000);
});
