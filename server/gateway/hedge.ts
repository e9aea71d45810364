import { Cancel } from "@/server/cancel";
import { env } from "@/server/env";
import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { firstTokenMs, type Going, leave, makeAttempt, type Way } from "@/server/gateway/make-attempt";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { costOfCall } from "@/server/gateway/settle";
import { type Attempt, endAttempt } from "@/server/gateway/trace";
import { countHedge } from "@/server/metrics";
import type { Encoded } from "@/server/providers/provider";
import { extend, shrink } from "@/server/state/budgets";
import { noteFirstToken, usualFirstTokenMs } from "@/server/state/first-tokens";
import { callClosed, callOpened } from "@/server/state/open-calls";
import { noUsage } from "@/server/wire/usage";

/** One of two attempts side by side. It is made on a call of its own, which is the call from then on if it wins. */
type Side = {
  readonly call: Call;
  readonly target: CallTarget;
  readonly done: Promise<Reply | GatewayError>;
  /** The place of its record among the call's attempts while they are under way, and then the record itself. */
  readonly at: number;
  record: Attempt | undefined;
  /** Whether the provider has begun to answer: then it bills the prompt at least. */
  begun: boolean;
  isOver: boolean;
  error: GatewayError | undefined;
  readonly release: () => void;
};

type Racing<Prepared extends Encoded> = {
  readonly first: CallTarget;
  /** The target to ask beside the first one; undefined where there is none. */
  readonly second: () => CallTarget | undefined;
  readonly going: Going;
  readonly way: Way<Prepared>;
  /** Told of each attempt that failed; throws where the call has failed with it. */
  readonly failed: (target: CallTarget, error: GatewayError) => void;
};

/**
 * Makes an attempt and, where its first token is later than those of 95 in 100 streams of that target, another one beside it. The
 * first to begin its answer is the call from then on (`became`), the other is ended. Undefined when both failed.
 */
export async function hedged<Prepared extends Encoded>(
  call: Call,
  racing: Racing<Prepared>,
): Promise<Reply | undefined> {
  const first = enter(call, racing.first, racing);
  const sides = [first];
  try {
    if (!(await isQuick(call, first, racing.going))) {
      const second = await beside(call, first, racing);
      if (second) sides.push(second);
    }
    const won = await firstOf(sides);
    if (won) return win(call, sides, won);
    if (sides.length > 1 && call.hold) shrink(call.hold, call.hold.amount / 2n);
    return fail(call, sides, racing.failed);
  } finally {
    for (const side of sides) if (side.call !== call.became) giveUp(call, side);
  }
}

function enter<Prepared extends Encoded>(call: Call, target: CallTarget, { going, way }: Racing<Prepared>): Side {
  const cancel = new Cancel();
  const onAbort = (): void => cancel.abort();
  call.cancel.onAbort(onAbort);
  const heldAnswer = call.heldAnswer && { ...call.heldAnswer };
  const own: Call = { ...call, cancel, place: -1, silence: undefined, isBeside: true, heldAnswer };
  callOpened(own);
  call.attempts++;
  const at = call.trace.length;
  const deliver: typeof way.deliver = (answer, of) => {
    side.begun = true;
    return way.deliver(answer, of);
  };
  const side: Side = {
    call: own,
    target,
    at,
    record: undefined,
    begun: false,
    isOver: false,
    error: undefined,
    release: () => call.cancel.offAbort(onAbort),
    done: makeAttempt(own, target, { way: { ...way, deliver }, going }).finally(() => {
      side.isOver = true;
    }),
  };
  return side;
}

/** Whether the attempt ends, one way or the other, before it is time to ask another target. */
async function isQuick(call: Call, side: Side, { stage }: Going): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), hedgeAfterMs(routeId(side.target), stage));
  });
  const quick = await Promise.race([side.done.then(() => true), late]);
  clearTimeout(timer);
  return quick || call.cancel.aborted;
}

