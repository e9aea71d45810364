import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { sha256 } from "@/server/secret";
import { singleton } from "@/server/singleton";
import { type Caller, readCallersByHash, readCallersById } from "@/server/state/callers";

/** How long the absence of a key is believed. */
const ABSENT_MS = 30_000;
const MAX_CALLERS = 20_000;
const MAX_ABSENT = 2_000;
const MAX_HASHES = 5_000;

/** Hashes of keys that were found: a hash costs more than the rest of an authentication. The field keeps keys out of logs. */
class Hashes {
  readonly #byKey = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#byKey.get(key);
  }

  set(key: string, hash: string): void {
    this.#byKey.set(key, hash);
    dropOldest(this.#byKey, MAX_HASHES);
  }

  clear(): void {
    this.#byKey.clear();
  }
}

const held = singleton("key-cache", () => ({
  hashes: new Hashes(),
  callers: new Map<string, Caller>(),
  /** When a hash was found not to exist. Apart from the callers: made-up keys must not push real ones out. */
  absent: new Map<string, number>(),
  reading: new Map<string, Promise<Caller | null>>(),
  /** Counts changes announced by the database: what was read before one may be out of date after it. */
  generation: 0,
  refreshing: undefined as Promise<void> | undefined,
}));

/** The caller of a presented key: from memory, else from the database. Null = it does not exist. Throws `store_unavailable`. */
export function callerOf(key: string, nowMs: number): Caller | null | Promise<Caller | null> {
  const known = held.hashes.get(key);
  const hash = known ?? sha256(key);
  const cached = cachedCaller(hash, nowMs);
  if (cached === undefined) return lookUpCaller(hash);
  if (cached && known === undefined) held.hashes.set(key, hash);
  return cached;
}

/** The caller of a key that memory holds; null = known not to exist, undefined = must be looked up. */
function cachedCaller(hash: string, nowMs: number): Caller | null | undefined {
  const caller = held.callers.get(hash);
  if (caller) return caller;
  const absentAtMs = held.absent.get(hash);
  return absentAtMs !== undefined && nowMs - absentAtMs <= ABSENT_MS ? null : undefined;
}

/** Reads a key from the database, once however many calls wait for it. Throws `store_unavailable` when that fails. */
function lookUpCaller(hash: string): Promise<Caller | null> {
  let reading = held.reading.get(hash);
  if (!reading) {
    reading = readUndisturbed(hash)
      .catch(unavailable)
      .finally(() => held.reading.delete(hash));
    held.reading.set(hash, reading);
  }
  return reading;
}

/** The caller of a key by its id, read from the database; null when there is none. */
export async function callerById(keyId: string): Promise<Caller | null> {
  return (await readCallersById([keyId]).catch(unavailable)).values().next().value ?? null;
}

/** Reads every key that memory holds again, and forgets absences. Known keys stay as they are when the database is away. */
export async function refreshKeys(): Promise<void> {
  held.generation++;
  held.absent.clear();
  held.hashes.clear();
  if (!held.refreshing) {
    held.refreshing = refreshUntilCurrent().finally(() => {
      held.refreshing = undefined;
    });
  }
  await held.refreshing;
}

async function refreshUntilCurrent(): Promise<void> {
  let generation: number;
  do {
    generation = held.generation;
    const hashes = [...held.callers.keys()];
    if (hashes.length === 0) continue;
    const found = await readCallersByHash(hashes);
    for (const hash of hashes) remember(hash, found.get(hash) ?? null);
    log.debug({ keys: hashes.length }, "Keys were read again.");
  } while (generation !== held.generation);
}

/** A key as it is after the last announced change: one that came while it was read may be its revocation. */
async function readUndisturbed(hash: string): Promise<Caller | null> {
  for (;;) {
    const { generation } = held;
    const caller = (await readCallersByHash([hash])).get(hash) ?? null;
    if (generation !== held.generation) continue;
    remember(hash, caller);
    return caller;
  }
}

function remember(hash: string, caller: Caller | null): void {
  held.callers.delete(hash);
  held.absent.delete(hash);
  if (caller) held.callers.set(hash, caller);
  else held.absent.set(hash, Date.now());
  dropOldest(held.callers, MAX_CALLERS);
  dropOldest(held.absent, MAX_ABSENT);
}

/** Maps keep the order in which entries were put in. */
function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}

function unavailable(cause: unknown): never {
  throw new GatewayError("store_unavailable", "The key cannot be checked right now. Try again shortly.", { cause });
}
