import type { GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import { limitRefusal } from "@/server/gateway/limit-refusal";
import { isFor, modelNotFound, type Stage } from "@/server/gateway/resolve";
import { countRefusal } from "@/server/metrics";
import { type Admission, limitAgainst, reserveRules } from "@/server/state/limits";
import { type LimitFacts, type RefusedBy, tightest } from "@/server/state/limits-facts";
import { type ModelRules, rulesOfModel } from "@/server/state/limits-rules";

/**
 * Limits of a key for single models, as a call has to do with them that may be served by one model or another: it takes what it needs
 * of a model's before it is sent there. A call that is served by the one model that it names is let in by all its limits at once.
 */
export type ModelLimits = {
  /** Those that it was let in by together with all others. */
  readonly entered: readonly ModelRules[];
  /** How all others stand. */
  readonly facts: LimitFacts | undefined;
  /** Those of the model that it is at and, once a part of its answer was served, of the models before. */
  readonly taken: Map<ModelRules, Admission>;
  /** Those of models that have written a part of its answer. */
  readonly served: Set<ModelRules>;
  /** Models whose limits stand against it. */
  readonly over: Set<string>;
  /** What it would be refused with if no model were left, and how the limits that stand against it are. */
  refusal: RefusedBy | undefined;
  refusing: LimitFacts | undefined;
};

const none: readonly ModelRules[] = [];
const nothing = (): undefined => undefined;

/** Whether a call names several models, and its key has limits for some: then it is not known which of them hold for it. */
export function isLimitedByServing({ caller }: Call, stages: readonly Stage[] | undefined): boolean {
  if (!caller || caller.modelLimits.length === 0 || !stages || stages.length < 2) return false;
  return stages.some(({ asked }) => asked !== undefined);
}

/** Whether limits of a stage's model are known to stand against a call. */
export function isOver(call: Call, stage: Stage): boolean {
  const over = call.modelLimits?.over;
  return over !== undefined && over.size > 0 && limitedAs(call, stage).some((model) => over.has(model));
}

/** Whether what a call has taken of the limits for single models is just what it needs for a stage. */
export function isWithin(call: Call, stage: Stage): boolean {
  const { caller, modelLimits } = call;
  if (!caller || caller.modelLimits.length === 0) return true;
  if (!modelLimits && !stage.fallback && stage.asked === undefined) return true;
  return missing(call, stage).length === 0 && needless(call, stage).length === 0;
}

/**
 * Takes what a call needs of the limits of the first model that has room for it, which is its model from then on, and gives the stages
 * that are left. Throws `rate_limited` where none has, and `store_unavailable`; then the call holds nothing.
 */
export async function takeFirst(call: Call, stages: readonly Stage[]): Promise<readonly Stage[]> {
  call.modelLimits = begun(call, none);
  try {
    for (const stage of stages) {
      if (!isFor(stage, undefined) || isOver(call, stage) || !(await takeModel(call, stage))) continue;
      call.model = stage.asked ?? call.model;
      return stages.filter((one) => !isOver(call, one));
    }
    throw overLimit(call) ?? modelNotFound(call.model ?? "");
  } catch (error) {
    undoLimits(call);
    throw error;
  }
}

/**
 * Takes what a call needs of the limits of a stage's model, and gives back what it took of a model's that did not serve it. False where
 * one stands against it, and then nothing was taken. Throws `store_unavailable`.
 */
export async function takeModel(call: Call, stage: Stage): Promise<boolean> {
  const limits = limitsOf(call);
  const added = missing(call, stage);
  for (const [at, one] of added.entries()) {
    // Another model may serve: whether the call is refused is not known yet.
    const limited = await reserveRules(one.rules, call.reservedTokens, performance.now(), nothing);
    if (limited.admitted) {
      limits.taken.set(one, limited);
      continue;
    }
    giveUp(limits, added.slice(0, at));
    for (const model of limitedAs(call, stage)) if (rulesFor(call, model).includes(one)) limits.over.add(model);
    limits.refusing = joined(limits.refusing, limited.facts);
    limits.refusal = sooner(limits.refusal, limited.refusedBy);
    return false;
  }
  giveUp(limits, needless(call, stage));
  call.limitFacts = [...limits.taken.values()].reduce((known, { facts }) => joined(known, facts), limits.facts);
  return true;
}

/**
 * The stages that limits would leave of a call's now, without taking anything: it would begin as the model of the first. Throws as
 * `takeFirst`.
 */
export async function lookFirst(call: Call, stages: readonly Stage[], tokens: number): Promise<readonly Stage[]> {
  const { caller } = call;
  const limits = begun(call, none);
  call.modelLimits = limits;
  for (const model of new Set(stages.flatMap((stage) => limitedAs(call, stage)))) {
    const refusedBy = caller && (await limitAgainst(caller, model, tokens));
    if (!refusedBy) continue;
    limits.over.add(model);
    limits.refusal = sooner(limits.refusal, refusedBy);
  }
  const left = stages.filter((one) => !isOver(call, one));
  const first = left.find((stage) => isFor(stage, undefined));
  if (!first && limits.refusal) throw limitRefusal(limits.refusal);
  call.model = first?.asked ?? call.model;
  return left;
}

/** What a call is refused with because of the limits that stand against its models, and counts as such; undefined where none does. */
export function overLimit(call: Call): GatewayError | undefined {
  const { modelLimits, limitFacts } = call;
  if (!modelLimits?.refusal) return undefined;
  countRefusal(modelLimits.refusal.rule);
  if (modelLimits.refusing) call.limitFacts = joined(limitFacts, modelLimits.refusing);
  return limitRefusal(modelLimits.refusal);
}

/** Notes that a part of the answer is of the models whose limits the call has taken: they count it, whoever goes on. */
export function noteServed({ modelLimits }: Call): void {
  if (modelLimits) for (const one of modelLimits.taken.keys()) modelLimits.served.add(one);
}

function joined(one: LimitFacts | undefined, other: LimitFacts): LimitFacts {
  return one ? tightest(one, other) : other;
}

/** The one of two that ends first. */
function sooner(one: RefusedBy | undefined, other: RefusedBy): RefusedBy {
  if (!one) return other;
  const secondsOf = ({ retryAfterSeconds }: RefusedBy): number => retryAfterSeconds ?? Number.POSITIVE_INFINITY;
  return secondsOf(other) < secondsOf(one) ? other : one;
}

/** Gives all that a call holds of limits back: as if it had never come. */
export function undoLimits({ limits, modelLimits }: Call): void {
  limits?.undo();
  if (modelLimits) giveUp(modelLimits, [...modelLimits.taken.keys()]);
}

/** Ends what a call holds of limits, with the tokens that it used. */
export function settleLimits({ limits, modelLimits }: Call, tokens: number): void {
  const nowMs = performance.now();
  limits?.giveBack();
  limits?.settleTokens(tokens, nowMs);
  if (!modelLimits) return;
  for (const { hold } of modelLimits.taken.values()) {
    hold.giveBack();
    hold.settleTokens(tokens, nowMs);
  }
}

function giveUp({ taken }: ModelLimits, rules: readonly ModelRules[]): void {
  for (const one of rules) {
    taken.get(one)?.hold.undo();
    taken.delete(one);
  }
}

function missing(call: Call, stage: Stage): readonly ModelRules[] {
  const { entered, taken } = limitsOf(call);
  return rulesOf(call, stage).filter((one) => !entered.includes(one) && !taken.has(one));
}

/** What was taken for another model. A stream that goes on elsewhere was served by both: each counts all of it, rather than too little. */
function needless(call: Call, stage: Stage): readonly ModelRules[] {
  const { taken, served } = limitsOf(call);
  if (taken.size === 0) return none;
  const own = rulesOf(call, stage);
  return [...taken.keys()].filter((one) => !own.includes(one) && !served.has(one));
}

function rulesOf(call: Call, stage: Stage): readonly ModelRules[] {
  const [asked = "", fallback] = limitedAs(call, stage);
  const rules = rulesFor(call, asked);
  return fallback === undefined ? rules : [...new Set([...rules, ...rulesFor(call, fallback)])];
}

function rulesFor({ caller }: Call, model: string): readonly ModelRules[] {
  return caller ? rulesOfModel(caller, model) : none;
}

/** Limits go by the model that was asked for, whatever rules made of it; what its admin falls back to comes under its own as well. */
function limitedAs(call: Call, { asked = call.model ?? "", fallback, model }: Stage): readonly string[] {
  return fallback ? [asked, model] : [asked];
}

function limitsOf(call: Call): ModelLimits {
  call.modelLimits ??= begun(call, rulesFor(call, call.model ?? ""));
  return call.modelLimits;
}

function begun({ limitFacts }: Call, entered: readonly ModelRules[]): ModelLimits {
  const empty = { taken: new Map(), served: new Set<ModelRules>(), over: new Set<string>() };
  return { entered, facts: limitFacts, ...empty, refusal: undefined, refusing: undefined };
}
