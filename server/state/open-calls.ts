import { singleton } from "@/server/singleton";

const held = singleton("open-calls", () => ({ count: 0, waiting: [] as (() => void)[] }));

/** Counts one more call under way; each is taken back with `callClosed`. */
export function callOpened(): void {
  held.count++;
}

export function callClosed(): void {
  held.count--;
  if (held.count > 0) return;
  for (const done of held.waiting.splice(0)) done();
}

/** Calls under way in this process. */
export function openCalls(): number {
  return held.count;
}

/** Resolves when no call is under way, at the latest after `limitMs`; says whether none is. */
export async function untilNoCalls(limitMs: number): Promise<boolean> {
  if (held.count > 0) {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      held.waiting.push(resolve);
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }
  return held.count === 0;
}
