import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import { begin } from "@/server/gateway/call";
import { planNow } from "@/server/gateway/plan";
import { nextTarget } from "@/server/gateway/select";
import { Secret } from "@/server/secret";
import { singleton } from "@/server/singleton";
import type { Caller } from "@/server/state/callers";
import {
  type Catalog,
  type CatalogDeployment,
  type CatalogKey,
  type CatalogModel,
  type CatalogProvider,
  usualSettings,
} from "@/server/state/catalog";
import { answered, routeOf } from "@/server/state/route-health";
import { compileRule, type Rule } from "@/server/state/rules";
import { ruleShape } from "@/server/wire/routing-rule";

/**
 * `npm run bench -- --routing`: what it costs to decide where a call goes, by strategy, among ten deployments of three keys each, under
 * ten rules: models, rules, abilities, the deployments' limits, strategy and key. Ends with 1 where a decision costs more than the bar.
 */
const BAR_MICROS = 20;
const DECISIONS = 20_000;
const ROUNDS = 5;
const DEPLOYMENTS = 10;
const KEYS = 3;
const strategies = [
  "priority",
  "weighted",
  "round-robin",
  "random",
  "least-busy",
  "lowest-latency",
  "lowest-cost",
  "sticky",
];

/** Some hold and narrow, some look at the prompt, most do not hold, as in an installation. */
const said: readonly z.input<typeof Said>[] = [
  { conditions: [{ field: "tag", operator: "eq", value: "gdpr" }], actions: [{ action: "choose", regions: ["eu"] }] },
  {
    conditions: [{ field: "key", operator: "in", value: ["a", "b"] }],
    actions: [{ action: "refuse", message: "No." }],
  },
  { conditions: [{ field: "group", operator: "matches", value: "x-*" }], actions: [{ action: "rewrite", model: "m" }] },
  {
    conditions: [{ field: "model", operator: "matches", value: "mod*" }],
    actions: [{ action: "exclude", tags: ["old"] }],
  },
  {
    conditions: [{ field: "header", name: "x-tier", operator: "eq", value: "gold" }],
    actions: [{ action: "choose", tags: ["fast"] }],
  },
  {
    conditions: [{ field: "metadata", name: "user", operator: "exists" }],
    actions: [{ action: "set", parameters: { temperature: 0 } }],
  },
  {
    conditions: [{ field: "content", operator: "eq", value: "images" }],
    actions: [{ action: "rewrite", model: "eyes" }],
  },
  { conditions: [{ field: "tokens", operator: "gt", value: 50_000 }], actions: [{ action: "choose", tags: ["long"] }] },
  {
    conditions: [{ field: "time", operator: "between", value: ["22:00", "22:01"], timeZone: "Europe/Berlin" }],
    actions: [{ action: "choose", providers: ["provider-1"] }],
  },
  {
    conditions: [
      { field: "weekday", operator: "notIn", value: ["sat", "sun"] },
      { field: "model", operator: "eq", value: "another" },
    ],
    actions: [{ action: "exclude", providers: ["provider-2"] }],
  },
];
const Said = z.object(ruleShape);
const rules = said.map((one, at): Rule => compileRule({ id: `${at}`, name: `rule ${at}`, ...Said.parse(one) }));

/** Of a vendor: nothing is limited. */
const boundless = { rpm: null, tpm: null, concurrent: null };

function providerOf(name: string): CatalogProvider {
  const keys = Array.from({ length: KEYS }, (_, at): CatalogKey => {
    return {
      id: randomUUID(),
      name: `key-${at}`,
      weight: at + 1,
      limits: boundless,
      credential: new Secret(`sk-${at}`),
    };
  });
  return {
    ...{ id: randomUUID(), name, type: "openai-compatible", baseUrl: null, allowPrivateNetwork: false },
    ...{ headers: {}, options: {}, probeSeconds: null, limits: boundless, keys },
  };
}

