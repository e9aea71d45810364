import type { Call } from "@/server/gateway/call";
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
  const same = rest.every(({ purses }) => purses.length === first.length && purses.every((one) => first.includes(one)));
  return same ? undefined : { first, rest };
}

/** The purses of the later models that the first is not paid from. */
export function pursesBeside({ first, rest }: OtherModels): readonly Purse[] {
  return [...new Set(rest.flatMap(({ purses }) => purses))].filter((one) => !first.includes(one));
}

/** Whether a call holds the money of a later stage's model. */
export function pays(call: Call, stage: Stage): boolean {
  if (stage.on !== "any" || stage.model === call.model) return true;
  return pursesFor(call, stage).every((one) => call.hold?.purses.includes(one));
}

/** Of what a call holds, the purses that do not cover the model which served. */
export function spared({ others, hold, target }: Call): readonly Purse[] {
  if (!others || !hold) return none;
  const served =
    target && others.rest.find(({ stage }) => stage.targets.some((one) => routeId(one) === routeId(target)));
  const own = served ? served.purses : others.first;
  return hold.purses.filter((one) => !own.includes(one));
}

function pursesFor({ caller, startedAtMs }: Call, { model, targets }: Stage): readonly Purse[] {
  if (!caller) return none;
  const named = targets[0]?.deployment?.model;
  return pursesOf(caller, named === undefined || named === model ? [model] : [model, named], startedAtMs);
}
