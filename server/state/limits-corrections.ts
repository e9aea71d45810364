import { randomBytes } from "node:crypto";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { type Correction, correctInRedis, PLACE_LAPSE_MS } from "@/server/state/limits-redis";

/** Corrections of tokens wait so long for others to go with them. */
const FLUSH_MS = 20;
const RENEW_MS = PLACE_LAPSE_MS / 3;
const MOST_AT_ONCE = 500;

const held = singleton("limits-corrections", () => ({
  waiting: [] as Correction[],
  flush: undefined as NodeJS.Timeout | undefined,
  flushAtOnce: undefined as NodeJS.Immediate | undefined,
  renewal: undefined as NodeJS.Timeout | undefined,
  sending: new Set<Promise<void>>(),
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
  held.flush ??= setTimeout(sendCorrections, FLUSH_MS).unref();
}

/** Keeps places from lapsing until they are given back. They are told again and again, so Redis learns them after an outage. */
export function holdPlaces(member: string, ids: readonly string[]): void {
  if (ids.length === 0) return;
  held.places.set(member, ids);
  held.renewal ??= setInterval(renew, RENEW_MS).unref();
}

/** Gives places back, at once: the caller's next call may be on its way to another process. */
export function freePlaces(member: string): void {
  const ids = held.places.get(member);
  if (!ids) return;
  held.places.delete(member);
  correctSoon(ids.map((id) => ({ id, words: ["free", member, "", ""] })));
  held.flushAtOnce ??= setImmediate(sendCorrections);
}

/** Sends what waits. What is asked of Redis after this is answered with it in mind. */
export function sendCorrections(): void {
  clearTimeout(held.flush);
  held.flush = undefined;
  clearImmediate(held.flushAtOnce);
  held.flushAtOnce = undefined;
  if (held.waiting.length === 0) return;
  const sending = send(held.waiting.splice(0)).finally(() => held.sending.delete(sending));
  held.sending.add(sending);
}

/** Sends what waits; resolves when all has been taken or dropped. */
export async function flushCorrections(): Promise<void> {
  sendCorrections();
  await Promise.all(held.sending);
}

async function send(batch: readonly Correction[]): Promise<void> {
  try {
    const parts: Promise<void>[] = [];
    for (let from = 0; from < batch.length; from += MOST_AT_ONCE)
      parts.push(correctInRedis(batch.slice(from, from + MOST_AT_ONCE)));
    await Promise.all(parts);
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
