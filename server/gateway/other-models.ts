import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { pursesOf } from "@/server/state/budgets";
import type { Purse } from "@/server/state/purses";

/**
 * Budgets of models that a call names beside its first, or that a strategy may choose. Such a call holds money of all of them, and spends
 * that of the model which served.
 */
export type OtherModels = {
  readonly first: readonly Purse[];
  readonly rest: readonly { readonly stage: Stage; readonly purses: readonly Purse[] }[];
};

const none: readonly Purse[] = [];

/** What the models of the later stages are paid from; undefined where that is what the first is paid from. */
export function otherModels(
  call: Call,
  stages: readonly Stage[] | undefined,
  first: readonly Purse[],
): OtherModels | undefined {
  if (!stages || stages.length < 2) return undefined;
  const rest = stages.flatMap((stage, at) =>
    at > 0 && stage.on === "any" ? [{ stage, purses: pursesFor(call, stage) }] : [],
  );
  return rest.every(({ purses }) => isSame(purses, first)) ? undefined : { first, rest };
}

/** The purses of the later models that the first is not paid from. */
export function pursesBeside({ first, rest }: OtherModels): readonly Purse[] {
  return [...new Set(rest.flatMap(({ purses }) => purses))].filter((one) => !first.includes(one));
}

/** The later models whose budgets do not pay for the call, where only the first is paid for. */
export function unpaid({ first, rest }: OtherModels): readonly string[] {
  return rest.flatMap(({ stage, purses }) => (purses.every((one) => first.includes(one)) ? [] : [stage.model]));
}

/** Whether a call holds the money of a stage's model. */
export function pays({ unpaid: models }: Call, { on, model }: Stage): boolean {
  return on !== "any" || models === undefined || !models.includes(model);
}

/** Whether a stage is paid from what the model that a call is at is paid from: what both cost is then the same budgets'. */
export function paidAlike(call: Call, stage: Stage): boolean {
  const { others } = call;
  if (!others) return pays(call, stage);
  const [one] = stage.targets;
  return payers(others, call.target) === payers(others, one);
}

/** Of what a call holds, the purses that do not cover the model which served. */
export function spared({ others, hold, target }: Call): readonly Purse[] {
  if (!others || !hold) return none;
  const own = payers(others, target);
  return hold.purses.filter((one) => !own.includes(one));
}

function payers({ first, rest }: OtherModels, target: CallTarget | undefined): readonly Purse[] {
  const served = target && rest.find(({ stage }) => stage.targets.some((one) => routeId(one) === routeId(target)));
  return served && !isSame(served.purses, first) ? served.purses : first;
}

function isSame(some: readonly Purse[], others: readonly Purse[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Every name that a budget may have for a model: the caller's, and those of its admin, which a caller may go past as `provider/model`. */
export function namesOf(model: string, targets: readonly CallTarget[]): readonly string[] {
  const named = targets[0]?.deployment?.model;
  return named === undefined || named === model ? [model] : [model, named];
}

function pursesFor({ caller, startedAtMs }: Call, { model, targets }: Stage): readonly Purse[] {
  return caller ? pursesOf(caller, namesOf(model, targets), startedAtMs) : none;
}
