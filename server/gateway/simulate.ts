import type { JsonObject } from "@/server/dialects/dialect";
import { type ErrorKind, type GatewayError, isGatewayError } from "@/server/errors";
import { type Admitted, wouldAdmit } from "@/server/gateway/admit";
import { PATIENCE_MS } from "@/server/gateway/attempts";
import type { Call, CallTarget } from "@/server/gateway/call";
import type { Passed } from "@/server/gateway/eligible";
import { hedgeAfterMs } from "@/server/gateway/hedge";
import { isOver } from "@/server/gateway/model-limits";
import { outOfService } from "@/server/gateway/out-of-service";
import { budgetsFor, type Plan, planNow } from "@/server/gateway/plan";
import { ageOfKept, type Recall } from "@/server/gateway/recall";
import { isFor, routeId, type Stage } from "@/server/gateway/resolve";
import { comesBack, nextTarget, type Tried } from "@/server/gateway/select";
import { type Supposed, type Supposition, suppose } from "@/server/gateway/suppose";
import { whyNot } from "@/server/gateway/why-not";
import { rehearse } from "@/server/state/turns";

/** A target as it is told of; the key is that of its provider which would be used. */
type Told = {
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly deploymentId: string | null;
  readonly key: string | null;
};

type Refusal = { readonly kind: ErrorKind; readonly status: number; readonly message: string };

/** Where a request would go now, and why not elsewhere. */
export type Simulation = {
  /** What the call would be refused with; null where it would be answered or sent. */
  readonly refusal: Refusal | null;
  /** The target that would be asked first; null where the call is refused, answered from the cache, or waits for one. */
  readonly next: Told | null;
  /** Whether the call would wait for a target that is out of service for a moment. */
  readonly waits: boolean;
  /** Whether an answer is kept for it, and how old; `off` where the call does not ask the cache. */
  readonly cache: { readonly state: "off" | "hit" | "miss"; readonly ageSeconds: number | null };
  /** The target that would be asked beside the first, and after how long without a first token. */
  readonly hedge: { readonly afterMs: number; readonly target: Told } | null;
  /** How many tokens of the answer the budgets pay for, where that limits it. */
  readonly outputLimit: number | null;
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
    /** What rules set for this stage alone. */
    readonly changes: JsonObject;
    readonly targets: Told[];
  }[];
  readonly passedOver: (Told & { readonly reason: string })[];
};

/**
 * What would become of a request, from the state that calls see at this moment: limits, budgets, cache, and its way. Nothing is sent,
 * taken or drawn, so the next identical call goes the same way. What would refuse the call is told, not thrown.
 */
export async function simulate(supposed: Supposed): Promise<Simulation> {
  const passedOver: (Told & { reason: string })[] = [];
  const passed: Passed = (target, model, reason) => passedOver.push({ ...told(target, model, null), reason });
  let model = String(supposed.body.model ?? "");
  try {
    const door = await atTheDoor(await suppose(supposed));
    const supposition = await suppose(supposed);
    const { call } = supposition;
    model = call.model ?? model;
    const budgetsUsd = await budgetsFor(call, supposition.asking);
    return rehearse(() => {
      const plan = planNow(call, { ...supposition.asking, budgetsUsd }, passed);
      const { stages: planned, admission } = supposition.proceed(plan);
      call.modelLimits = door.modelLimits;
      const stages = withinLimits(call, planned, passed);
      // A strategy may look at how long the answer may be.
      if (door.admitted?.limit !== undefined) admission.limitOutput?.(door.admitted.limit);
      const way = { stages, ordered: stages.map((stage) => inOrder(call, stage, passed)) };
      return { ...whatNext(call, way, door), ...aboutPlan(call, { ...plan, stages }), stages: way.ordered, passedOver };
    });
  } catch (error) {
    if (!isGatewayError(error) || error.kind === "internal") throw error;
    const nowhere = { ...nothing, refusal: refusalOf(error) };
    return { ...nowhere, model, rules: [], changes: {}, stages: [], passedOver };
  }
}

const nothing = {
  refusal: null,
  next: null,
  waits: false,
  cache: { state: "off", ageSeconds: null },
  hedge: null,
  outputLimit: null,
} as const;

/** What a call meets before a target is looked for. */
type Door = {
  readonly admitted: Admitted | undefined;
  readonly modelLimits: Call["modelLimits"];
  readonly refusal: GatewayError | undefined;
  readonly cache: Simulation["cache"];
};

