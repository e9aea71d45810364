import { singleton } from "@/server/singleton";

/** One who waits for an upstream to say something. */
export type Waiting = {
  /** Milliseconds that have passed in silence, as far as was looked. */
  quietMs: number;
  /** How many it may be. */
  limitMs: number;
  /** The silence is its own wish, and does not count. */
  readonly paused: boolean;
  /** Its place among those that wait; -1 when it is not one of them. */
  place: number;
  /** The silence has lasted too long. */
  late(): void;
};

/** One look at all of them is cheaper than timers for each; a limit is kept to two looks, and never cut short. */
const LOOK_MS = 50;
/** What a look counts at most: what arrived while this process was busy itself is read before it is missed. */
const MOST_MS = 2 * LOOK_MS;

const held = singleton("outbound-clocks", () => ({
  // Not a Set, for the reason given in state/open-calls.ts.
  waiting: [] as Waiting[],
  look: undefined as NodeJS.Timeout | undefined,
  lookedAtMs: 0,
}));

/** From now on its silence is counted, until `unwatch`. */
export function watch(one: Waiting): void {
  heard(one);
  one.place = held.waiting.push(one) - 1;
  if (held.look) return;
  held.look = setInterval(look, LOOK_MS).unref();
  held.lookedAtMs = performance.now();
}

/** Its silence is counted anew. The first look may come at once, and must count for nothing. */
export function heard(one: Waiting): void {
  one.quietMs = -MOST_MS;
}

/** Its silence is not counted any more; a second time does nothing. */
export function unwatch(one: Waiting): void {
  const { waiting } = held;
  const last = waiting.at(-1);
  if (one.place < 0 || !last) return;
  waiting[one.place] = last;
  last.place = one.place;
  waiting.pop();
  one.place = -1;
}

function look(): void {
  if (held.waiting.length === 0) {
    clearInterval(held.look);
    held.look = undefined;
    return;
  }
  const now = performance.now();
  const passedMs = Math.min(MOST_MS, now - held.lookedAtMs);
  held.lookedAtMs = now;
  // One may end another, whose place is then taken.
  for (const one of [...held.waiting]) {
    if (one.place < 0 || one.paused) continue;
    one.quietMs += passedMs;
    if (one.quietMs >= one.limitMs) one.late();
  }
}
