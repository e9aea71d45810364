/** What each kind of failure means to a caller. `retry` answers "may another target succeed?". */
const kinds = {
  invalid_request: {
    status: 400,
    type: "invalid_request_error",
    code: null,
    anthropic: "invalid_request_error",
    retry: false,
  },
  unauthenticated: {
    status: 401,
    type: "invalid_request_error",
    code: "invalid_api_key",
    anthropic: "authentication_error",
    retry: false,
  },
  budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    code: "insufficient_quota",
    anthropic: "rate_limit_error",
    retry: false,
  },
  forbidden: {
    status: 403,
    type: "invalid_request_error",
    code: "forbidden",
    anthropic: "permission_error",
    retry: false,
  },
  not_found: {
    status: 404,
    type: "invalid_request_error",
    code: "not_found",
    anthropic: "not_found_error",
    retry: false,
  },
  model_not_found: {
    status: 404,
    type: "invalid_request_error",
    code: "model_not_found",
    anthropic: "not_found_error",
    retry: false,
  },
  method_not_allowed: {
    status: 405,
    type: "invalid_request_error",
    code: "method_not_allowed",
    anthropic: "invalid_request_error",
    retry: false,
  },
  payload_too_large: {
    status: 413,
    type: "invalid_request_error",
    code: "payload_too_large",
    anthropic: "request_too_large",
    retry: false,
  },
  rate_limited: {
    status: 429,
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
    anthropic: "rate_limit_error",
    retry: false,
  },
  cancelled: {
    status: 499,
    type: "invalid_request_error",
    code: "cancelled",
    anthropic: "invalid_request_error",
    retry: false,
  },
  upstream_rejected: {
    status: 400,
    type: "invalid_request_error",
    code: null,
    anthropic: "invalid_request_error",
    retry: false,
  },
  upstream_denied: { status: 502, type: "api_error", code: "upstream_denied", anthropic: "api_error", retry: true },
  upstream_rate_limited: {
    status: 429,
    type: "rate_limit_error",
    code: "upstream_rate_limited",
    anthropic: "rate_limit_error",
    retry: true,
  },
  upstream_unavailable: {
    status: 502,
    type: "api_error",
    code: "upstream_unavailable",
    anthropic: "api_error",
    retry: true,
  },
  upstream_timeout: { status: 504, type: "api_error", code: "upstream_timeout", anthropic: "api_error", retry: true },
  upstream_garbled: { status: 502, type: "api_error", code: "upstream_garbled", anthropic: "api_error", retry: true },
  store_unavailable: {
    status: 503,
    type: "api_error",
    code: "store_unavailable",
    anthropic: "overloaded_error",
    retry: false,
  },
  draining: { status: 503, type: "api_error", code: "shutting_down", anthropic: "overloaded_error", retry: false },
  internal: { status: 500, type: "api_error", code: "internal_error", anthropic: "api_error", retry: false },
} as const;

/** Every kind of failure that a call may end with. */
export function errorKinds(): string[] {
  return Object.keys(kinds);
}

export type ErrorKind = keyof typeof kinds;

export type ErrorDetail = {
  /** The field of the request that is at fault, as `messages.0.content`. */
  param?: string | undefined;
  /** Overrides the kind's own, for an upstream's answer that is passed on. */
  status?: number | undefined;
  type?: string | undefined;
  code?: string | null | undefined;
  retryAfterSeconds?: number | undefined;
  /** The HTTP status with which an upstream failed, for the record of attempts. */
  upstreamStatus?: number | undefined;
  cause?: unknown;
};

const brand = Symbol.for("conduit.GatewayError");

/** A failure that a caller may see: the message is theirs to read, the cause is for the log alone. */
export class GatewayError extends Error {
  readonly [brand] = true;
  override readonly name = "GatewayError";
  readonly kind: ErrorKind;
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly retryAfterSeconds: number | undefined;
  readonly upstreamStatus: number | undefined;

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    const row = kinds[kind];
    this.kind = kind;
    this.status = detail.status ?? row.status;
    this.type = detail.type ?? row.type;
    this.code = detail.code === undefined ? row.code : detail.code;
    this.param = detail.param ?? null;
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.upstreamStatus = detail.upstreamStatus;
  }

  /** Anthropic's name for this failure. */
  get anthropicType(): string {
    return kinds[this.kind].anthropic;
  }

  /** Whether another target may succeed where this one failed. */
  get tryAnotherTarget(): boolean {
    return kinds[this.kind].retry;
  }
}

/** True for our own errors, also for those thrown by another bundle's copy of this class. */
export function isGatewayError(error: unknown): error is GatewayError {
  return typeof error === "object" && error !== null && brand in error;
}

/** Any thrown value as an error that may be shown; what is not ours becomes a generic `internal`. */
export function asGatewayError(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  return new GatewayError("internal", "Something went wrong in the gateway.", { cause: error });
}