const deployments = Array.from({ length: DEPLOYMENTS }, (_, at): CatalogDeployment => {
  const deployment: CatalogDeployment = {
    ...{ id: randomUUID(), model: "model", upstreamModel: "gpt-4o", priority: 0, weight: at + 1 },
    ...{
      tags: at === 9 ? ["old"] : ["new"],
      region: at % 2 === 0 ? "eu" : "us",
      provider: providerOf(`provider-${at}`),
    },
    limits: { ...boundless, rpm: 1_000_000 },
    contextWindow: null,
    prices: [{ id: "price", effectiveFromMs: 0, rates: { input: 1e9 + at, output: 4e9 } }],
  };
  answered(routeOf(deployment.id), Date.now(), 100 + 10 * at);
  return deployment;
});

const model: CatalogModel = {
  ...{ name: "model", created: 0, strategy: "priority", settings: usualSettings, deployments },
  ...{ fallbacks: [], fallbacksOnContext: [], fallbacksOnPolicy: [] },
};

/** Puts a model into force, with the rules or without. */
function setUp(changes: Partial<CatalogModel>, inForce: readonly Rule[] = rules): void {
  const made = { ...model, ...changes };
  const providers = new Map(made.deployments.map(({ provider }) => [provider.name, provider]));
  const current: Catalog = { models: new Map([["model", made]]), providers, rules: inForce };
  singleton("catalog", (): { current: Catalog } => ({ current })).current = current;
}

const unlimited = { rpm: null, rph: null, rpd: null, tpm: null, tpd: null, concurrent: null };
const caller: Caller = {
  ...{ keyId: randomUUID(), keyName: "key", groupId: null, groupName: null, groupEnabled: true, enabled: true },
  ...{ expiresAtMs: null, models: ["*"], limits: unlimited, modelLimits: [], groupLimits: unlimited, budgets: [] },
  ...{ groupBalanceNano: null, tags: ["team:search"], cache: false, strict: false },
};

const body = {
  model: "model",
  messages: [
    { role: "system", content: "You are a helpful assistant. ".repeat(60) },
    { role: "user", content: "What is there to see in Ghent on a rainy day? ".repeat(20) },
  ],
};
const bytes = Buffer.from(JSON.stringify(body));

const call = begin(
  {
    ...{ method: "POST", path: "/v1/chat/completions", query: "", headers: {}, ip: "127.0.0.1", params: {} },
    cancel: new Cancel(),
    body: async () => bytes,
  },
  "chat",
  chat,
);
Object.assign(call, { caller, requestBytes: bytes.length, asked: { bytes, body } });

function decide(): void {
  // Nothing is known of a call that has just come.
  Object.assign(call, { model: "model", promptTokens: undefined, affinity: undefined });
  const [stage] = planNow(call, { caller, bytes, body }).stages;
  if (!stage || !nextTarget(call, stage, undefined)) throw new Error("Every decision finds a target.");
}

/** CPU microseconds a decision, the best of several rounds: what disturbs the machine only ever adds. */
function measure(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let decision = 0; decision < DECISIONS; decision++) decide();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / DECISIONS);
  }
  return best;
}

const what = `${DEPLOYMENTS} deployments of ${KEYS} keys, ${rules.length} rules`;
console.log(`| ${what} | µs a decision | decisions/s a core |\n|---|---:|---:|`);
let worst = 0;
function report(name: string): void {
  const micros = measure();
  worst = Math.max(worst, micros);
  console.log(`| ${name} | ${micros.toFixed(2)} | ${Math.round(1e6 / micros).toLocaleString("en")} |`);
}
setUp({ deployments: deployments.slice(0, 1) }, []);
report("one deployment, no rules");
setUp({ deployments: deployments.slice(0, 1) });
report("one deployment");
for (const strategy of strategies) {
  setUp({ strategy });
  report(strategy);
}
console.log(`\nBar: ${BAR_MICROS} µs. ${worst <= BAR_MICROS ? "Kept." : "Missed."}`);
process.exit(worst <= BAR_MICROS ? 0 : 1);
