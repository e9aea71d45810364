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

/**
 * The targets that may serve a model, best first: a configured name, or `provider/model`. Throws one identical
 * `model_not_found` whether the model does not exist or the key may not use it.
 */
export function resolve(caller: Caller, model: string): readonly CallTarget[] {
  const targets = byName(catalog(), caller, model) ?? byProvider(catalog(), caller, model);
  if (!targets || targets.length === 0) {
    throw new GatewayError("model_not_found", `The model '${model}' does not exist or you do not have access to it.`, {
      param: "model",
    });
  }
  return targets;
}

function byName({ models }: Catalog, caller: Caller, name: string): CallTarget[] | undefined {
  const found = models.get(name);
  if (!found || !mayUse(caller, name)) return undefined;
  return found.deployments.map((deployment) => toTarget(deployment.provider, deployment.upstreamModel, deployment));
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
