import type { ErrorKind } from "@/server/errors";
import type { Classified } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

const MAX_MESSAGE_CHARACTERS = 2000;

/** Vendors echo parts of the credential and the account ("Incorrect API key provided: sk-ab***"); words have no digit in them. */
const CREDENTIAL =
  /\b(?:(?:sk|pk|rk|gsk|xai|org|proj|key)[-_](?=[\w*.-]*[\d*])[\w*.-]{4,}|AIza[\w*-]{4,}|Bearer\s+\S+)/gi;

const DENIED = "The upstream provider refused this gateway's credential or account.";
const UNPAID = "The operator's account with the upstream provider is out of credit.";

/** What an upstream's error body says, as far as a caller may see it. */
export type UpstreamError = {
  readonly message?: string | undefined;
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
};

/** Reads the error bodies that are about: `{error: {message, …}}`, `{error: "text"}`, `{message}`, `{detail}`, or a list of one. */
export function readError(body: unknown): UpstreamError {
  const outer = Array.isArray(body) ? body[0] : body;
  if (!isRecord(outer)) return {};
  if (isRecord(outer.error)) return fieldsOf(outer.error);
  const direct = fieldsOf(outer);
  const message = textOf(outer.error) ?? direct.message ?? detailOf(outer.detail);
  return { ...direct, message: message && presentable(message) };
}

/** What an HTTP status means, for the vendors whose statuses mean what they usually do. */
export function kindOfStatus(status: number): ErrorKind {
  if (status === 401 || status === 402 || status === 403) return "upstream_denied";
  if (status === 408 || status === 504) return "upstream_timeout";
  if (status === 429) return "upstream_rate_limited";
  return status >= 400 && status < 500 ? "upstream_rejected" : "upstream_unavailable";
}

/** An error of this kind with what a caller may see of it: nothing of the upstream's words when the operator's account is at fault. */
export function classified(kind: ErrorKind, error: UpstreamError): Classified {
  if (kind === "upstream_denied") return { kind, message: DENIED };
  if (kind === "upstream_rejected") return { kind, ...error, code: error.code ?? null };
  return { kind, message: error.message };
}

/** The operator's account has no money left: for the caller no different from a refused credential, but said. */
export function unpaid(): Classified {
  return { kind: "upstream_denied", message: UNPAID };
}

function fieldsOf(error: Record<string, unknown>): UpstreamError {
  const message = textOf(error.message);
  return {
    message: message && presentable(message),
    type: textOf(error.type),
    code: textOf(error.code) ?? (typeof error.code === "number" ? String(error.code) : undefined),
    param: textOf(error.param),
  };
}

/** `detail` is a text, or a list of `{loc, msg}` as Python's validators write it. */
function detailOf(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return textOf(detail);
  const first: unknown = detail[0];
  return isRecord(first) ? textOf(first.msg) : textOf(first);
}

function presentable(message: string): string {
  return message.slice(0, MAX_MESSAGE_CHARACTERS).replace(CREDENTIAL, "[redacted]");
}
