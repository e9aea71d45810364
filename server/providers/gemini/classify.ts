import type { ErrorKind } from "@/server/errors";
import { classified, kindOfStatus, readError, type UpstreamError } from "@/server/providers/classify";
import type { Classified } from "@/server/providers/provider";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** Source: google.rpc.Code, and Gemini API, "Troubleshooting". */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  INVALID_ARGUMENT: "upstream_rejected",
  FAILED_PRECONDITION: "upstream_rejected",
  OUT_OF_RANGE: "upstream_rejected",
  NOT_FOUND: "upstream_rejected",
  ALREADY_EXISTS: "upstream_rejected",
  UNAUTHENTICATED: "upstream_denied",
  PERMISSION_DENIED: "upstream_denied",
  RESOURCE_EXHAUSTED: "upstream_rate_limited",
  CANCELLED: "upstream_unavailable",
  ABORTED: "upstream_unavailable",
  INTERNAL: "upstream_unavailable",
  UNAVAILABLE: "upstream_unavailable",
  UNKNOWN: "upstream_unavailable",
  DEADLINE_EXCEEDED: "upstream_timeout",
};

/** A bad key comes as a 400, told from the caller's own mistakes by its detail. */
const KEY_REASONS: ReadonlySet<string> = new Set([
  "API_KEY_INVALID",
  "API_KEY_EXPIRED",
  "API_KEY_SERVICE_BLOCKED",
  "ACCESS_TOKEN_EXPIRED",
  "BILLING_DISABLED",
  "CONSUMER_SUSPENDED",
  "SERVICE_DISABLED",
]);

/** Classifies an answer that is not a success. */
export function classify(status: number, body: unknown): Classified {
  return classifiedAs(kindOfStatus(status), body);
}

/** Classifies an error inside a stream that began as a success, where Google's own status stands for HTTP's. */
export function classifyEvent(body: unknown): Classified {
  const { error } = isRecord(body) ? body : {};
  const code = isRecord(error) && typeof error.code === "number" ? error.code : 500;
  return classifiedAs(KINDS[errorOf(body).type ?? ""] ?? kindOfStatus(code), body);
}

function classifiedAs(kind: ErrorKind, body: unknown): Classified {
  const details = detailsOf(body);
  const denied = details.some(({ reason }) => KEY_REASONS.has(textOf(reason) ?? ""));
  const retryAfterSeconds = retryDelay(details);
  return {
    ...classified(denied ? "upstream_denied" : kind, errorOf(body)),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/** Google's `status` is what others call the type; its `code` repeats HTTP's. */
function errorOf(body: unknown): UpstreamError {
  const outer = Array.isArray(body) ? body[0] : body;
  const error = isRecord(outer) && isRecord(outer.error) ? outer.error : {};
  return { ...readError(body), type: textOf(error.status), code: undefined };
}

function detailsOf(body: unknown): Record<string, unknown>[] {
  const outer = Array.isArray(body) ? body[0] : body;
  const error = isRecord(outer) && isRecord(outer.error) ? outer.error : {};
  return listOf(error.details).filter(isRecord);
}

/** google.rpc.RetryInfo: a duration in seconds with an `s` behind it. */
function retryDelay(details: readonly Record<string, unknown>[]): number | undefined {
  for (const detail of details) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(detail.retryDelay) ?? "")?.[1];
    if (seconds !== undefined) return Number(seconds);
  }
  return undefined;
}
