import { randomBytes } from "node:crypto";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { type Correction, correctInRedis, PLACE_LAPSE_MS } from "@/server/state/limits-redis";

/** Corrections wait so long for others to go with them. */
const FLUSH_MS = 20;
const RENEW_MS = PLACE_LAPSE_MS / 3;
const MOST_AT_ONCE = 500;

const held = singleton("limits-corrections", () => ({
  waiting: [] as Correction[],
  flush: undefined as NodeJS.Timeout | undefined,
  renewal: undefined as NodeJS.Timeout | undefined,
  sending: Promise.resolve(),
  /** The places that calls under way hold: ids of counters, by member. */
  places: new Map<string, readonly string[]>(),
  process: randomBytes(8).toString("hex"),
  members: 0,
}));

/** A name for what one call holds in Redis, unique among all processes. */
export function newMember(): string {
  return `${held.process}:${++held.members}`;
}

/** Sends corrections soon, with others. What Redis does not take is dropped: it makes limits tighter for a window, not wider. */
export function correctSoon(corrections: readonly Correction[]): void {
  if (corrections.length === 0) return;
  held.waiting.push(...corrections);
  held.flush ??= setTimeout(() => void flushCorrections(), FLUSH_MS).unref();
}

/** Keeps places from lapsing until they are given back. They are told again and again, so Redis learns them after an outage. */
export function holdPlaces(member: string, ids: readonly string[]): void {
  if (ids.length === 0) return;
  held.places.set(member, ids);
  held.renewal ??= setInterval(renew, RENEW_MS).unref();
}

/** Gives places back. */
export function freePlaces(member: string): void {
  const ids = held.places.get(member);
  if (!ids) return;
  held.places.delete(member);
  correctSoon(ids.map((id) => ({ id, words: ["free", member, "", ""] })));
}

/** Sends what waits; resolves when it has been sent or dropped. */
export function flushCorrections(): Promise<void> {
  clearTimeout(held.flush);
  held.flush = undefined;
  const batch = held.waiting.splice(0);
  held.sending = held.sending.then(() => send(batch));
  return held.sending;
}

async function send(batch: readonly Correction[]): Promise<void> {
  try {
    for (let from = 0; from < batch.length; from += MOST_AT_ONCE)
      await correctInRedis(batch.slice(from, from + MOST_AT_ONCE));
  } catch (error) {
    log.debug({ err: error, corrections: batch.length }, "Redis did not take corrections of limits.");
  }
}

function renew(): void {
  const lapseUs = PLACE_LAPSE_MS * 1_000;
  correctSoon(
    [...held.places].flatMap(([member, ids]) => ids.map((id) => ({ id, words: ["keep", member, lapseUs, ""] }))),
  );
}
