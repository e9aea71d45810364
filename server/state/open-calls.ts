import type { Cancel } from "@/server/cancel";
import { singleton } from "@/server/singleton";

const held = singleton("open-calls", () => ({ calls: new Set<Cancel>(), waiting: [] as (() => void)[] }));

/** Notes a call under way by its cancel; each is taken back with `callClosed`. */
export function callOpened(cancel: Cancel): void {
  held.calls.add(cancel);
}

export function callClosed(cancel: Cancel): void {
  held.calls.delete(cancel);
  if (held.calls.size > 0) return;
  for (const done of held.waiting.splice(0)) done();
}

/** Calls under way in this process. */
export function openCalls(): number {
  return held.calls.size;
}

/** Waits for calls under way; those that last longer than `limitMs` are cut off, and settle within a second. */
export async function finishCalls(limitMs: number): Promise<void> {
  if (await untilNone(limitMs)) return;
  for (const cancel of held.calls) cancel.abort();
  await untilNone(1_000);
}

async function untilNone(limitMs: number): Promise<boolean> {
  if (held.calls.size > 0) {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      held.waiting.push(resolve);
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }
  return held.calls.size === 0;
}
