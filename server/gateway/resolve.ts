import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { CallTarget } from "@/server/gateway/call";
import type { Verdict } from "@/server/gateway/verdict";
import type { Caller } from "@/server/state/callers";
import {
  type Catalog,
  type CatalogDeployment,
  type CatalogModel,
  type CatalogProvider,
  catalog,
  type ModelSettings,
  usualSettings,
} from "@/server/state/catalog";
import { coversModel } from "@/server/state/model-pattern";

const MAX_NAME = 300;

/** Whether one of the key's patterns covers a model name. */
export function mayUse(caller: Caller, model: string): boolean {
  return caller.models.some((pattern) => coversModel(pattern, model));
}

/** What a stage is there for: any failure, an error, a prompt that is too long, or content that was refused. */
export type StageOf = "any" | "error" | "context" | "policy";

/** Targets that serve one model. When all of them have failed, the next stage that is there for such a failure is tried. */
export type Stage = {
  readonly model: string;
  readonly strategy: string;
  readonly settings: ModelSettings;
  readonly on: StageOf;
  readonly targets: readonly CallTarget[];
  /** Of several models that a call names, the one that the stage is there for; absent where it names one. */
  readonly asked?: string | undefined;
  /** An admin named it for when the model that was asked for fails. */
  readonly fallback?: true;
  /** Fields that rules set in the request for this stage and not for all, null to take one out. */
  readonly changes?: JsonObject | undefined;
};

/**
 * The stages of a call, in order: the model itself, then those that its admin named to fall back to, which the key need not name.
 * Throws as `resolve` does.
 */
export function stagesOf(caller: Caller, model: string): readonly Stage[] {
  const found = catalog().models.get(model);
  const targets = found?.deployments.length === 0 && mayUse(caller, model) ? [] : resolve(caller, model);
  const stages: Stage[] = [];
  if (targets.length > 0) {
    const { strategy = "priority", settings = usualSettings } = found ?? {};
    stages.push({ model, strategy, settings, on: "any", targets });
  }
  if (found) stages.push(...fallbacksOf(found));
  if (stages.length === 0) throw modelNotFound(model);
  return stages;
}

/** The targets of all stages, in their order. */
export function targetsOf(stages: readonly Stage[]): readonly CallTarget[] {
  const [only] = stages;
  return only && stages.length === 1 ? only.targets : stages.flatMap(({ targets }) => targets);
}

/** Whether a stage is there for what the attempts before it ended with; undefined = none could be made. */
export function isFor({ on }: Stage, ended: Verdict | undefined): boolean {
  if (on === "any") return true;
  if (on === "error") return ended !== "policy";
  return on === "context" ? ended === "larger" : ended === "policy";
}

/** Whether one of the stages is asked without anything having failed before. */
export function canBegin(stages: readonly Stage[]): boolean {
  return stages.some(({ on }) => on === "any" || on === "error");
}

function fallbacksOf({ fallbacks, fallbacksOnContext, fallbacksOnPolicy }: CatalogModel): readonly Stage[] {
  const staged = (names: readonly string[], on: StageOf): Stage[] =>
    names.flatMap((name) => {
      const fallback = catalog().models.get(name);
      if (!fallback || fallback.deployments.length === 0) return [];
      const { strategy, settings, deployments } = fallback;
      return [{ model: name, strategy, settings, on, fallback: true, targets: deployments.map(targetOf) }];
    });
  return [
    ...staged(fallbacksOnContext, "context"),
    ...staged(fallbacksOnPolicy, "policy"),
    ...staged(fallbacks, "error"),
  ];
}

/**
 * The targets that may serve a model, best first: a configured name, or `provider/model`. Throws one identical
 * `model_not_found` whether the model does not exist or the key may not use it.
 */
export function resolve(caller: Caller, model: string): readonly CallTarget[] {
  const targets = byName(catalog(), caller, model) ?? byProvider(catalog(), caller, model);
  if (!targets || targets.length === 0) throw modelNotFound(model);
  return targets;
}

/** The one answer about a model that does not exist, or that the key may not use. */
export function modelNotFound(model: string): GatewayError {
  return new GatewayError("model_not_found", `The model '${model}' does not exist or you do not have access to it.`, {
    param: "model",
  });
}

/** What a target's health is kept under: its deployment, or the provider's model where none declares it. */
export function routeId({ deployment, provider, upstreamModel }: CallTarget): string {
  return deployment?.id ?? `${provider.id}/${upstreamModel}`;
}

/** Deployments are replaced, never changed. */
const targets = new WeakMap<CatalogDeployment, CallTarget>();

/** A deployment as a target; which of its provider's keys serves is chosen with each attempt. */
export function targetOf(deployment: CatalogDeployment): CallTarget {
  let target = targets.get(deployment);
  if (!target) {
    target = toTarget(deployment.provider, deployment.upstreamModel, deployment);
    targets.set(deployment, target);
  }
  return target;
}

function byName({ models }: Catalog, caller: Caller, name: string): CallTarget[] | undefined {
  const found = models.get(name);
  if (!found || !mayUse(caller, name)) return undefined;
  return found.deployments.map(targetOf);
}

function byProvider(state: Catalog, caller: Caller, name: string): CallTarget[] | undefined {
  // No vendor has names as long as that, and each that is asked for is remembered.
  if (name.length > MAX_NAME) return undefined;
  const slash = name.indexOf("/");
  if (slash === -1) return undefined;
  const provider = state.providers.get(name.slice(0, slash));
  const upstreamModel = name.slice(slash + 1);
  if (!provider || upstreamModel === "") return undefined;
  const deployment = findDeployment(state, provider, upstreamModel);
  // `*` covers what an admin configured; a model that nobody did needs a pattern that names its provider.
  const patterns = deployment ? caller.models : caller.models.filter((pattern) => pattern.includes("/"));
  if (!mayUse({ ...caller, models: patterns }, name)) return undefined;
  return [toTarget(provider, upstreamModel, deployment)];
}

function findDeployment(
  { models }: Catalog,
  provider: CatalogProvider,
  upstreamModel: string,
): CatalogDeployment | undefined {
  for (const model of models.values()) {
    const found = model.deployments.find(
      (deployment) => deployment.provider.id === provider.id && deployment.upstreamModel === upstreamModel,
    );
    if (found) return found;
  }
  return undefined;
}

function toTarget(
  provider: CatalogProvider,
  upstreamModel: string,
  deployment: CatalogDeployment | undefined,
): CallTarget {
  return { provider, upstreamModel, deployment, key: provider.keys[0] };
}
