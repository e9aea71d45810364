import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import type { Inbound, Reply } from "@/server/gateway/endpoint";
import { failed } from "@/server/gateway/look";
import { type Match, match } from "@/server/http/routes";
import { health } from "@/server/state/health";

/** Whether the gateway answers this path itself. */
export function isGatewayPath(path: string): boolean {
  return isApi(path) || path === "/v1" || path.startsWith("/health/") || path === "/metrics";
}

function isApi(path: string): boolean {
  return path.startsWith("/v1/") || path.startsWith("/v1beta/");
}

/** The gateway's answer to any request on its paths, with CORS headers; it never rejects. */
export function answer(inbound: Inbound): Promise<Reply> {
  // Browsers alone say where they come from.
  return inbound.headers.origin === undefined ? route(inbound) : withCors(inbound);
}

async function withCors(inbound: Inbound): Promise<Reply> {
  const reply = await route(inbound);
  const cors = isApi(inbound.path) ? corsHeaders(inbound) : undefined;
  return cors ? { ...reply, headers: { ...reply.headers, ...cors } } : reply;
}

function route(inbound: Inbound): Promise<Reply> {
  const found = match(inbound.path);
  const endpoint = found?.methods[inbound.method === "HEAD" ? "GET" : inbound.method];
  if (!found || !endpoint || inbound.method === "OPTIONS" || (isApi(inbound.path) && isAway()))
    return Promise.resolve(withoutEndpoint(inbound, found));
  inbound.params = found.params;
  try {
    return endpoint(inbound).catch((error: unknown) => failed(error));
  } catch (error) {
    return Promise.resolve(failed(error));
  }
}

function withoutEndpoint(inbound: Inbound, found: Match | undefined): Reply {
  if (!found)
    return failed(
      new GatewayError("not_found", `Unknown request URL: ${inbound.method} ${inbound.path}.`, { code: "unknown_url" }),
    );
  if (inbound.method === "OPTIONS") return preflight(inbound, allowedBy(found));
  if (found.methods[inbound.method === "HEAD" ? "GET" : inbound.method]) return failed(away());
  const allowed = allowedBy(found);
  const reply = failed(
    new GatewayError("method_not_allowed", `${inbound.path} takes ${allowed}, not ${inbound.method}.`),
  );
  return { ...reply, headers: { ...reply.headers, allow: allowed } };
}

/** Whether it does not answer calls yet, or no more. */
function isAway(): boolean {
  const { started, draining } = health();
  return draining || !started;
}

function away(): GatewayError {
  const soon = { retryAfterSeconds: 1 };
  return health().draining
    ? new GatewayError("draining", "This server is shutting down. Try again.", soon)
    : new GatewayError("store_unavailable", "Conduit is starting.", soon);
}

function allowedBy({ methods }: Match): string {
  return Object.keys(methods).join(", ");
}

function preflight({ headers }: Inbound, allowed: string): Reply {
  const asked = headers["access-control-request-headers"];
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": `${allowed}, OPTIONS`,
      "access-control-allow-headers": asked ?? "authorization, content-type, x-api-key, x-goog-api-key",
      "access-control-max-age": "86400",
    },
    body: "",
  };
}

const EXPOSED = [
  ...["x-request-id", "retry-after", "x-should-retry", "age"],
  ...["provider", "model", "attempts", "cost-usd", "cache", "dropped"].map((name) => `x-conduit-${name}`),
  ...["requests", "tokens"].flatMap((kind) =>
    ["limit", "remaining", "reset"].map((name) => `x-ratelimit-${name}-${kind}`),
  ),
].join(", ");

/** Keys travel in a header, not in a cookie, so any page that has one may call; `CONDUIT_CORS_ORIGINS` narrows that. */
function corsHeaders({ headers }: Inbound): Record<string, string> | undefined {
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const any = env.corsOrigins.includes("*");
  if (!any && !env.corsOrigins.includes(origin)) return undefined;
  return {
    "access-control-allow-origin": any ? "*" : origin,
    "access-control-expose-headers": EXPOSED,
    ...(!any && { vary: "origin" }),
  };
}
