import { Cancel } from "@/server/cancel";
import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { firstTokenMs, type Going, leave, makeAttempt, type Way } from "@/server/gateway/make-attempt";
import { routeId } from "@/server/gateway/resolve";
import { costOfCall } from "@/server/gateway/settle";
import { type Attempt, endAttempt } from "@/server/gateway/trace";
import { countHedge } from "@/server/metrics";
import type { Encoded } from "@/server/providers/provider";
import { extend } from "@/server/state/budgets";
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
  const sides = [enter(call, racing.first, racing)];
  try {
    if (!(await isQuick(call, sides[0], racing.going))) {
      const second = await affordable(call, racing.second);
      if (second) sides.push(enter(call, second, racing));
    }
    const won = await firstOf(call, sides, racing.failed);
    return won && win(call, sides, won);
  } finally {
    for (const side of sides) if (side.call !== call.became) giveUp(side);
  }
}

function enter<Prepared extends Encoded>(call: Call, target: CallTarget, { going, way }: Racing<Prepared>): Side {
  const cancel = new Cancel();
  const onAbort = (): void => cancel.abort();
  call.cancel.onAbort(onAbort);
  const own: Call = { ...call, cancel, place: -1, silence: undefined };
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
    release: () => call.cancel.offAbort(onAbort),
    done: makeAttempt(own, target, { way: { ...way, deliver }, going }),
  };
  return side;
}

/** Whether the attempt ends, one way or the other, before it is time to ask another target. */
async function isQuick(call: Call, side: Side | undefined, { stage }: Going): Promise<boolean> {
  if (!side) return true;
  const waitMs = usualFirstTokenMs(routeId(side.target)) ?? (stage.settings.firstByteMs ?? call.firstByteMs) / 2;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), waitMs);
  });
  const quick = await Promise.race([side.done.then(() => true), late]);
  clearTimeout(timer);
  return quick || call.cancel.aborted;
}

/** The second target, where the call may spend as much again. */
async function affordable(call: Call, second: () => CallTarget | undefined): Promise<CallTarget | undefined> {
  const target = second();
  if (!target || !call.hold) return target;
  const pays = await extend(call.hold, call.hold.amount, Date.now());
  // While the money was asked for another call may have taken its place.
  return pays && !call.cancel.aborted ? second() : undefined;
}

type Won = { readonly side: Side; readonly reply: Reply };

async function firstOf(
  call: Call,
  sides: readonly Side[],
  failed: Racing<Encoded>["failed"],
): Promise<Won | undefined> {
  const racing = new Map(sides.map((side) => [side, side.done.then((made) => ({ side, made }))]));
  while (racing.size > 0) {
    const { side, made } = await Promise.race(racing.values());
    racing.delete(side);
    if (!isGatewayError(made)) return { side, reply: made };
    call.target = side.target;
    failed(side.target, made);
  }
  return undefined;
}

function win(call: Call, sides: readonly Side[], { side, reply }: Won): Reply {
  const { call: own, target } = side;
  for (const one of sides) one.record = own.trace[one.at];
  const took = firstTokenMs(own);
  if (took !== undefined) noteFirstToken(routeId(target), took);
  for (const other of sides) if (other !== side) own.spentBefore += lose(other);
  if (sides.length > 1) countHedge(side === sides[1]);
  // The record of what brought the answer comes last.
  if (side.record) own.trace.push(...own.trace.splice(side.at, 1));
  own.attempts = call.attempts;
  call.became = own;
  call.settled = true;
  callClosed(call);
  return reply;
}

/** What the provider of the other attempt bills all the same, in nano-dollars: the prompt, where it had begun to answer. */
function lose({ call, record, begun }: Side): bigint {
  // It failed by itself before.
  if (!begun || !record || (record.error !== undefined && record.error !== "cancelled")) return 0n;
  call.usage ??= { ...noUsage, input: tokensOfBytes(call.requestBytes) };
  const cost = costOfCall(call);
  if (!cost) return 0n;
  const extra = cost.nano - call.spentBefore;
  record.cost_nano = extra.toString();
  return extra;
}

/** Ends an attempt that is not the call: its connection, its place at the target, its record. */
function giveUp({ call: own, record, done, release }: Side): void {
  own.outrun = new GatewayError("cancelled", "Another provider began its answer first.");
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
