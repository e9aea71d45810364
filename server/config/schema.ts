import { z } from "zod";
import { ruleShape } from "@/server/wire/routing-rule";

/** How a model chooses among its deployments. */
const STRATEGIES = [
  "priority",
  "weighted",
  "round-robin",
  "random",
  "least-busy",
  "lowest-latency",
  "lowest-cost",
  "sticky",
] as const;

const PERIODS = ["total", "day", "week", "month", "year", "hours"] as const;

const MAX_INT = 2_147_483_647;
const name = z.string().min(1).max(200);
const whole = z.int().min(0).max(MAX_INT);
const atLeastOne = z.int().min(1).max(MAX_INT);
/** Far above any sum in practice, far below what 64 bits of nano-dollars hold. */
const usd = z.number().min(0).max(1_000_000_000);
const perMillion = z.number().min(0).max(1_000_000);

const limits = {
  rpm: atLeastOne.optional().describe("Requests per minute."),
  rph: atLeastOne.optional().describe("Requests per hour."),
  rpd: atLeastOne.optional().describe("Requests per day."),
  tpm: atLeastOne.optional().describe("Tokens per minute."),
  tpd: atLeastOne.optional().describe("Tokens per day."),
  concurrent: atLeastOne.optional().describe("Calls at the same time."),
};

/** What an upstream takes at most. */
const upstreamLimits = z.strictObject({ rpm: limits.rpm, tpm: limits.tpm, concurrent: limits.concurrent }).default({});

const ProviderKey = z.strictObject({
  name: name.default("main").describe("Tells this provider's keys apart."),
  apiKey: z
    .string()
    .min(1)
    .describe(`The vendor's credential, best as \${NAME} of an environment variable. Stored sealed.`),
  weight: whole.default(1).describe("Share of calls among this provider's keys; 0 takes none."),
  limits: upstreamLimits.describe("What it takes at most; calls beyond that are sent with the other keys."),
});

const Provider = z.strictObject({
  name: name.describe("Your name for this vendor account; models refer to it."),
  type: name.describe("Id of a provider type, such as openai or openai-compatible."),
  baseUrl: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .describe("Where the API is; left out, the provider type's own address."),
  allowPrivateNetwork: z
    .boolean()
    .default(false)
    .describe("Whether calls may go to addresses that are not on the public internet."),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe("Sent with every call. Not for credentials: headers are stored unsealed."),
  options: z.record(z.string(), z.json()).default({}).describe("Settings of the provider type."),
  probeSeconds: z
    .int()
    .min(10)
    .max(86_400)
    .optional()
    .describe("How often each key is tried by asking for the list of models. Left out, never."),
  limits: upstreamLimits.describe("What all of it takes at most; calls beyond that go to other providers."),
  keys: z.array(ProviderKey).default([]),
});

const Price = z
  .strictObject({
    inputPerMillion: perMillion.optional(),
    outputPerMillion: perMillion.optional(),
    cachedInputPerMillion: perMillion.optional().describe("Left out: as input."),
    cacheWritePerMillion: perMillion.optional().describe("Left out: as input."),
    cacheWrite1hPerMillion: perMillion.optional().describe("Left out: as cacheWritePerMillion."),
    reasoningPerMillion: perMillion.optional().describe("Left out: as output."),
    audioInputPerMillion: perMillion.optional().describe("Left out: as input."),
    audioOutputPerMillion: perMillion.optional().describe("Left out: as output."),
    perCall: perMillion.optional().describe("Added to each call."),
  })
  .describe("USD per million tokens of each class. Left out, the bundled price library is asked.");

const Deployment = z.strictObject({
  provider: name.describe("Name of a provider in this file."),
  model: z.string().min(1).max(500).describe("The vendor's own name for the model."),
  priority: z.int().min(-MAX_INT).max(MAX_INT).default(0).describe("Lower is tried first."),
  weight: whole.default(1).describe("Share of calls among deployments of one priority."),
  tags: z.array(name).default([]).describe("Words that rules and callers choose it by."),
  region: name.optional().describe("Where it computes, such as eu."),
  limits: upstreamLimits.describe("What it takes at most; calls beyond that go to the other deployments."),
  contextWindow: atLeastOne
    .optional()
    .describe(
      "In tokens. Left out, what is known of a model of that name. Longer prompts go to the other deployments.",
    ),
  price: Price.optional(),
});

