import type { JsonObject } from "@/server/dialects/dialect";
import { allowed, inOneRow } from "@/server/gateway/allowed";
import type { Call } from "@/server/gateway/call";
import { eligible, type Passed } from "@/server/gateway/eligible";
import { find, meantBy, namedModels } from "@/server/gateway/narrow";
import type { Stage } from "@/server/gateway/resolve";
import { asksBudget } from "@/server/gateway/rules";
import type { Caller } from "@/server/state/callers";
import { remainingUsd } from "@/server/state/remaining";

/** A request as far as its way depends on it. */
export type Asking = { readonly caller: Caller; readonly bytes: Buffer; readonly body: JsonObject };

/** Where a call may go, in order. */
export type Plan = {
  readonly stages: readonly Stage[];
  /** Fields to set in the request before it is sent to any stage, null to take one out; undefined = none. */
  readonly changes: JsonObject | undefined;
  /** Names of the routing rules that held. */
  readonly rules: readonly string[];
};

/**
 * Plans a call from memory: the models that it names, narrowed by its caller, by the rules, and by what targets are able to do. It
 * waits only where a rule asks for a budget. Throws `model_not_found`, `invalid_request`, and `forbidden` where a rule refuses.
 */
export function planCall(call: Call, asking: Asking): Plan | Promise<Plan> {
  const budgets = budgetsFor(call, asking);
  return budgets ? budgets.then((budgetsUsd) => planNow(call, { ...asking, budgetsUsd })) : planNow(call, asking);
}

/** What the caller's budgets have left for each model that it may mean, where a rule asks for it. */
export function budgetsFor(call: Call, { caller, body }: Asking): Promise<BudgetsUsd> | undefined {
  if (!asksBudget()) return undefined;
  const models = namedModels(call.model ?? "", body).flatMap((name) => meantBy(caller, name));
  const asked = models.map(
    async (model) => [model, await remainingUsd(caller, model, call.startedAtMs)] satisfies [string, unknown],
  );
  return Promise.all(asked).then((entries) => new Map(entries));
}

type BudgetsUsd = ReadonlyMap<string, number | undefined>;
type Told = Asking & { readonly budgetsUsd?: BudgetsUsd | undefined };

/** As `planCall`, at once; `passed` is told of each target that is left out. */
export function planNow(call: Call, told: Told, passed?: Passed): Plan {
  const { caller, bytes, body } = told;
  const found = find(call, caller, namedModels(call.model ?? "", body));
  call.model = found[0]?.model;
  const { models, held } = allowed(call, told, { found, passed });
  // Limits and budgets are those of this model, however it was asked for.
  call.model = models[0]?.model;
  const { stages, parameters } = inOneRow(models);
  const stripped =
    body.models === undefined ? undefined : { models: null, ...(body.route !== undefined && { route: null }) };
  const changes = stripped || parameters ? { ...parameters, ...stripped } : undefined;
  const left = eligible(stages, { bytes, body }, passed);
  // Of several models the one that serves pays, as far as is known by now.
  const serving = models.length > 1 && left.find(({ on }) => on === "any");
  if (serving) call.model = serving.asked ?? call.model;
  return { stages: left, changes, rules: held };
}

/** A body with fields set, and without those that are null. */
export function changed(body: JsonObject, changes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...body, ...changes }).filter(([name]) => changes[name] !== null));
}
