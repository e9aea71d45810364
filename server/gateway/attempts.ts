import { setTimeout as sleep } from "node:timers/promises";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { blame } from "@/server/gateway/blame";
import type { Call, CallTarget } from "@/server/gateway/call";
import { type Answer, dispatch, type Prepare } from "@/server/gateway/dispatch";
import type { Reply } from "@/server/gateway/endpoint";
import { failureOf } from "@/server/gateway/refuse";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { candidates, type Tried } from "@/server/gateway/select";
import { traced } from "@/server/gateway/trace";
import { verdictOf } from "@/server/gateway/verdict";
import type { Encoded } from "@/server/providers/provider";
import { answered, departed, returned, routeOf } from "@/server/state/route-health";

/** How an operation makes its request for a target, and how it brings an answer to the caller. */
export type Way<Prepared extends Encoded> = {
  readonly prepare: Prepare<Prepared>;
  /** Rejects while nothing is committed: then another target may serve. */
  readonly deliver: (answer: Answer<Prepared>) => Promise<Reply>;
};

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 4_000;
const SHORTEST_PAUSE_MS = 50;

/**
 * Brings a call to an answer: target after target, stage after stage, until one has committed to it or none is left. A target is tried
 * again only within the call's retries, after a pause, and never after silence. Throws the last failure.
 */
export async function attempt<Prepared extends Encoded>(
  call: Call,
  stages: readonly Stage[],
  way: Way<Prepared>,
): Promise<Reply> {
  const tried: Tried = new Map();
  let last: GatewayError | undefined;
  for (const stage of stages) {
    let repeats = 0;
    for (;;) {
      const next = candidates(call, stage, tried);
      if (next.kind === "none") break;
      if (next.repeated && repeats++ >= env.retries) break;
      if (next.waitMs > 0 && !(await waited(call, next.waitMs))) break;
      try {
        return await one(call, { target: next.target, waitMs: next.waitMs, stage }, way);
      } catch (thrown) {
        const error = failureOf(call, thrown);
        if (call.cancel.aborted || call.settled) throw error;
        const verdict = verdictOf(error);
        if (verdict === "final") throw error;
        note(tried, next.target, { verdict, error });
        // The first refusal of a request tells its caller more than what followed from it.
        last = last && error.kind === "invalid_request" ? last : error;
      }
    }
  }
  throw last ?? outOfService(stages);
}

/** Why no target could even be tried: what the one that is back first failed with. */
function outOfService(stages: readonly Stage[]): GatewayError {
  const now = Date.now();
  const routes = stages.flatMap(({ targets }) =>
    targets.flatMap((target) => [routeId(target), ...target.provider.keys.map(({ id }) => id)]).map(routeOf),
  );
  const [soonest] = routes
    .filter(({ lastError, untilMs, state }) => lastError && (untilMs > now || state === "half-open"))
    .sort((a, b) => a.untilMs - b.untilMs);
  const seconds = soonest ? Math.max(1, Math.ceil((soonest.untilMs - now) / 1_000)) : 1;
  const { kind, message } = soonest?.lastError ?? {
    kind: "upstream_unavailable" as const,
    message: "No provider of this model can be reached right now.",
  };
  return new GatewayError(kind, message, kind === "upstream_denied" ? {} : { retryAfterSeconds: seconds });
}

type Going = { readonly target: CallTarget; readonly waitMs: number; readonly stage: Stage };

async function one<Prepared extends Encoded>(
  call: Call,
  { target, waitMs, stage }: Going,
  way: Way<Prepared>,
): Promise<Reply> {
  const route = routeOf(routeId(target));
  const key = target.key && routeOf(target.key.id);
  departed(route);
  forgetAnswer(call);
  const record = traced(call, { target, waitMs, stage: stage.model });
  try {
    const answer = await dispatch(call, target, way.prepare);
    const reply = await way.deliver(answer);
    const now = Date.now();
    answered(route, now, call.firstTokenMs);
    if (key) answered(key, now);
    record.end(200);
    return reply;
  } catch (thrown) {
    const error = failureOf(call, thrown);
    record.end(error.status, error);
    blame(call, target, error);
    throw thrown;
  } finally {
    returned(route);
  }
}

/** What an attempt before this one had read of an answer that nobody got. */
export function forgetAnswer(call: Call): void {
  Object.assign(call, {
    usage: undefined,
    estimate: undefined,
    finishReason: undefined,
    firstTokenMs: undefined,
    responseId: undefined,
  });
}

function note(
  tried: Tried,
  target: CallTarget,
  outcome: { verdict: ReturnType<typeof verdictOf>; error: GatewayError },
): void {
  const id = routeId(target);
  const known = tried.get(id);
  const { verdict, error } = outcome;
  const times = (known?.times ?? 0) + 1;
  const keys = new Set(known?.keys);
  if (verdict === "other-key" && target.key) keys.add(target.key.id);
  // Full jitter: callers that failed together do not come back together.
  const pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** times));
  const waitMs = error.retryAfterSeconds === undefined ? pauseMs : error.retryAfterSeconds * 1_000;
  tried.set(id, { times, keys, verdict, again: performance.now() + waitMs });
}

/** Waits within the call's time; false when it would be up before. */
async function waited(call: Call, ms: number): Promise<boolean> {
  if (performance.now() + ms >= call.untilTick) return false;
  const { cancel } = call;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  cancel.onAbort(onAbort);
  try {
    await sleep(ms, undefined, { signal: stop.signal });
    return true;
  } catch {
    // The caller left while the call waited.
    throw new GatewayError("cancelled", "The caller left before the answer was complete.");
  } finally {
    cancel.offAbort(onAbort);
  }
}
