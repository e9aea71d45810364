import type { Cancel } from "@/server/cancel";
import { singleton } from "@/server/singleton";

/** A call under way: how to stop it, and when its time is up (monotonic milliseconds). */
export type OpenCall = {
  readonly cancel: Cancel;
  readonly untilTick: number;
  timedOut: boolean;
  /** While an attempt waits for its first event: by when it must have come, and what ends the attempt otherwise. */
  silence: { readonly untilTick: number; readonly end: () => void } | undefined;
  /** Its place among the calls under way; -1 when it is not one of them. */
  place: number;
  /** It is one of two attempts side by side of another call. */
  isBeside: boolean;
};

/** One look at all calls is cheaper than a timer for each; a limit is kept to this much. */
const LOOK_MS = 100;

const held = singleton("open-calls", () => ({
  // Not a Set: each table that V8 replaces refers to the next one, and so keeps every call that it held from the young generation's
  // collector, for which they are then the most expensive objects of all.
  calls: [] as OpenCall[],
  waiting: [] as (() => void)[],
  look: undefined as NodeJS.Timeout | undefined,
}));

/** Notes a call under way, and cancels it with `timedOut` set when its time is up. Each is taken back with `callClosed`. */
export function callOpened(call: OpenCall): void {
  call.place = held.calls.push(call) - 1;
  held.look ??= setInterval(cancelLateCalls, LOOK_MS);
}

/** Notes that a call is over; a second time does nothing. */
export function callClosed(call: OpenCall): void {
  const { calls } = held;
  const last = calls.at(-1);
  if (call.place < 0 || !last) return;
  calls[call.place] = last;
  last.place = call.place;
  calls.pop();
  call.place = -1;
  if (calls.length > 0) return;
  for (const done of held.waiting.splice(0)) done();
}

/** Calls under way in this process. */
export function openCalls(): number {
  let count = 0;
  for (const { isBeside } of held.calls) if (!isBeside) count++;
  return count;
}

/** Waits for calls under way; those that last longer than `limitMs` are cut off, and settle within a second. */
export async function finishCalls(limitMs: number): Promise<void> {
  if (await untilNone(limitMs)) return;
  for (const { cancel } of [...held.calls]) cancel.abort();
  await untilNone(1_000);
}

function cancelLateCalls(): void {
  if (held.calls.length === 0) {
    clearInterval(held.look);
    held.look = undefined;
    return;
  }
  const now = performance.now();
  // One may end another, whose place is then taken.
  for (const call of [...held.calls]) {
    if (call.place < 0) continue;
    const { silence } = call;
    if (silence && now >= silence.untilTick) {
      call.silence = undefined;
      silence.end();
    }
    if (now < call.untilTick) continue;
    call.timedOut = true;
    call.cancel.abort();
  }
}

async function untilNone(limitMs: number): Promise<boolean> {
  if (held.calls.length > 0) {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      held.waiting.push(resolve);
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }
  return held.calls.length === 0;
}
