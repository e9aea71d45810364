import { env } from "@/server/env";
import type { GatewayError } from "@/server/errors";
import { blame } from "@/server/gateway/blame";
import type { Call, CallTarget } from "@/server/gateway/call";
import { type Answer, dispatch, type Prepare } from "@/server/gateway/dispatch";
import type { Reply } from "@/server/gateway/endpoint";
import { failureOf } from "@/server/gateway/refuse";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { leaveRoom, occupyRoom } from "@/server/gateway/room";
import { beginAttempt, endAttempt } from "@/server/gateway/trace";
import type { Verdict } from "@/server/gateway/verdict";
import type { Encoded } from "@/server/providers/provider";
import { answered, departed, probing, returned, routeOf, turnOfDeparture } from "@/server/state/route-health";
import { noteLatency } from "@/server/state/route-latency";

/** How an operation makes its request for a target, and how it brings an answer to the caller. */
export type Way<Prepared extends Encoded> = {
  readonly prepare: Prepare<Prepared>;
  /** Rejects while nothing is committed: then another target may serve. A stream holds its route until `leave`. */
  readonly deliver: (answer: Answer<Prepared>, call: Call) => Promise<Reply>;
  /** What a failure means, where that is not what it usually does. */
  readonly judge?: (error: GatewayError, target: CallTarget) => Verdict | undefined;
};

/** What an attempt is made for, and how long the call waited before it. */
export type Going = { readonly stage: Stage; readonly waitedMs: number };

/**
 * Makes one attempt at a target: gives the reply that is committed, or what it failed with, which its route and key have been told
 * of by then.
 */
export async function makeAttempt<Prepared extends Encoded>(
  call: Call,
  target: CallTarget,
  { way, going }: { readonly way: Way<Prepared>; readonly going: Going },
): Promise<Reply | GatewayError> {
  const { record, route, key } = depart(call, target, going);
  try {
    const answer = await dispatch(call, target, way.prepare);
    const reply = await way.deliver(answer, call);
    const now = Date.now();
    answered(route, now, call.turn);
    const took = firstTokenMs(call);
    if (took !== undefined) noteLatency(route, now, took);
    if (key) {
      answered(key, now, call.turn);
      const pair = target.key && route.pairs?.get(target.key.id);
      if (pair) answered(pair, now, call.turn);
    }
    endAttempt(call, record);
    if (typeof reply.body !== "function") leave(call);
    return reply;
  } catch (thrown) {
    const error = call.outrun ?? failureOf(call, thrown);
    leave(call);
    endAttempt(call, record, error);
    blame(call, target, error);
    return error;
  }
}

function depart(call: Call, target: CallTarget, { stage, waitedMs }: Going) {
  const now = Date.now();
  const route = routeOf(routeId(target));
  departed(route, now);
  call.firstByteMs = stage.settings.firstByteMs ?? env.firstByteMs;
  call.occupied = route;
  occupyRoom(call, target);
  const key = target.key && routeOf(target.key.id);
  if (key) {
    probing(key, now);
    const pair = target.key && route.pairs?.get(target.key.id);
    if (pair) probing(pair, now);
  }
  call.turn = turnOfDeparture();
  if (call.trace.length > 0) forgetAnswer(call);
  return { record: beginAttempt(call, { target, waitedMs, model: stage.model }), route, key };
}

/** Gives up the place that the attempt under way has at its target; a second time does nothing. */
export function leave(call: Call): void {
  if (call.occupied) returned(call.occupied);
  call.occupied = undefined;
  leaveRoom(call);
}

/** What an attempt before this one had read of an answer that nobody got. */
function forgetAnswer(call: Call): void {
  call.usage = undefined;
  call.estimate = undefined;
  call.finishReason = undefined;
  call.firstTokenMs = undefined;
  call.responseId = undefined;
}

/** Of this attempt alone; undefined for a whole answer. */
export function firstTokenMs({ firstTokenMs: sinceStart, attemptTick, startedTick }: Call): number | undefined {
  return sinceStart === undefined ? undefined : Math.max(0, sinceStart - (attemptTick - startedTick));
}
