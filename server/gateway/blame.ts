import type { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId } from "@/server/gateway/resolve";
import { failed, inconclusive, limited, routeOf, takeOut } from "@/server/state/route-health";

/** Tells the route and the key what became of the attempt; what is the caller's fault is neither's. */
export function blame(call: Call, target: CallTarget, error: GatewayError): void {
  const now = Date.now();
  const route = routeOf(routeId(target));
  const key = target.key && routeOf(target.key.id);
  if (call.cancel.aborted && !call.timedOut) {
    inconclusive(route);
    return;
  }
  switch (error.kind) {
    case "upstream_denied":
      // A failing key never takes the deployment down with it.
      inconclusive(route);
      if (key) takeOut(key, now, error);
      else failed(route, now, error);
      return;
    case "upstream_rate_limited":
      limited(key ?? route, now, error.retryAfterSeconds ?? 1, error);
      inconclusive(route);
      return;
    case "upstream_unavailable":
    case "upstream_timeout":
    case "upstream_garbled":
      failed(route, now, error);
      return;
    default:
      inconclusive(route);
  }
}
