import type { JsonObject } from "@/server/dialects/dialect";
import type { GatewayError } from "@/server/errors";

/** google.rpc.Code by HTTP status. Source: Google Cloud APIs, "Errors". */
const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "RESOURCE_EXHAUSTED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ABORTED",
  413: "INVALID_ARGUMENT",
  422: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Google's error body; its details say which field is at fault, why, and when to try again. Source: google.rpc.Status. */
export function errorBody(error: GatewayError, requestId: string): JsonObject {
  const { status, message, param, code, retryAfterSeconds } = error;
  return {
    error: {
      code: status,
      message,
      status: STATUS[status] ?? (status < 500 ? "INVALID_ARGUMENT" : "INTERNAL"),
      details: [
        ...(param ? [{ "@type": type("BadRequest"), fieldViolations: [{ field: param, description: message }] }] : []),
        ...(code ? [{ "@type": type("ErrorInfo"), reason: code.toUpperCase(), domain: "conduit" }] : []),
        ...(retryAfterSeconds === undefined
          ? []
          : [{ "@type": type("RetryInfo"), retryDelay: `${Math.max(1, Math.ceil(retryAfterSeconds))}s` }]),
        { "@type": type("RequestInfo"), requestId },
      ],
    },
  };
}

function type(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`;
}