const Model = z.strictObject({
  name: name.describe("The name that callers use."),
  strategy: z.enum(STRATEGIES).default("priority"),
  fallbacks: z.array(name).default([]).describe("Models in this file to try, in order, when every deployment failed."),
  fallbacksOnContext: z
    .array(name)
    .default([])
    .describe("The same for prompts that were too long for every deployment, before those of fallbacks."),
  fallbacksOnPolicy: z
    .array(name)
    .default([])
    .describe("The same for requests refused for their content; without any the refusal stands."),
  rescue: z.boolean().default(true).describe("Whether another deployment goes on with a stream that broke off."),
  hedge: z
    .boolean()
    .default(false)
    .describe("Whether a second deployment is asked when the first is slow to begin a stream."),
  firstByteMs: atLeastOne
    .max(3_600_000)
    .optional()
    .describe("How long a stream's first event may take. Left out, CONDUIT_FIRST_BYTE_TIMEOUT_MS."),
  retries: whole
    .max(10)
    .optional()
    .describe("How often in all a call asks targets again that failed. Left out, CONDUIT_RETRIES."),
  cache: z.boolean().default(false).describe("Whether answers are kept for identical requests."),
  cacheTtlSeconds: atLeastOne.max(2_592_000).optional().describe("For how long. Left out, an hour."),
  deployments: z.array(Deployment).default([]),
});

const Rule = z.strictObject({
  name: name.describe("Told in refusals and by the simulator."),
  enabled: z.boolean().default(true),
  ...ruleShape,
});

const Budget = z.strictObject({
  period: z.enum(PERIODS).describe("When it begins anew; hours is a rolling window."),
  limitUsd: usd,
  hours: atLeastOne.max(8_760).optional().describe("Length of the rolling window, for the period hours."),
  name: z.string().max(100).default("").describe("Told in refusals and alerts."),
  timeZone: z.string().default("UTC").describe("IANA name; days, weeks, months and years begin at its midnight."),
  models: z.array(name).default([]).describe("Models that it covers, several by a trailing *; left out, all."),
  soft: z.boolean().default(false).describe("It alerts and refuses nothing."),
});

const Group = z.strictObject({
  name,
  externalId: name.optional().describe("What your own system calls it."),
  balanceUsd: usd
    .optional()
    .describe("Set when the group is created and when this number changes, not at every start."),
  budgets: z.array(Budget).default([]).describe("Of all its keys together."),
  limits: z.strictObject(limits).default({}).describe("Of all its keys together."),
});

const VirtualKey = z.strictObject({
  name,
  key: z.string().describe(`What callers send, at least 16 characters, best as \${NAME}. Only its hash is stored.`),
  group: name.optional().describe("Name of a group in this file."),
  models: z.array(name).min(1).default(["*"]).describe("Models the key may use; a trailing * matches any ending."),
  expiresAt: z.string().nullable().default(null).describe("ISO 8601 date or date and time; null means never."),
  budgets: z.array(Budget).default([]),
  limits: z.strictObject(limits).default({}),
  modelLimits: z
    .array(
      z.strictObject({
        model: name.describe("A model, or several by a trailing *; those are counted together."),
        ...limits,
      }),
    )
    .default([])
    .describe("Limits of this key for some models, beside its own."),
  cache: z.boolean().default(false).describe("Whether answers are kept for identical requests."),
  strict: z
    .boolean()
    .default(false)
    .describe("Whether a call is refused of which something would be lost at the provider."),
});

/** The shape of conduit.json; what a shape cannot say (references, addresses, duplicates) is checked in check.ts. */
export const ConfigFile = z.strictObject({
  $schema: z.string().optional(),
  providers: z.array(Provider).default([]),
  models: z.array(Model).default([]),
  groups: z.array(Group).default([]),
  virtualKeys: z.array(VirtualKey).default([]),
  rules: z.array(Rule).default([]).describe("Routing rules, asked in this order before those of the dashboard."),
  limits: z
    .strictObject(limits)
    .optional()
    .describe("Of all callers together. Left out, those set in the dashboard stay in force."),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** The published JSON Schema (draft 7) of conduit.json as it is written, before `${NAME}` is resolved. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const schema = z.toJSONSchema(ConfigFile, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema }) => {
      if (!jsonSchema.enum) return;
      // A choice may be written as a variable too.
      jsonSchema.anyOf = [{ enum: jsonSchema.enum }, { type: "string", pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" }];
      delete jsonSchema.enum;
      delete jsonSchema.type;
    },
  });
  return { title: "conduit.json", description: "Configuration file of the Conduit LLM gateway.", ...schema };
}
