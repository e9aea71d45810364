import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { compileRule as Compile, RuleFacts } from "@/server/state/rules";
import { globMatches, RuleAction, RuleCondition } from "@/server/wire/routing-rule";
import { testApi } from "@/tests/api/support";
import { chatRequest } from "@/tests/support/fixture";
import { type Routes, routes, textOf } from "@/tests/support/routes";

const api = testApi();
let compileRule: typeof Compile;
beforeAll(async () => {
  ({ compileRule } = await import("@/server/state/rules"));
});

/** Monday, 23 November 2026, 22:30 in UTC: Tuesday in Tokyo. */
const NOW = Date.UTC(2026, 10, 23, 22, 30);
const facts: RuleFacts = {
  models: ["gpt-4o"],
  key: ["alice", "id-1"],
  group: ["team", "id-2"],
  tags: ["prod", "eu"],
  header: (name) => ({ "x-tier": "gold", "x-size": "12" })[name],
  metadata: (name) => (name === "user" ? "u1" : undefined),
  content: () => ["images", "tools"],
  tokens: () => 1_500,
  budgetUsd: 2.5,
  nowMs: NOW,
};

describe("conditions", () => {
  test.each<[string, object, boolean]>([
    ["eq", { field: "model", operator: "eq", value: "gpt-4o" }, true],
    ["eq of another", { field: "model", operator: "eq", value: "gpt-4" }, false],
    ["ne", { field: "model", operator: "ne", value: "gpt-4" }, true],
    ["in", { field: "key", operator: "in", value: ["bob", "id-1"] }, true],
    ["notIn", { field: "group", operator: "notIn", value: ["team"] }, false],
    ["one of many tags", { field: "tag", operator: "eq", value: "eu" }, true],
    ["none of many tags", { field: "tag", operator: "ne", value: "eu" }, false],
    ["matches", { field: "model", operator: "matches", value: "gpt-*" }, true],
    ["matches the whole", { field: "model", operator: "matches", value: "gpt" }, false],
    ["header", { field: "header", name: "X-Tier", operator: "eq", value: "gold" }, true],
    ["header as a number", { field: "header", name: "x-size", operator: "gt", value: 10 }, true],
    ["header that is no number", { field: "header", name: "x-tier", operator: "gt", value: 10 }, false],
    ["header that is not there", { field: "header", name: "x-no", operator: "exists" }, false],
    ["exists false", { field: "header", name: "x-no", operator: "exists", value: false }, true],
    ["metadata", { field: "metadata", name: "user", operator: "matches", value: "u?" }, true],
    ["tokens", { field: "tokens", operator: "between", value: [1_000, 1_500] }, true],
    ["tokens lt", { field: "tokens", operator: "lt", value: 1_500 }, false],
    ["content", { field: "content", operator: "in", value: ["audio", "tools"] }, true],
    ["content that is missing", { field: "content", operator: "eq", value: "audio" }, false],
    ["budget", { field: "budget", operator: "lt", value: 3 }, true],
    ["time over midnight", { field: "time", operator: "between", value: ["22:00", "06:00"] }, true],
    ["time by day", { field: "time", operator: "between", value: ["08:00", "18:00"] }, false],
    ["time elsewhere", { field: "time", operator: "lt", value: "08:00", timeZone: "Asia/Tokyo" }, true],
    ["weekday", { field: "weekday", operator: "eq", value: "mon" }, true],
    ["weekday elsewhere", { field: "weekday", operator: "in", value: ["tue"], timeZone: "Asia/Tokyo" }, true],
  ])("%s", (_name, said, expected) => {
    const condition = RuleCondition.parse(said);
    const rule = compileRule({ id: "1", name: "r", match: "all", conditions: [condition], actions: [], stop: false });
    expect(rule.holds(facts)).toBe(expected);
  });

  test("all or any of them; none always hold", () => {
    const yes = RuleCondition.parse({ field: "model", operator: "eq", value: "gpt-4o" });
    const no = RuleCondition.parse({ field: "model", operator: "eq", value: "x" });
    const holds = (match: "all" | "any", ...conditions: RuleCondition[]) =>
      compileRule({ id: "1", name: "r", match, conditions, actions: [], stop: false }).holds(facts);
    expect([holds("all", yes, no), holds("any", yes, no), holds("all"), holds("any")]).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  test.each([
    { field: "nothing", operator: "eq", value: "x" },
    { field: "model", operator: "like", value: "x" },
    { field: "model", operator: "eq", value: 5 },
    { field: "model", operator: "gt", value: 5 },
    { field: "model", operator: "in", value: "x" },
    { field: "model", operator: "eq", value: "x", name: "y" },
    { field: "header", operator: "eq", value: "x" },
    { field: "tokens", operator: "matches", value: "1*" },
    { field: "tokens", operator: "between", value: [1] },
    { field: "time", operator: "between", value: ["8:00", "25:00"] },
    { field: "time", operator: "gt", value: "08:00", timeZone: "Mars/Olympus" },
    { field: "content", operator: "eq", value: "smells" },
    { field: "weekday", operator: "in", value: ["monday"] },
  ])("refused: %j", (said) => {
    expect(RuleCondition.safeParse(said).success).toBe(false);
  });

  test.each([
    { action: "choose" },
    { action: "set", parameters: {} },
    { action: "set", parameters: { messages: [] } },
    { action: "refuse" },
    { action: "explode" },
  ])("refused: %j", (said) => {
    expect(RuleAction.safeParse(said).success).toBe(false);
  });

  test("a pattern with many stars costs no more than its length times the text's", () => {
    const began = performance.now();
    expect(globMatches(`${"*a".repeat(100)}b`, "a".repeat(10_000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("actions", () => {
  let made: Routes;
  let key: string;
  let eu: string;
  beforeAll(async () => {
    made = await routes(api);
    await made.model("wide", [
      { as: "wide-us", region: "us" },
      { as: "wide-eu", region: "eu", tags: ["gdpr"], priority: 1 },
    ]);
    await made.model("small", [{ as: "small-1" }]);
    ({ key } = await made.key({ models: ["wide"] }));
    ({ key: eu } = await made.key({
      models: ["wide"],
      tags: ["eu-only"],
      budgets: [{ period: "total", limitUsd: "5" }],
    }));
    await made.settle();
  });
  afterAll(() => made.upstream.stop());
  beforeEach(async () => {
    for (const { id } of await api.as().routing.rules()) await api.as().routing.deleteRule({ id });
  });

  const tagged = { field: "tag", operator: "eq", value: "eu-only" } as const;

  test("choose holds for whom it is meant, from within a second on", async () => {
    await api.as().routing.createRule({
      name: "eu",
      conditions: [tagged],
      actions: [{ action: "choose", tags: ["gdpr"] }],
    });
    const until = Date.now() + 1_000;
    for (;;) {
      expect((await made.chat(eu, chatRequest("wide"))).status).toBe(200);
      if (made.reached() === "wide-eu") break;
      expect(Date.now()).toBeLessThan(until);
    }
    for (let at = 0; at < 100; at++) {
      await made.chat(eu, chatRequest("wide"));
      expect(made.reached()).toBe("wide-eu");
      await made.chat(key, chatRequest("wide"));
      expect(made.reached()).toBe("wide-us");
    }
  });

  test("a choice that leaves nothing refuses rather than go elsewhere", async () => {
    await api.as().routing.createRule({ name: "mars", actions: [{ action: "choose", regions: ["mars"] }] });
    await made.settle();
    const reply = await made.chat(key, chatRequest("wide"));
    expect(reply.status).toBe(403);
    expect(JSON.parse(await textOf(reply)).error).toMatchObject({ code: "refused_by_rule", message: /"mars"/ });
  });

  test("rewrite asks for a model that the key itself may not use; later rules see it", async () => {
    await api.as().routing.createRule({
      name: "images to the small one",
      conditions: [{ field: "content", operator: "eq", value: "images" }],
      actions: [{ action: "rewrite", model: "small" }],
    });
    await api.as().routing.createRule({
      name: "small ones are cold",
      conditions: [{ field: "model", operator: "eq", value: "small" }],
      actions: [{ action: "set", parameters: { temperature: 0, seed: null } }],
    });
    await made.settle();
    const content = [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }];
    const body = { model: "wide", messages: [{ role: "user", content }], temperature: 1, seed: 7 };
    expect((await made.chat(key, body)).status).toBe(200);
    const sent = JSON.parse(made.upstream.last().body.toString("utf8"));
    expect(sent).toMatchObject({ model: "small-1", temperature: 0 });
    expect(sent).not.toHaveProperty("seed");
    await made.chat(key, chatRequest("wide", { temperature: 1 }));
    expect(JSON.parse(made.upstream.last().body.toString("utf8"))).toMatchObject({ model: "wide-us", temperature: 1 });
  });

  test("refuse tells its message; stop ends the asking; the order is the admin's", async () => {
    const refuse = await api.as().routing.createRule({
      name: "closed",
      actions: [{ action: "refuse", message: "Closed for the night." }],
    });
    await made.settle();
    const reply = await made.chat(key, chatRequest("wide"));
    expect(reply.status).toBe(403);
    expect(JSON.parse(await textOf(reply)).error.message).toBe("Closed for the night.");
    const open = await api.as().routing.createRule({
      name: "open for some",
      conditions: [tagged],
      actions: [{ action: "exclude", regions: ["us"] }],
      stop: true,
    });
    await api.as().routing.orderRules({ ids: [open.id, refuse.id] });
    await made.settle();
    expect((await made.chat(eu, chatRequest("wide"))).status).toBe(200);
    expect(made.reached()).toBe("wide-eu");
    expect((await made.chat(key, chatRequest("wide"))).status).toBe(403);
  });

  test("what a budget has left can be asked for", async () => {
    await api.as().routing.createRule({
      name: "nearly spent",
      conditions: [{ field: "budget", operator: "lt", value: 10 }],
      actions: [{ action: "choose", regions: ["eu"] }],
    });
    await made.settle();
    await made.chat(eu, chatRequest("wide"));
    expect(made.reached()).toBe("wide-eu");
    await made.chat(key, chatRequest("wide"));
    expect(made.reached()).toBe("wide-us");
  });

  test("a decision over fifty rules costs microseconds", async () => {
    const conditions = [{ field: "header" as const, name: "x-never", operator: "eq" as const, value: "yes" }];
    const rules = Array.from({ length: 50 }, (_, at) =>
      compileRule({ id: `${at}`, name: `r${at}`, match: "all", conditions, actions: [], stop: false }),
    );
    const began = performance.now();
    let held = 0;
    for (let at = 0; at < 10_000; at++) for (const rule of rules) if (rule.holds(facts)) held++;
    expect(held).toBe(0);
    expect((performance.now() - began) / 10_000).toBeLessThan(0.2);
  });
});
