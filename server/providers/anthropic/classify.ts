import type { ErrorKind } from "@/server/errors";
import { classified, kindOfStatus, readError, type UpstreamError, unpaid } from "@/server/providers/classify";
import type { Classified } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

/** Source: Anthropic API reference, "Errors". */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: "upstream_rejected",
  not_found_error: "upstream_rejected",
  conflict_error: "upstream_rejected",
  request_too_large: "upstream_rejected",
  authentication_error: "upstream_denied",
  permission_error: "upstream_denied",
  rate_limit_error: "upstream_rate_limited",
  timeout_error: "upstream_timeout",
  api_error: "upstream_unavailable",
  overloaded_error: "upstream_unavailable",
};

/** Classifies an answer that is not a success. */
export function classify(status: number, body: unknown): Classified {
  const error = errorOf(body);
  return isUnpaid(error, status) ? unpaid() : classified(kindOfStatus(status), error);
}

/** Classifies an `error` event in a stream that began as a success, where the type stands for the status. */
export function classifyEvent(event: unknown): Classified {
  const error = errorOf(event);
  return isUnpaid(error) ? unpaid() : classified(KINDS[error.type ?? ""] ?? "upstream_unavailable", error);
}

function errorOf(body: unknown): UpstreamError {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  const details = isRecord(error.details) ? error.details : {};
  return { ...readError(body), code: textOf(details.error_code) };
}

/** An empty balance comes as a 400 that only its text tells from the caller's own mistakes. */
function isUnpaid({ type, code, message }: UpstreamError, status?: number): boolean {
  return (
    status === 402 ||
    type === "billing_error" ||
    code?.endsWith("spend_limit_reached") === true ||
    (type === "invalid_request_error" && /credit balance is too low/i.test(message ?? ""))
  );
}
