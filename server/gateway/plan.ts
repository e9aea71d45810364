import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { eligible, type Passed, withTargets } from "@/server/gateway/eligible";
import { find, isRoute, namedModels, routeWords, withoutStrategy } from "@/server/gateway/narrow";
import { canBegin, type Stage } from "@/server/gateway/resolve";
import { asksBudget, type Ruling, rule } from "@/server/gateway/rules";
import type { Caller } from "@/server/state/callers";
import { remainingUsd } from "@/server/state/remaining";

/** A request as far as its way depends on it. */
export type Asking = { readonly caller: Caller; readonly bytes: Buffer; readonly body: JsonObject };

/** Where a call may go, in order. */
export type Plan = {
  readonly stages: readonly Stage[];
  /** Fields to set in the request before it is sent, null to take one out; undefined = none. */
  readonly changes: JsonObject | undefined;
  /** Names of the routing rules that held. */
  readonly rules: readonly string[];
};

/**
 * Plans a call from memory: the models that it names, narrowed by its caller, by the rules, and by what targets are able to do. It
 * waits only where a rule asks for a budget. Throws `model_not_found`, `invalid_request`, and `forbidden` where a rule refuses.
 */
export function planCall(call: Call, asking: Asking): Plan | Promise<Plan> {
  const budget = budgetFor(call, asking);
  return budget ? budget.then((budgetUsd) => planNow(call, { ...asking, budgetUsd })) : planNow(call, asking);
}

/** What the caller's budgets for the model that it names have left, where a rule asks for it. */
export function budgetFor(call: Call, { caller }: Asking): Promise<number | undefined> | undefined {
  return asksBudget() ? remainingUsd(caller, withoutStrategy(call.model ?? ""), call.startedAtMs) : undefined;
}

type Told = Asking & { readonly budgetUsd?: number | undefined };

/** As `planCall`, at once; `passed` is told of each target that is left out. */
export function planNow(call: Call, { caller, bytes, body, budgetUsd }: Told, passed?: Passed): Plan {
  const { model, stages } = find(call, caller, namedModels(call.model ?? "", body));
  // Limits and budgets are those of this model, however it was asked for.
  call.model = model;
  const ruling = rule(call, caller, { bytes, body, budgetUsd });
  let left = ruling.model === undefined ? stages : find(call, { ...caller, models: ["*"] }, [ruling.model]).stages;
  const words = routeWords(call.inbound.headers["x-conduit-route"]);
  if (words.length > 0) left = narrowed(left, words, passed);
  left = eligible(ruled(left, ruling, passed), { bytes, body }, passed);
  const stripped =
    body.models === undefined ? undefined : { models: null, ...(body.route !== undefined && { route: null }) };
  const changes = stripped || ruling.parameters ? { ...ruling.parameters, ...stripped } : undefined;
  return { stages: left, changes, rules: ruling.held };
}

/** A body with fields set, and without those that are null. */
export function changed(body: JsonObject, changes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...body, ...changes }).filter(([name]) => changes[name] !== null));
}

function narrowed(stages: readonly Stage[], words: readonly string[], passed?: Passed): readonly Stage[] {
  const left = withTargets(stages, (target, model) =>
    keeping(isRoute(target, words), { target, model, reason: "x-conduit-route names another way", passed }),
  );
  if (canBegin(left)) return left;
  throw new GatewayError(
    "invalid_request",
    `No provider of this model is what x-conduit-route says: ${words.join(", ")}.`,
    {
      param: "x-conduit-route",
    },
  );
}

function ruled(stages: readonly Stage[], { filters }: Ruling, passed?: Passed): readonly Stage[] {
  let left = stages;
  for (const { rule: name, keeps } of filters) {
    left = withTargets(left, (target, model) =>
      keeping(keeps(target), { target, model, reason: `the rule "${name}" leaves it out`, passed }),
    );
    if (!canBegin(left))
      throw new GatewayError("forbidden", `The routing rule "${name}" leaves no provider for this call.`, {
        code: "refused_by_rule",
      });
  }
  return left;
}

type Keeping = {
  readonly target: CallTarget;
  readonly model: string;
  readonly reason: string;
  readonly passed: Passed | undefined;
};

function keeping(keeps: boolean, { target, model, reason, passed }: Keeping): boolean {
  if (!keeps) passed?.(target, model, reason);
  return keeps;
}
