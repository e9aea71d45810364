import { randomUUID } from "node:crypto";
import {
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  type TRPCProcedureType as ProcedureType,
  TRPCError,
} from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { forEachOpenApiProcedure } from "trpc-to-openapi";
import { backendContextOf } from "@/server/api/context";
import { explained, problemOf } from "@/server/api/errors";
import { appRouter } from "@/server/api/root";

const LIMIT_BYTES = 1024 * 1024;

/**
 * Answers a request of the admin REST view, whose routes are the `rest(…)` of the procedures, below `prefix`. The library
 * that describes them could serve them too, but it turns every input schema of the app into a coercing one on the way:
 * `null` would be taken for 0 and `"false"` for true, by the dashboard's procedures as well.
 */
export async function restResponse(request: Request, prefix: string): Promise<Response> {
  try {
    const ctx = backendContextOf(request);
    if (!ctx.actor)
      throw new TRPCError({ code: "UNAUTHORIZED", message: "Send the backend key as a bearer token or in x-api-key." });
    const url = new URL(request.url);
    const { route, params } = findRoute(request.method, url.pathname.slice(prefix.length).replace(/\/$/, ""));
    const input = { ...(route.body ? await bodyOf(request) : Object.fromEntries(url.searchParams)), ...params };
    const data: unknown = await callTRPCProcedure({
      router: appRouter,
      path: route.procedure,
      type: route.type,
      getRawInput: async () => input,
      ctx,
      signal: request.signal,
      batchIndex: 0,
    });
    return Response.json(data, { headers: { ...headers, "x-request-id": `req_${randomUUID()}` } });
  } catch (thrown) {
    return refusal(getTRPCErrorFromUnknown(thrown));
  }
}

const headers = { "cache-control": "no-store" };

function refusal(thrown: TRPCError): Response {
  const error = explained(thrown);
  const { message, field } = problemOf(error);
  const status = getHTTPStatusCodeFromError(error);
  const type = status >= 500 ? "api_error" : "invalid_request_error";
  return Response.json(
    { error: { message, type, param: field, code: error.code.toLowerCase() } },
    { status, headers: { ...headers, "x-request-id": `req_${randomUUID()}` } },
  );
}

type Route = { method: string; pattern: RegExp; procedure: string; type: ProcedureType; body: boolean };

const routes: Route[] = [];
forEachOpenApiProcedure(appRouter._def.procedures, ({ path: procedure, type, meta: { openapi } }) => {
  const pattern = new RegExp(`^${openapi.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
  const body = openapi.method !== "GET" && openapi.method !== "DELETE";
  routes.push({ method: openapi.method, pattern, procedure, type, body });
});

function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } {
  const fitting = routes.flatMap((route) => {
    const match = route.pattern.exec(path);
    return match ? [{ route, match }] : [];
  });
  // A fixed path comes before one with a parameter in its place.
  const found = fitting
    .filter(({ route }) => route.method === method)
    .sort(
      (left, right) => Object.keys(left.match.groups ?? {}).length - Object.keys(right.match.groups ?? {}).length,
    )[0];
  if (found) return { route: found.route, params: decoded(found.match.groups ?? {}) };
  if (fitting.length === 0) throw new TRPCError({ code: "NOT_FOUND", message: "There is nothing at this path." });
  const allowed = [...new Set(fitting.map(({ route }) => route.method))].join(", ");
  throw new TRPCError({ code: "METHOD_NOT_SUPPORTED", message: `This path takes ${allowed}.` });
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch (cause) {
    throw new TRPCError({ code: "BAD_REQUEST", message: "The path is not encoded well.", cause });
  }
}

async function bodyOf(request: Request): Promise<object> {
  const text = await textOf(request);
  if (text === "") return {};
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new TRPCError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send JSON, with content-type: application/json." });
  }
  const body = parsed(text);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new TRPCError({ code: "BAD_REQUEST", message: "The body must be a JSON object." });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TRPCError({ code: "BAD_REQUEST", message: "The body is not valid JSON.", cause });
  }
}

async function textOf(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
    size += piece.value.length;
    if (size > LIMIT_BYTES) {
      await reader?.cancel();
      throw new TRPCError({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${LIMIT_BYTES} bytes.` });
    }
    chunks.push(piece.value);
  }
  return Buffer.concat(chunks).toString("utf8");
}
