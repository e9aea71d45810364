import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { type Passed, withTargets } from "@/server/gateway/eligible";
import { type Found, find, isRoute, routeWords } from "@/server/gateway/narrow";
import { canBegin, routeId, type Stage } from "@/server/gateway/resolve";
import { Rules, type Ruling, type Seen } from "@/server/gateway/rules";

/** A model that a call asks for, as its caller's narrowing and the rules leave it. */
type Allowed = Found & {
  /** Fields that rules set for it, null to take one out. */
  readonly parameters: JsonObject | undefined;
};

type Finding = { readonly found: readonly Found[]; readonly passed: Passed | undefined };

/**
 * The models of a call that its rules and `x-conduit-route` leave, and the names of the rules that held. One that is refused, or left
 * without a target, is passed over. Throws what the first of them was refused with where all are.
 */
export function allowed(
  call: Call,
  seen: Seen,
  { found, passed }: Finding,
): { readonly models: readonly Allowed[]; readonly held: readonly string[] } {
  const rules = new Rules(call, seen);
  const words = routeWords(call.inbound.headers["x-conduit-route"]);
  const models: Allowed[] = [];
  let held: readonly string[] = [];
  let refusal: GatewayError | undefined;
  for (const one of found) {
    const ruling = rules.about(one);
    if (ruling.held.length > 0) held = [...new Set([...held, ...ruling.held])];
    const stages = ruling.refusal ?? left(call, seen, { found: one, ruling, words, passed });
    if (stages instanceof GatewayError) {
      refusal ??= stages;
      if (ruling.refusal) tell(one.stages, ruling, passed);
    } else models.push({ model: one.model, stages, parameters: ruling.parameters });
  }
  if (models.length === 0 && refusal) throw refusal;
  return { models, held };
}

type Leaving = {
  readonly found: Found;
  readonly ruling: Ruling;
  readonly words: readonly string[];
  readonly passed: Passed | undefined;
};

function left(
  call: Call,
  { caller }: Seen,
  { found, ruling, words, passed }: Leaving,
): readonly Stage[] | GatewayError {
  let stages =
    ruling.model === undefined
      ? found.stages
      : find(call, { ...caller, models: ["*"] }, [ruling.model]).flatMap((one) => one.stages);
  if (words.length > 0) {
    stages = kept(stages, (target) => isRoute(target, words), {
      reason: "x-conduit-route names another way",
      passed,
    });
    if (!canBegin(stages))
      return new GatewayError(
        "invalid_request",
        `No provider of this model is what x-conduit-route says: ${words.join(", ")}.`,
        { param: "x-conduit-route" },
      );
  }
  for (const { rule, keeps } of ruling.filters) {
    stages = kept(stages, keeps, { reason: `the rule "${rule}" leaves it out`, passed });
    if (!canBegin(stages))
      return new GatewayError("forbidden", `The routing rule "${rule}" leaves no provider for this call.`, {
        code: "refused_by_rule",
      });
  }
  return stages;
}

type Telling = { readonly reason: string; readonly passed: Passed | undefined };

function kept(
  stages: readonly Stage[],
  keeps: (target: CallTarget) => boolean,
  { reason, passed }: Telling,
): readonly Stage[] {
  return withTargets(stages, (target, model) => {
    const keep = keeps(target);
    if (!keep) passed?.(target, model, reason);
    return keep;
  });
}

function tell(stages: readonly Stage[], { held }: Ruling, passed: Passed | undefined): void {
  for (const { model, targets } of stages)
    for (const target of targets) passed?.(target, model, `the rule "${held.at(-1)}" refuses its model`);
}

type Row = { readonly stages: readonly Stage[]; readonly parameters: JsonObject | undefined };

/**
 * The stages of all models: their own first, then what the first one's admin named to fall back to. What rules set is of the whole
 * request where they set the same for every model, else of each stage.
 */
export function inOneRow(models: readonly Allowed[]): Row {
  const [first] = models;
  if (!first || models.length === 1) return { stages: first?.stages ?? [], parameters: first?.parameters };
  const same = new Set(models.map(({ parameters }) => JSON.stringify(parameters))).size === 1;
  const seen = new Set<string>();
  const stages: Stage[] = [];
  const add = (stage: Stage, { model, parameters }: Allowed): void => {
    // One that two models have is asked for the first of them.
    const [left] = withTargets([stage], (target) => !seen.has(routeId(target)));
    if (!left) return;
    const rest = { ...left, asked: model };
    stages.push(same || !parameters ? rest : { ...rest, changes: parameters });
  };
  for (const model of models)
    for (const stage of model.stages) {
      if (stage.on !== "any") continue;
      add(stage, model);
      for (const target of stage.targets) seen.add(routeId(target));
    }
  for (const stage of first.stages) if (stage.on !== "any") add(stage, first);
  return { stages, parameters: same ? first.parameters : undefined };
}
