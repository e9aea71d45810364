import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import { completions } from "@/server/dialects/completions";
import type { JsonObject, TextDialect } from "@/server/dialects/dialect";
import { messages } from "@/server/dialects/messages";
import { responses } from "@/server/dialects/responses";
import { type ErrorKind, GatewayError, isGatewayError } from "@/server/errors";
import { authenticate } from "@/server/gateway/authenticate";
import { begin, type Call, type CallTarget } from "@/server/gateway/call";
import type { Inbound } from "@/server/gateway/endpoint";
import { withModel } from "@/server/gateway/narrow";
import { type Asking, budgetFor, type Plan, planNow } from "@/server/gateway/plan";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { hasRoom } from "@/server/gateway/room";
import { nextTarget, type Tried } from "@/server/gateway/select";
import { passable, type Route, routeOf } from "@/server/state/route-health";
import { rehearse } from "@/server/state/turns";

const dialects = { chat, completions, messages, responses } as const;
/** The dialects of text that a simulated request may be in. */
export type SimulatedDialect = keyof typeof dialects;

/** A request to look at: whose it would be, and what it would say. */
export type Supposed = {
  readonly keyId: string;
  readonly dialect: SimulatedDialect;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
};

/** A target as it is told of; the key is that of its provider which would be used. */
type Told = {
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly deploymentId: string | null;
  readonly key: string | null;
};

/** Where a request would go now, and why not elsewhere. */
export type Simulation = {
  /** Null where the call would be sent. */
  readonly refusal: { readonly kind: ErrorKind; readonly status: number; readonly message: string } | null;
  /** The model that is asked for in the end. */
  readonly model: string;
  /** Names of the routing rules that held. */
  readonly rules: string[];
  /** Fields of the request that would be set, or taken out where they are null. */
  readonly changes: JsonObject;
  /** In the order in which they would be tried, each stage only after those before it. */
  readonly stages: {
    readonly model: string;
    readonly strategy: string;
    readonly on: Stage["on"];
    readonly targets: Told[];
  }[];
  readonly passedOver: (Told & { readonly reason: string })[];
};

/**
 * Where a request would go, from the state that calls see at this moment; nothing is sent or drawn, so the next identical call goes the
 * same way. What would refuse the call is told, not thrown.
 */
export async function simulate({ keyId, dialect: name, headers, body }: Supposed): Promise<Simulation> {
  const dialect: TextDialect = dialects[name];
  const call = begin(inboundOf(keyId, headers), "chat", dialect);
  const passedOver: (Told & { reason: string })[] = [];
  const passed = (target: CallTarget, model: string, reason: string): void => {
    passedOver.push({ ...told(target, model, null), reason });
  };
  try {
    const asking = await askingOf(call, dialect, body);
    const budgetUsd = await budgetFor(call, asking);
    return rehearse(() => {
      const plan = planNow(call, { ...asking, budgetUsd }, passed);
      const stages = plan.stages.map((stage) => inOrder(call, stage, passed));
      const refusal = stages.some(({ targets }) => targets.length > 0) ? null : nowhere;
      return { refusal, ...aboutPlan(call, plan), stages, passedOver };
    });
  } catch (error) {
    if (!isGatewayError(error) || error.kind === "internal") throw error;
    const { kind, status, message } = error;
    return {
      refusal: { kind, status, message },
      model: call.model ?? "",
      rules: [],
      changes: {},
      stages: [],
      passedOver,
    };
  }
}

const nowhere = {
  kind: "upstream_unavailable",
  status: 502,
  message: "No target of this call is in service.",
} as const;

function aboutPlan(call: Call, { stages, rules, changes }: Plan): Pick<Simulation, "model" | "rules" | "changes"> {
  return { model: stages[0]?.model ?? call.model ?? "", rules: [...rules], changes: changes ?? {} };
}

function inboundOf(keyId: string, headers: Readonly<Record<string, string>>): Inbound {
  const small = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method: "POST",
    path: "",
    query: "",
    headers: Object.fromEntries(small),
    ip: "",
    params: {},
    body: () => Promise.resolve(Buffer.alloc(0)),
    cancel: new Cancel(),
    actAsKeyId: keyId,
  };
}

async function askingOf(call: Call, dialect: TextDialect, given: JsonObject): Promise<Asking> {
  const caller = await authenticate(call.inbound);
  const read = dialect.schema.safeParse(withModel(given));
  if (!read.success) {
    const [issue] = read.error.issues;
    const param = issue?.path.map(String).join(".") || undefined;
    throw new GatewayError("invalid_request", `Invalid '${param ?? "body"}': ${issue?.message ?? "not taken"}`, {
      param,
    });
  }
  const body = read.data;
  const { model, stream } = dialect.read(body, { params: {}, query: new URLSearchParams() });
  const bytes = Buffer.from(JSON.stringify(given));
  Object.assign(call, { caller, model, stream, requestBytes: bytes.length, conversation: body });
  return { caller, bytes, body };
}

/** As the attempts would go if each of them failed. */
function inOrder(
  call: Call,
  stage: Stage,
  passed: (target: CallTarget, model: string, reason: string) => void,
): Simulation["stages"][number] {
  const { model, strategy, on } = stage;
  const tried: Tried = new Map();
  const targets: Told[] = [];
  for (let next = nextTarget(call, stage, tried); next; next = nextTarget(call, stage, tried)) {
    tried.set(routeId(next.target), { times: 1, keys: [], verdict: "elsewhere", again: 0 });
    targets.push(told(next.target, model, next.target.key?.name ?? null));
  }
  for (const target of stage.targets) if (!tried.has(routeId(target))) passed(target, model, whyNot(call, target));
  return { model, strategy, on, targets };
}

function told({ provider, upstreamModel, deployment }: CallTarget, model: string, key: string | null): Told {
  return { model, provider: provider.name, upstreamModel, deploymentId: deployment?.id ?? null, key };
}

/** Why a target that might serve is not asked at this moment. */
function whyNot(call: Call, target: CallTarget): string {
  const { provider } = target;
  if (!hasRoom(call, target)) return "it is at its own limit of requests, tokens or calls at the same time";
  const now = Date.now();
  const route = routeOf(routeId(target));
  if (!passable(route, now)) return `it is ${conditionOf(route, now)}`;
  const keys = provider.keys.map(({ id, name, weight }) => {
    if (weight <= 0) return `${name} has no weight`;
    const pair = route.pairs?.get(id);
    if (pair && !passable(pair, now)) return `${name}, with this model, is ${conditionOf(pair, now)}`;
    return `${name} is ${conditionOf(routeOf(id), now)}`;
  });
  return keys.length > 0 ? `none of its provider's keys is in service: ${keys.join("; ")}` : "it is out of service";
}

function conditionOf({ state, out, untilMs, lastError }: Route, now: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - now) / 1_000));
  const why = out ?? lastError?.message;
  const because = why === undefined ? "" : `: ${why}`;
  if (out !== undefined) return `taken out for ${seconds} s${because}`;
  if (state === "half-open") return `being probed by another call${because}`;
  if (state === "open") return `left out by its breaker for ${seconds} s${because}`;
  return untilMs > now ? `at a limit for ${seconds} s${because}` : "in service";
}