async function atTheDoor({ call, asking, proceed }: Supposition): Promise<Door> {
  const budgetsUsd = await budgetsFor(call, asking);
  const { admission, recall } = rehearse(() => proceed(planNow(call, { ...asking, budgetsUsd })));
  try {
    const admitted = await wouldAdmit(call, asking.caller, admission);
    return { admitted, modelLimits: call.modelLimits, refusal: undefined, cache: await lookedUp(recall) };
  } catch (error) {
    if (!isGatewayError(error) || error.kind === "internal") throw error;
    return { admitted: undefined, modelLimits: undefined, refusal: error, cache: nothing.cache };
  }
}

/** The stages of models whose limits do not stand against the call. */
function withinLimits(call: Call, stages: readonly Stage[], passed: Passed): readonly Stage[] {
  return stages.filter((stage) => {
    if (!isOver(call, stage)) return true;
    for (const target of stage.targets)
      passed(target, stage.model, "a limit that the key has for its model is reached");
    return false;
  });
}

async function lookedUp(recall: Recall | undefined): Promise<Simulation["cache"]> {
  if (!recall) return nothing.cache;
  const ageSeconds = await ageOfKept(recall);
  return ageSeconds === undefined ? { state: "miss", ageSeconds: null } : { state: "hit", ageSeconds };
}

type Way = { readonly stages: readonly Stage[]; readonly ordered: Simulation["stages"] };
type Next = Pick<Simulation, "refusal" | "next" | "waits" | "cache" | "hedge" | "outputLimit">;

function whatNext(call: Call, { stages, ordered }: Way, { admitted, refusal, cache }: Door): Next {
  if (!admitted || refusal) return { ...nothing, refusal: refusal ? refusalOf(refusal) : null };
  const outputLimit = admitted.limit ?? null;
  if (cache.state === "hit") return { ...nothing, cache, outputLimit };
  // Nothing has failed yet.
  const at = stages.findIndex((stage, index) => isFor(stage, undefined) && ordered[index]?.targets.length);
  const [next, second] = ordered[at]?.targets ?? [];
  const stage = stages[at];
  if (!next || !stage) {
    const open = stages.filter((one) => isFor(one, undefined));
    const waits = comesBack(call, open, { tried: undefined, withinMs: PATIENCE_MS });
    return { ...nothing, cache, outputLimit, waits, refusal: waits ? null : refusalOf(outOfService(call, stages)) };
  }
  const hedges = second && call.stream && stage.settings.hedge && admitted.paysTwice;
  const hedge = hedges ? { afterMs: patienceWith(stage, next), target: second } : null;
  return { ...nothing, next, cache, outputLimit, hedge };
}

/** How long its first target may be silent before another one is asked beside it. */
function patienceWith(stage: Stage, { deploymentId, upstreamModel, provider }: Told): number {
  const first = stage.targets.find(({ deployment, ...target }) =>
    deploymentId === null
      ? target.upstreamModel === upstreamModel && target.provider.name === provider
      : deployment?.id === deploymentId,
  );
  return hedgeAfterMs(first && routeId(first), stage);
}

function refusalOf({ kind, status, message }: GatewayError): Refusal {
  return { kind, status, message };
}

function aboutPlan(call: Call, { stages, rules, changes }: Plan): Pick<Simulation, "model" | "rules" | "changes"> {
  return { model: stages[0]?.model ?? call.model ?? "", rules: [...rules], changes: changes ?? {} };
}

/** As the attempts would go if each of them failed. */
function inOrder(call: Call, stage: Stage, passed: Passed): Simulation["stages"][number] {
  const { model, strategy, on, changes = {} } = stage;
  const tried: Tried = new Map();
  const targets: Told[] = [];
  for (let next = nextTarget(call, stage, tried); next; next = nextTarget(call, stage, tried)) {
    tried.set(routeId(next.target), { times: 1, keys: [], verdict: "elsewhere", again: 0 });
    targets.push(told(next.target, model, next.target.key?.name ?? null));
  }
  for (const target of stage.targets) if (!tried.has(routeId(target))) passed(target, model, whyNot(call, target));
  return { model, strategy, on, changes, targets };
}

function told({ provider, upstreamModel, deployment }: CallTarget, model: string, key: string | null): Told {
  return { model, provider: provider.name, upstreamModel, deploymentId: deployment?.id ?? null, key };
}