/** How long a route's first token may take before a second target is asked, in milliseconds. */
export function hedgeAfterMs(route: string | undefined, { settings }: Stage): number {
  return (route === undefined ? undefined : usualFirstTokenMs(route)) ?? (settings.firstByteMs ?? env.firstByteMs) / 2;
}

/** An attempt beside the first, where there is a target for it and the call may spend as much again. */
async function beside<Prepared extends Encoded>(
  call: Call,
  first: Side,
  racing: Racing<Prepared>,
): Promise<Side | undefined> {
  const target = racing.second();
  const { hold } = call;
  if (!target || !hold) return target && enter(call, target, racing);
  const more = hold.amount;
  if (!(await extend(hold, more, Date.now()))) return undefined;
  // Meanwhile the first may have come to an end, or another call have taken the target's place.
  const free = first.isOver || call.cancel.aborted ? undefined : racing.second();
  if (free) return enter(call, free, racing);
  shrink(hold, more);
  return undefined;
}

type Won = { readonly side: Side; readonly reply: Reply };

async function firstOf(sides: readonly Side[]): Promise<Won | undefined> {
  const racing = new Map(sides.map((side) => [side, side.done.then((made) => ({ side, made }))]));
  while (racing.size > 0) {
    const { side, made } = await Promise.race(racing.values());
    racing.delete(side);
    if (!isGatewayError(made)) return { side, reply: made };
    side.error = made;
  }
  return undefined;
}

/** What one refuses the other may answer: only where neither has it counts. */
function fail(call: Call, sides: readonly Side[], failed: Racing<Encoded>["failed"]): undefined {
  for (const { target, error } of sides) {
    if (!error) continue;
    call.target = target;
    failed(target, error);
  }
}

function win(call: Call, sides: readonly Side[], { side, reply }: Won): Reply {
  const { call: own, target } = side;
  for (const one of sides) one.record = own.trace[one.at];
  const took = firstTokenMs(own);
  if (took !== undefined) noteFirstToken(routeId(target), took);
  let lost = 0n;
  for (const other of sides) if (other !== side) lost += lose(other);
  own.spentBefore += lost;
  // From here on there is one answer to pay for, and what the other provider bills.
  if (sides.length > 1 && own.hold) shrink(own.hold, own.hold.amount / 2n - lost);
  if (sides.length > 1) countHedge(side === sides[1]);
  // The record of what brought the answer comes last.
  if (side.record) own.trace.push(...own.trace.splice(side.at, 1));
  own.attempts = call.attempts;
  own.isBeside = false;
  call.became = own;
  call.settled = true;
  callClosed(call);
  return reply;
}

/** What the provider of the other attempt bills all the same, in nano-dollars: the prompt, where it had begun to answer. */
function lose({ call, target, record, begun, isOver }: Side): bigint {
  // It would have taken longer than that: left out, only the times of quick streams would be known.
  if (!isOver) noteFirstToken(routeId(target), performance.now() - call.attemptTick);
  // It failed by itself before.
  if (!begun || !record || (record.error !== undefined && record.error !== "cancelled")) return 0n;
  call.usage ??= { ...noUsage, input: call.requestTokens };
  const cost = costOfCall(call);
  if (!cost) return 0n;
  const extra = cost.nano - call.spentBefore;
  record.cost_nano = extra.toString();
  return extra;
}

/** Ends an attempt that is not the call: its connection, its place at the target, its record. */
function giveUp(call: Call, { call: own, record, done, release }: Side): void {
  // A caller who left, or whose time is up, ended it otherwise.
  if (!call.cancel.aborted) own.outrun = new GatewayError("cancelled", "Another provider began its answer first.");
  own.cancel.abort();
  // One that had just begun its answer does not end by itself.
  void done.then((made) => {
    if (isGatewayError(made)) return;
    leave(own);
    if (record && own.outrun) endAttempt(own, record, own.outrun);
  });
  callClosed(own);
  own.settled = true;
  release();
}
