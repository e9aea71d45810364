import { z } from "zod";
import { change } from "@/server/api/change";
import { ByRoute, ResetRoutes, RouteView } from "@/server/api/routing.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import { type CatalogProvider, catalog } from "@/server/state/catalog";
import { knownRoute, type Route, routeOf, routes } from "@/server/state/route-health";
import { tellRouteNews } from "@/server/state/route-news";

type View = z.infer<typeof RouteView>;

/**
 * Every way to an upstream as this process knows it: each deployment and key in use, models that were asked for directly, and pairs of
 * these and a key that do not work together.
 */
export const routeHealth = adminProcedure
  .meta(rest("GET", "/routing/health", "List the ways to upstreams with their breakers, failures and latency."))
  .output(z.array(RouteView))
  .query(() => allRoutes());

/** Puts ways back into service, and pairs that they are a part of: breakers close, and what is known of them is forgotten. */
export const resetRoute = adminProcedure
  .meta(rest("POST", "/routing/health/reset", "Put a deployment, key or pair back into service; null puts all."))
  .input(ByRoute)
  .output(ResetRoutes)
  .mutation(({ ctx, input: { id } }) =>
    change(ctx, async (_tx, note) => {
      const wanted = allRoutes().filter((route) => id === null || route.id === id);
      await tellRouteNews(wanted.map((route) => ({ what: "reset", id: route.id })));
      const [only] = wanted;
      const object = id !== null && only ? { id, name: nameOf(only) } : undefined;
      if (wanted.length > 0) await note({ action: "reset", noun: "route", ...(object && { object }) });
      return { reset: wanted.length };
    }),
  );

function nameOf({ provider, upstreamModel, key }: View): string {
  return [provider, key, upstreamModel].filter((part) => part !== null).join("/");
}

function allRoutes(): View[] {
  const { models, providers } = catalog();
  const views: View[] = [];
  for (const { name, deployments } of models.values())
    for (const { id, upstreamModel, provider } of deployments)
      views.push(viewOf(routeOf(id), { kind: "deployment", provider: provider.name, model: name, upstreamModel }));
  for (const { name, keys } of providers.values())
    for (const key of keys) views.push(viewOf(routeOf(key.id), { kind: "key", provider: name, key: key.name }));
  views.push(...direct([...providers.values()]));
  return [...views, ...views.flatMap((view) => pairsOf(view, providers.get(view.provider)))];
}

/** What does not work with one of the provider's keys. */
function pairsOf({ id, kind, provider, model, upstreamModel }: View, of: CatalogProvider | undefined): View[] {
  if (kind === "key") return [];
  const pairs = knownRoute(id)?.pairs;
  return (of?.keys ?? []).flatMap(({ id: keyId, name: key }) => {
    const pair = pairs?.get(keyId);
    if (!pair || (pair.state === "closed" && pair.failures === 0 && pair.untilMs <= Date.now())) return [];
    return [viewOf(pair, { kind: "pair", provider, model, upstreamModel, key })];
  });
}

function direct(providers: readonly CatalogProvider[]): View[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider.name]));
  return [...routes()].flatMap((route) => {
    const slash = route.id.indexOf("/");
    const provider = slash === -1 ? undefined : byId.get(route.id.slice(0, slash));
    if (provider === undefined) return [];
    return [viewOf(route, { kind: "direct", provider, upstreamModel: route.id.slice(slash + 1) })];
  });
}

type About = Pick<View, "kind" | "provider"> & Partial<Pick<View, "model" | "upstreamModel" | "key">>;

function viewOf(route: Route, { kind, provider, model = null, upstreamModel = null, key = null }: About): View {
  const { id, state, failures, out = null, untilMs, lastError, firstTokenMs = null, inFlight } = route;
  return {
    ...{ id, kind, provider, model, upstreamModel, key, state, failures, out, firstTokenMs, inFlight },
    until: untilMs > Date.now() ? new Date(untilMs) : null,
    lastError: lastError ? { kind: lastError.kind, message: lastError.message, at: new Date(lastError.atMs) } : null,
  };
}
