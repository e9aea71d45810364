import { z } from "zod";
import { Id, Moment, MomentInput, Name } from "@/server/api/fields.schema";
import { ruleShape } from "@/server/wire/routing-rule";

/** A routing rule as it is shown; rules hold in the order of `position`. */
export const RuleView = z
  .object({
    id: Id,
    name: z.string(),
    position: z.int(),
    enabled: z.boolean(),
    managed: z.boolean(),
    ...ruleShape,
    createdAt: Moment,
  })
  .meta({ id: "RoutingRule" });

/** A new rule; it comes after those that are there. */
export const NewRule = z.strictObject({ name: Name, enabled: z.boolean().default(true), ...ruleShape });

/** Changes to a rule: what is left out stays; conditions and actions are replaced as wholes. */
export const RuleChange = z.strictObject({
  id: Id,
  name: Name.optional(),
  enabled: z.boolean().optional(),
  match: ruleShape.match.unwrap().optional(),
  conditions: ruleShape.conditions.unwrap().optional(),
  actions: ruleShape.actions.optional(),
  stop: ruleShape.stop.unwrap().optional(),
});

/** All rules of the dashboard's, in the order in which they are to be asked. */
export const RuleOrder = z.strictObject({ ids: z.array(Id).max(1_000) });

/** A way to an upstream as this process knows it: a deployment, a key of a provider, or a pair of the two where it fails as such. */
export const RouteView = z
  .object({
    /**
     * A deployment's or key's id, `<provider id>/<model>` where no deployment declares the model, or `<key's id>@<id>` of a pair of a
     * key and one of these.
     */
    id: z.string(),
    kind: z.enum(["deployment", "key", "direct", "pair"]),
    provider: z.string(),
    model: z.string().nullable(),
    upstreamModel: z.string().nullable(),
    key: z.string().nullable(),
    state: z.enum(["closed", "open", "half-open"]),
    /** Failures in a row. */
    failures: z.int(),
    /** Why it is out of service, where it was refused: the account, or a pair's key for its model. */
    out: z.string().nullable(),
    /** Until when it takes no calls. */
    until: Moment.nullable(),
    lastError: z.object({ kind: z.string(), message: z.string(), at: Moment }).nullable(),
    /** Average time to the first token, in milliseconds. */
    firstTokenMs: z.number().nullable(),
    inFlight: z.int(),
  })
  .meta({ id: "Route" });

/** Names one way, or with null all of them. */
export const ByRoute = z.strictObject({ id: z.string().min(1).max(600).nullable() });

export const ResetRoutes = z.object({ reset: z.int() });

/** Which errors of providers are asked for; the last day without a beginning. */
export const ErrorFilter = z.strictObject({
  from: MomentInput.optional(),
  to: MomentInput.optional(),
  provider: z.string().max(200).optional(),
});

/** Failed attempts of one hour at one provider with one of its keys, of one kind. */
export const ErrorGroup = z
  .object({
    provider: z.string(),
    key: z.string().nullable(),
    kind: z.string(),
    hour: Moment,
    count: z.int(),
    lastAt: Moment,
    lastStatus: z.int().nullable(),
    lastMessage: z.string().nullable(),
    upstreamModels: z.array(z.string()),
  })
  .meta({ id: "ProviderErrors" });

/** Hides errors from before now: of one provider, or with null of all. The ledger keeps them. */
export const ErrorClearance = z.strictObject({ provider: z.string().min(1).max(200).nullable() });

export const ErrorsCleared = z.object({ provider: z.string().nullable(), before: Moment });

/** A request to look at, as a key would send it. */
export const SimulationInput = z.strictObject({
  keyId: Id,
  /** Of generateContent the body's `model` and `stream` stand for the path. */
  dialect: z.enum(["chat", "completions", "messages", "responses", "generateContent", "embeddings"]).default("chat"),
  headers: z.record(z.string().max(200), z.string().max(4_000)).default({}),
  body: z.record(z.string(), z.json()),
});

const Target = z.object({
  model: z.string(),
  provider: z.string(),
  upstreamModel: z.string(),
  deploymentId: Id.nullable(),
  key: z.string().nullable(),
});

/** Where the request would go now, and why not elsewhere. */
export const SimulationView = z
  .object({
    refusal: z.object({ kind: z.string(), status: z.int(), message: z.string() }).nullable(),
    /** Asked first; null where the call is refused, answered from the cache, or waits. */
    next: Target.nullable(),
    waits: z.boolean(),
    cache: z.object({ state: z.enum(["off", "hit", "miss"]), ageSeconds: z.int().nullable() }),
    /** Asked beside the first after so many milliseconds without a first token. */
    hedge: z.object({ afterMs: z.number(), target: Target }).nullable(),
    /** Tokens of the answer that the budgets pay for, where that limits it. */
    outputLimit: z.int().nullable(),
    model: z.string(),
    rules: z.array(z.string()),
    changes: z.record(z.string(), z.unknown()),
    stages: z.array(
      z.object({
        model: z.string(),
        strategy: z.string(),
        on: z.enum(["any", "error", "context", "policy"]),
        changes: z.record(z.string(), z.unknown()),
        targets: z.array(Target),
      }),
    ),
    passedOver: z.array(Target.extend({ reason: z.string() })),
  })
  .meta({ id: "Simulation" });
