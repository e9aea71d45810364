import { randomUUID } from "node:crypto";
import type { Cancel } from "@/server/cancel";
import type { AnswerContext, Canonical, Dialect, JsonObject } from "@/server/dialects/dialect";
import { env } from "@/server/env";
import type { ErrorKind, GatewayError } from "@/server/errors";
import type { Inbound } from "@/server/gateway/endpoint";
import type { HeldAnswer } from "@/server/gateway/hold-more";
import type { ModelLimits } from "@/server/gateway/model-limits";
import type { OtherModels } from "@/server/gateway/other-models";
import type { Attempt } from "@/server/gateway/trace";
import type { NanoUsd } from "@/server/money";
import type { DecodeContext } from "@/server/providers/provider";
import type { Hold } from "@/server/state/budgets";
import type { Caller } from "@/server/state/callers";
import type { CatalogDeployment, CatalogKey, CatalogProvider } from "@/server/state/catalog";
import type { LimitFacts } from "@/server/state/limits-facts";
import type { Hold as LimitHold } from "@/server/state/limits-memory";
import type { OpenCall } from "@/server/state/open-calls";
import type { Route } from "@/server/state/route-health";
import type { Usage } from "@/server/wire/usage";

export type Operation = "chat" | "embeddings" | "rerank" | "moderations" | "models" | "key";
/** What a call was sent to. */
export type CallTarget = {
  readonly provider: CatalogProvider;
  readonly upstreamModel: string;
  /** Undefined when a provider was addressed directly with a model that no deployment declares. */
  readonly deployment: CatalogDeployment | undefined;
  readonly key: CatalogKey | undefined;
};

type Asked = {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** The limit on the answer's tokens that it sets. */
  readonly askedTokens?: number | undefined;
};

/** One request on its way through the gateway, and the ledger row it becomes. Each step fills in what it learns. */
export type Call = {
  /** UUID: the ledger's. */
  readonly id: string;
  /** What caller and logs know it by. */
  readonly requestId: string;
  readonly operation: Operation;
  /** The caller's, in which errors are said too. */
  readonly dialect: Dialect;
  readonly inbound: Inbound;
  readonly cancel: Cancel;
  readonly startedAtMs: number;
  /** Monotonic milliseconds, for durations. */
  readonly startedTick: number;
  /** When the call's total time is up, by the same clock. */
  readonly untilTick: number;
  caller: Caller | undefined;
  /** As the caller wrote it. */
  model: string | undefined;
  stream: boolean;
  /** Length of the request's body. */
  requestBytes: number;
  /** About how many tokens the prompt has, files in it counted for little; 0 until somebody wants to know. */
  requestTokens: number;
  target: CallTarget | undefined;
  attempts: number;
  /** When the attempt under way began, by the monotonic clock. */
  attemptTick: number;
  /** Why it was ended in favour of another attempt, before that is told apart from a caller who left. */
  outrun: GatewayError | undefined;
  /** The call that it goes on as: of two attempts side by side, the one that won. */
  became: Call | undefined;
  /** How long the attempt under way may take to its first byte, or a stream's first event. */
  firstByteMs: number;
  /** The turn at which the attempt under way departed: what became of the routes since, it tells nothing of. */
  turn: number;
  /** The way that an attempt under way occupies. */
  occupied: Route | undefined;
  /** What it takes of that deployment's own limits. */
  room: LimitHold | undefined;
  /** Every attempt so far, in order. */
  readonly trace: Attempt[];
  /** What attempts cost that a vendor billed and another one completed, in nano-dollars. */
  spentBefore: NanoUsd;
  /** What such attempts used, where that is known; `estimated` where a vendor said nothing of it. */
  usedBefore: { readonly usage: Usage; readonly estimated: boolean } | undefined;
  /** The prompt, for when its tokens must be counted here. */
  prompt: { readonly canonical: Canonical } | undefined;
  /**
   * The request as strategies look at it. Not functions that read it: one that holds the call, held by the call, costs the garbage
   * collector ten times what the call does.
   */
  asked: Asked | undefined;
  /** What its conversation is known by; undefined until a strategy wants to know. */
  affinity: number | undefined;
  /** What an answer from the cache would have cost, in nano-dollars. */
  savedNano: NanoUsd | undefined;
  usage: Usage | undefined;
  /** The gateway's own guess, used where the upstream says nothing. */
  estimate: Usage | undefined;
  finishReason: string | undefined;
  /** The answer's id at a vendor that keeps answers for later calls. */
  responseId: string | undefined;
  firstTokenMs: number | undefined;
  dropped: readonly string[];
  /** The caller wants a refusal rather than a request that lost something on its way. */
  strict: boolean;
  failure: { readonly kind: ErrorKind; readonly message: string } | undefined;
  /** True once the total time is up, to tell that from a caller who left. */
  timedOut: boolean;
  silence: OpenCall["silence"];
  /** Its place among the calls under way. */
  place: number;
  /** It is one of two attempts side by side, and not yet the call. */
  isBeside: boolean;
  /** How the limits that hold for it stand, and what it reserved of them. */
  limitFacts: LimitFacts | undefined;
  limits: LimitHold | undefined;
  /** How many tokens that was, before it is known how many it uses. */
  reservedTokens: number;
  /** The same of limits for single models, where several may serve it. */
  modelLimits: ModelLimits | undefined;
  /** Money that it may spend; settled at the true cost. */
  hold: Hold | undefined;
  /** Whose money that is, where it names several models whose budgets differ. */
  others: OtherModels | undefined;
  /** Models that it names whose budgets do not pay for it. */
  unpaid: readonly string[] | undefined;
  /** What of the answer the hold pays for, where the caller set no limit: a stream holds more as it goes on. */
  heldAnswer: HeldAnswer | undefined;
  settled: boolean;
};

