import { env } from "@/server/env";
import type { Call } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { refuse } from "@/server/gateway/refuse";
import { metrics } from "@/server/metrics";

/** Runs a call's steps under its total time limit and until its caller leaves; any failure becomes an answer. */
export async function serve(call: Call, steps: (call: Call) => Promise<Reply>): Promise<Reply> {
  metrics.open.inc();
  const stop = () => call.abort.abort();
  const timer = setTimeout(() => {
    call.timedOut = true;
    stop();
  }, env.totalMs);
  const { signal } = call.inbound;
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  // Pushed first, so given back last: a streamed answer is bound by both until it is settled.
  call.reservations.push(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
  try {
    return await steps(call);
  } catch (error) {
    return refuse(call, error);
  }
}
