import { z } from "zod";
import { PriceView } from "@/server/api/deployments.schema";
import { Id, Moment, MomentInput, Page } from "@/server/api/fields.schema";

/** A line in the list of calls. Token counts are totals over their classes. */
export const CallRow = z
  .object({
    id: Id,
    startedAt: Moment,
    requestId: z.string(),
    keyId: Id.nullable(),
    keyName: z.string().nullable(),
    groupName: z.string().nullable(),
    model: z.string().nullable(),
    providerName: z.string().nullable(),
    /** It was answered from inside the gateway, by the demonstration. */
    demo: z.boolean(),
    upstreamModel: z.string().nullable(),
    operation: z.string(),
    dialect: z.string(),
    stream: z.boolean(),
    status: z.int(),
    errorKind: z.string().nullable(),
    attempts: z.int(),
    inputTokens: z.number(),
    outputTokens: z.number(),
    estimated: z.boolean(),
    costUsd: z.string().nullable(),
    firstTokenMs: z.int().nullable(),
    durationMs: z.int(),
  })
  .meta({ id: "Call" });

/** One attempt to have a call answered. `atMs` is since the call began, `waitedMs` the pause before it. */
const CallAttempt = z.object({
  model: z.string(),
  providerName: z.string(),
  upstreamModel: z.string(),
  providerKeyName: z.string().nullable(),
  atMs: z.number(),
  waitedMs: z.number(),
  tookMs: z.number().nullable(),
  /** The provider's HTTP status; the gateway's own where none came. */
  status: z.number().nullable(),
  errorKind: z.string().nullable(),
  errorMessage: z.string().nullable(),
  /** What the provider bills for an attempt that another one completed; null where nothing is known of that. */
  costUsd: z.string().nullable(),
});

/** Everything known of one call. `tokens` are disjoint classes that sum to the totals. */
export const CallDetail = CallRow.extend({
  errorMessage: z.string().nullable(),
  finishReason: z.string().nullable(),
  groupId: Id.nullable(),
  deploymentId: Id.nullable(),
  providerId: Id.nullable(),
  providerKeyName: z.string().nullable(),
  clientIp: z.string().nullable(),
  userAgent: z.string().nullable(),
  tags: z.array(z.string()),
  dropped: z.array(z.string()),
  /** In their order; the last one brought the answer, where one was brought. */
  trace: z.array(CallAttempt),
  tokens: z.object({
    input: z.number(),
    cachedInput: z.number(),
    cacheWrite: z.number(),
    cacheWrite1h: z.number(),
    audioInput: z.number(),
    output: z.number(),
    reasoning: z.number(),
    audioOutput: z.number(),
  }),
  price: PriceView.nullable(),
  /** How the cost came about; the amounts add up to it. `per` of a thing cost `rateUsd`, times `factor`. */
  lines: z.array(
    z.object({
      what: z.string(),
      quantity: z.number(),
      per: z.number(),
      rateUsd: z.string(),
      factor: z.number(),
      amountUsd: z.string(),
    }),
  ),
  adjustments: z.array(
    z.object({
      id: Id,
      at: Moment,
      kind: z.string(),
      deltaUsd: z.string(),
      reason: z.string(),
      actor: z.string(),
    }),
  ),
  /** The cost with all adjustments. */
  netCostUsd: z.string().nullable(),
}).meta({ id: "CallDetail" });

/** Which calls to list, newest first. Without `from` the seven days before `to` (now) are searched. */
export const CallFilter = z.strictObject({
  from: MomentInput.optional(),
  to: MomentInput.optional(),
  keyId: Id.optional(),
  model: z.string().max(300).optional(),
  providerName: z.string().max(100).optional(),
  /** `recovered`: answered after an attempt that failed. */
  outcome: z.enum(["ok", "error", "recovered"]).optional(),
  errorKind: z.string().max(100).optional(),
  /** Part of a request id, model, key name or error message. */
  search: z.string().trim().max(200).optional(),
  ...Page,
});

/** A page of calls. */
export const CallPage = z.object({ items: z.array(CallRow), nextCursor: z.string().nullable() });

/** Addresses a call; with its `startedAt` it is found at once, without it every day is searched. */
export const ByCall = z.strictObject({ id: Id, startedAt: MomentInput.optional() });

/** The gateway's `x-request-id` of a call. */
export const ByRequestId = z.strictObject({ requestId: z.string().min(1).max(200) });

/** What the calls of the last 30 days can be filtered by. */
export const CallFacets = z.object({
  models: z.array(z.string()),
  providers: z.array(z.string()),
  errorKinds: z.array(z.string()),
  keys: z.array(z.object({ id: Id, name: z.string() })),
});
