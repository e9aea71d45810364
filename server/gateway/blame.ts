import type { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId } from "@/server/gateway/resolve";
import { bar, failed, inconclusive, limited, routeOf, takeOut } from "@/server/state/route-health";

const FORBIDDEN = 403;

/** Tells the route and the key what became of the attempt; what is the caller's fault is neither's. */
export function blame(call: Call, target: CallTarget, error: GatewayError): void {
  const now = Date.now();
  const route = routeOf(routeId(target));
  const key = target.key && routeOf(target.key.id);
  const left = call.cancel.aborted && !call.timedOut;
  switch (left ? "cancelled" : error.kind) {
    case "upstream_denied":
      inconclusive(route);
      // A failing key never takes the deployment down with it, nor a model that it may not use the key.
      if (!target.key || !key) failed(route, now, error);
      else if (error.upstreamStatus === FORBIDDEN) bar(route, target.key.id, { nowMs: now, error });
      else takeOut(key, now, error);
      break;
    case "upstream_rate_limited":
      inconclusive(route);
      limited(key ?? route, now, error.retryAfterSeconds, error);
      break;
    case "upstream_unavailable":
    case "upstream_timeout":
    case "upstream_garbled":
      failed(route, now, error);
      break;
    default:
      inconclusive(route);
  }
  if (key) inconclusive(key);
}
