import { GatewayError } from "@/server/errors";
import type { CallTarget } from "@/server/gateway/call";
import type { Caller } from "@/server/state/callers";
import { type Catalog, type CatalogDeployment, type CatalogProvider, catalog } from "@/server/state/catalog";

/** Whether one of the key's patterns covers a model name. */
export function mayUse(caller: Caller, model: string): boolean {
  return caller.models.some((pattern) =>
    pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  );
}

/** Targets that serve one model. When all of them have failed, the next stage is tried: a model to fall back to. */
export type Stage = { readonly model: string; readonly strategy: string; readonly targets: readonly CallTarget[] };

/**
 * The stages of a call, in order: the model itself, then those that its admin named to fall back to, which the key need not name.
 * Throws as `resolve` does.
 */
export function plan(caller: Caller, model: string): readonly Stage[] {
  const { models } = catalog();
  const found = models.get(model);
  const stages: Stage[] = [];
  const targets = found?.deployments.length === 0 && mayUse(caller, model) ? [] : resolve(caller, model);
  if (targets.length > 0) stages.push({ model, strategy: found?.strategy ?? "priority", targets });
  for (const name of found?.fallbacks ?? []) {
    const fallback = models.get(name);
    if (!fallback || fallback.deployments.length === 0) continue;
    stages.push({ model: name, strategy: fallback.strategy, targets: fallback.deployments.map(targetOf) });
  }
  if (stages.length === 0) throw notFound(model);
  return stages;
}

/**
 * The targets that may serve a model, best first: a configured name, or `provider/model`. Throws one identical
 * `model_not_found` whether the model does not exist or the key may not use it.
 */
export function resolve(caller: Caller, model: string): readonly CallTarget[] {
  const targets = byName(catalog(), caller, model) ?? byProvider(catalog(), caller, model);
  if (!targets || targets.length === 0) throw notFound(model);
  return targets;
}

function notFound(model: string): GatewayError {
  return new GatewayError("model_not_found", `The model '${model}' does not exist or you do not have access to it.`, {
    param: "model",
  });
}

/** What a target's health is kept under: its deployment, or the provider's model where none declares it. */
export function routeId({ deployment, provider, upstreamModel }: CallTarget): string {
  return deployment?.id ?? `${provider.id}/${upstreamModel}`;
}

function targetOf(deployment: CatalogDeployment): CallTarget {
  return toTarget(deployment.provider, deployment.upstreamModel, deployment);
}

function byName({ models }: Catalog, caller: Caller, name: string): CallTarget[] | undefined {
  const found = models.get(name);
  if (!found || !mayUse(caller, name)) return undefined;
  return found.deployments.map(targetOf);
}

function byProvider(state: Catalog, caller: Caller, name: string): CallTarget[] | undefined {
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
