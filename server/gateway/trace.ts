import type { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import type { Usage } from "@/server/wire/usage";

/** One attempt of a call as it is kept with it. Times are milliseconds; `at` is since the call began. */
export type Attempt = {
  readonly model: string;
  readonly provider: string;
  readonly upstream_model: string;
  readonly key: string | undefined;
  readonly at: number;
  readonly waited: number | undefined;
  took: number | undefined;
  /** The upstream's HTTP status; the gateway's own where none came. */
  status: number | undefined;
  error: string | undefined;
  message: string | undefined;
  /** Decimal digits of nano-dollars, of an attempt that a vendor billed and another one completed. */
  cost_nano?: string | undefined;
  /** What it used, which is a part of what the call did. */
  used?: Usage | undefined;
};

const MAX_ATTEMPTS = 50;

/** Begins the record of an attempt, ended by `endAttempt`. */
export function beginAttempt(
  call: Call,
  { target, waitedMs, model }: { target: CallTarget; waitedMs: number; model: string },
): Attempt {
  const attempt: Attempt = {
    model,
    provider: target.provider.name,
    upstream_model: target.upstreamModel,
    key: target.key?.name,
    at: sinceStart(call),
    waited: waitedMs > 0 ? Math.round(waitedMs) : undefined,
    took: undefined,
    status: undefined,
    error: undefined,
    message: undefined,
  };
  if (call.trace.length < MAX_ATTEMPTS) call.trace.push(attempt);
  return attempt;
}

/** Says how an attempt ended; a stream that breaks after its commit is said to have failed after all. */
export function endAttempt(call: Call, attempt: Attempt, error?: GatewayError): void {
  attempt.took = sinceStart(call) - attempt.at;
  attempt.status = error ? (error.upstreamStatus ?? error.status) : 200;
  attempt.error = error?.kind;
  attempt.message = error?.message.slice(0, 300);
}

/** Says of the attempt that brought the answer how long it took to its end. */
export function endTrace(call: Call, status: number): void {
  const last = call.trace.at(-1);
  if (!last || last.error !== undefined) return;
  last.took = sinceStart(call) - last.at;
  last.status ??= status;
}

function sinceStart(call: Call): number {
  return Math.round(performance.now() - call.startedTick);
}