const SAFE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Opens a call: its ids, its clock, and the row that will be written. */
export function begin(inbound: Inbound, operation: Operation, dialect: Dialect): Call {
  const id = randomUUID();
  const given = inbound.headers["x-request-id"];
  const startedTick = performance.now();
  return {
    id,
    requestId: typeof given === "string" && SAFE_REQUEST_ID.test(given) ? given : `req_${withoutHyphens(id)}`,
    operation,
    dialect,
    inbound,
    cancel: inbound.cancel,
    startedAtMs: Date.now(),
    startedTick,
    untilTick: startedTick + env.totalMs,
    caller: undefined,
    model: undefined,
    stream: false,
    requestBytes: 0,
    requestTokens: 0,
    target: undefined,
    attempts: 0,
    attemptTick: startedTick,
    firstByteMs: env.firstByteMs,
    became: undefined,
    outrun: undefined,
    turn: 0,
    occupied: undefined,
    room: undefined,
    trace: [],
    spentBefore: 0n,
    usedBefore: undefined,
    savedNano: undefined,
    prompt: undefined,
    asked: undefined,
    affinity: undefined,
    usage: undefined,
    estimate: undefined,
    finishReason: undefined,
    responseId: undefined,
    firstTokenMs: undefined,
    dropped: [],
    strict: inbound.headers["x-conduit-strict"] === "true",
    failure: undefined,
    timedOut: false,
    silence: undefined,
    place: -1,
    isBeside: false,
    limitFacts: undefined,
    limits: undefined,
    reservedTokens: 0,
    modelLimits: undefined,
    hold: undefined,
    others: undefined,
    unpaid: undefined,
    heldAnswer: undefined,
    settled: false,
  };
}

function withoutHyphens(uuid: string): string {
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24);
}

/** What a decoder uses where the upstream gives no id or time of its own. */
export function decodeContext(call: Call): DecodeContext {
  return { id: `chatcmpl-${call.id}`, created: Math.floor(call.startedAtMs / 1000) };
}

/** What an encoder of the caller's dialect uses for ids and times. */
export function answerContext(call: Call): AnswerContext {
  return {
    id: withoutHyphens(call.id),
    created: Math.floor(call.startedAtMs / 1000),
    model: call.model ?? "",
  };
}

/** Milliseconds since the call began. */
export function elapsedMs(call: Call): number {
  return Math.round(performance.now() - call.startedTick);
}

/** Notes when the first token came; only the first time counts. */
export function markFirstToken(call: Call): void {
  call.firstTokenMs ??= elapsedMs(call);
}
