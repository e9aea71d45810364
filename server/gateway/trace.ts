import type { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";

/** One attempt of a call as it is kept with it. Times are milliseconds; `at` is since the call began. */
export type Attempt = {
  readonly model: string;
  readonly provider: string;
  readonly upstream_model: string;
  readonly key: string | undefined;
  readonly at: number;
  readonly waited: number | undefined;
  took: number | undefined;
  status: number | undefined;
  error: string | undefined;
  message: string | undefined;
  /** Decimal digits of nano-dollars, of an attempt that a vendor billed and another one completed. */
  cost_nano?: string;
};

const MAX_ATTEMPTS = 50;

/** Begins the record of an attempt. */
export function traced(
  call: Call,
  { target, waitMs, stage }: { target: CallTarget; waitMs: number; stage: string },
): { readonly entry: Attempt; end(status: number, error?: GatewayError): void } {
  const at = Math.round(performance.now() - call.startedTick);
  const entry: Attempt = {
    model: stage,
    provider: target.provider.name,
    upstream_model: target.upstreamModel,
    key: target.key?.name,
    at,
    waited: waitMs > 0 ? Math.round(waitMs) : undefined,
    took: undefined,
    status: undefined,
    error: undefined,
    message: undefined,
  };
  if (call.trace.length < MAX_ATTEMPTS) call.trace.push(entry);
  return {
    entry,
    end: (status, error) => {
      entry.took = Math.round(performance.now() - call.startedTick) - at;
      entry.status = status;
      entry.error = error?.kind;
      entry.message = error?.message.slice(0, 300);
    },
  };
}
