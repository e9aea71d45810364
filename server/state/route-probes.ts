import { catalog } from "@/server/state/catalog";
import { close, type Failure, open, type Route, routeOf, routes, tellChange } from "@/server/state/route-health";
import { takeOut } from "@/server/state/route-refusals";

/**
 * What the answer to a question that costs nothing, the list of models, says of a key and of a provider's deployments. It is less than
 * what a call says: it shows that the vendor is there and takes the credential.
 */

/** Puts a key back that the vendor takes; not one that a call has found refused all the same, soon after it was put back so. */
export function keyTaken(id: string, nowMs: number): void {
  const route = routeOf(id);
  if (route.out === undefined || route.disproved) return;
  close(route);
  route.putBackAtMs = nowMs;
  tellChange(route);
}

/** Takes a key out that the vendor refuses; the reason is for admins. */
export function keyRefused(id: string, nowMs: number, reason: string): void {
  const route = routeOf(id);
  takeOut(route, nowMs, { ...REFUSED, reason });
  route.disproved = false;
}

/** Closes those breakers of a provider's deployments that are open because it could not be reached: now it was. */
export function providerReached(id: string): void {
  for (const deployment of deploymentsOf(id))
    for (const route of [deployment, ...(deployment.pairs?.values() ?? [])]) {
      if (route.state !== "open" || !wasNotReached(route)) continue;
      close(route);
      tellChange(route);
    }
}

/** Opens the breakers of a provider's deployments for as short as one opens first: then a call finds out. */
export function providerNotReached(id: string, nowMs: number): void {
  for (const route of deploymentsOf(id)) {
    if (route.state !== "closed") continue;
    route.lastError = { ...NOT_REACHED, atMs: nowMs };
    open(route, nowMs);
  }
}

const REFUSED: Failure = {
  kind: "upstream_denied",
  message: "The upstream provider refused this gateway's credential or account.",
};
const NOT_REACHED: Failure = { kind: "upstream_unavailable", message: "The provider could not be reached." };

function wasNotReached({ lastError }: Route): boolean {
  return lastError?.kind === "upstream_unavailable" && lastError.upstreamStatus === undefined;
}

/** Those of models, and those that callers asked for directly. */
function deploymentsOf(provider: string): Route[] {
  const ofModels = [...catalog().models.values()].flatMap(({ deployments }) =>
    deployments.filter((deployment) => deployment.provider.id === provider).map(({ id }) => routeOf(id)),
  );
  return [...ofModels, ...[...routes()].filter(({ id }) => id.startsWith(`${provider}/`))];
}
