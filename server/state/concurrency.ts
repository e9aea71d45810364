import { singleton } from "@/server/singleton";

const running = singleton("concurrency", () => new Map<string, number>());

/** Counts one more call of a key; false when it already has `limit` under way. Each true is given back with `release`. */
export function occupy(keyId: string, limit: number | null): boolean {
  const now = running.get(keyId) ?? 0;
  if (limit !== null && now >= limit) return false;
  running.set(keyId, now + 1);
  return true;
}

/** Gives one place back. */
export function release(keyId: string): void {
  const left = (running.get(keyId) ?? 0) - 1;
  if (left > 0) running.set(keyId, left);
  else running.delete(keyId);
}
