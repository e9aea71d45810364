import type { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId } from "@/server/gateway/resolve";
import type { CatalogKey } from "@/server/state/catalog";
import {
  failed,
  failsWithEach,
  inconclusive,
  isCurrent,
  type Outcome,
  open,
  pairOf,
  type Route,
  routeOf,
} from "@/server/state/route-health";
import { limited, limitedWith, takeOut } from "@/server/state/route-refusals";

const FORBIDDEN = 403;

/**
 * Tells the route, the key and the pair of the two what became of the attempt under way; what is the caller's fault is nobody's. A
 * failing key never takes the deployment down with it, nor does a model that it may not use take the key.
 */
export function blame(call: Call, target: CallTarget, error: GatewayError): void {
  const { key } = target;
  const { turn } = call;
  const route = routeOf(routeId(target));
  const outcome: Outcome = { nowMs: Date.now(), turn, error };
  const left = call.cancel.aborted && !call.timedOut;
  switch (left ? "cancelled" : error.kind) {
    case "upstream_denied":
      if (key) refused(route, key, outcome);
      else failed(route, outcome);
      break;
    case "upstream_rate_limited": {
      const seconds = error.retryAfterSeconds;
      if (!key) limited(route, outcome, seconds);
      else limitedWith(routeOf(key.id), pairOf(route, key.id), { ...outcome, model: target.upstreamModel, seconds });
      break;
    }
    case "upstream_unavailable":
    case "upstream_timeout":
    case "upstream_garbled":
      if (!key || target.provider.keys.length === 1) failed(route, outcome);
      else failedWith(route, target.provider.keys, { key, outcome });
  }
  // A probe of what the failure tells nothing of is over, too.
  inconclusive(route, turn);
  if (!key) return;
  inconclusive(routeOf(key.id), turn);
  const pair = route.pairs?.get(key.id);
  if (pair) inconclusive(pair, turn);
}

function refused(route: Route, { id }: CatalogKey, { nowMs, turn, error }: Outcome): void {
  const key = routeOf(id);
  // What departed before the key's credential was replaced was refused for another.
  if (!isCurrent(key, turn)) return;
  const refusing = error.upstreamStatus === FORBIDDEN ? pairOf(route, id) : key;
  if (isCurrent(refusing, turn)) takeOut(refusing, nowMs, error);
}

type Failing = { readonly key: CatalogKey; readonly outcome: Outcome };

/** The breaker of the key at this deployment opens first; the deployment's own when it fails with every key that is in service. */
function failedWith(route: Route, keys: readonly CatalogKey[], { key, outcome }: Failing): void {
  failed(pairOf(route, key.id), outcome);
  failed(route, outcome, false);
  const inService = keys.filter(
    ({ id, weight }) => weight > 0 && routeOf(id).out === undefined && route.pairs?.get(id)?.out === undefined,
  );
  const ids = inService.map(({ id }) => id);
  if (route.state === "closed" && isCurrent(route, outcome.turn) && failsWithEach(route, ids))
    open(route, outcome.nowMs);
}
