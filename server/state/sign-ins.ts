import { prisma } from "@/server/db/prisma";
import { log } from "@/server/log";
import { sameSecret } from "@/server/secret";
import { secrets } from "@/server/secrets";
import { singleton } from "@/server/singleton";
import { sharedWaitSeconds } from "@/server/state/shared-sign-ins";

/** How an attempt to sign in ended; a refused one may be repeated after `seconds`. */
export type SignIn = { kind: "signed-in" } | { kind: "wrong-password" } | { kind: "refused"; seconds: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** From its second failure on, an address is refused for 1, 2, 4 … seconds, at most this long. */
const LONGEST_WAIT_MS = 5 * MINUTE_MS;
/** So long after the last failure, counting begins anew. */
const FORGET_MS = 30 * MINUTE_MS;
/** From so many failures of all addresses on, attempts of strangers pass one by one. */
const MANY = 20;
const LONGEST_SPACING_MS = 5 * SECOND_MS;
const LONGEST_QUEUE_MS = 10 * SECOND_MS;
const REMEMBERED = 10_000;

type Failures = { count: number; lastMs: number };

const held = singleton("sign-in", () => ({
  byAddress: new Map<string, Failures>(),
  everywhere: { count: 0, lastMs: 0 } as Failures,
  /** When the next stranger may try. */
  nextMs: 0,
  known: new Map<string, true>(),
}));

/**
 * Checks the admin password. Each failure doubles the time for which its address is refused; many failures, from however
 * many addresses, make attempts wait for each other. An address that signed in before is spared the latter, so that
 * strangers cannot keep the admin out. With Redis, what an address tries at all processes together is limited too.
 */
export async function attemptSignIn(password: string, ip: string | null): Promise<SignIn> {
  const address = neighbourhood(ip);
  const refusedMs = ownWaitMs(address) || (held.known.has(address) ? 0 : strangersWaitMs());
  if (refusedMs > 0) return { kind: "refused", seconds: Math.ceil(refusedMs / SECOND_MS) };
  const turnMs = held.known.has(address) ? 0 : takeTurnMs();
  // Counted before the password is looked at, so that attempts that come together do not pass side by side.
  countFailure(address);
  const shared = sharedWaitSeconds(address);
  const seconds = typeof shared === "number" ? shared : await shared;
  if (seconds > 0) return { kind: "refused", seconds };
  if (turnMs > 0) await new Promise((resolve) => setTimeout(resolve, turnMs));
  if (!sameSecret(password, secrets().adminPassword.reveal())) {
    log.warn({ ip }, "A sign-in failed: wrong password.");
    await note("sign-in-failed", ip);
    return { kind: "wrong-password" };
  }
  held.byAddress.delete(address);
  held.everywhere.count -= 1;
  remember(held.known, address, true);
  await note("sign-in", ip);
  return { kind: "signed-in" };
}

function ownWaitMs(address: string): number {
  const failures = recent(held.byAddress.get(address));
  if (failures.count < 2) return 0;
  const waitMs = Math.min(SECOND_MS * 2 ** (failures.count - 2), LONGEST_WAIT_MS);
  return Math.max(0, failures.lastMs + waitMs - nowMs());
}

/** Nobody is kept waiting for longer than a browser would; who comes when the queue is full is told to come back. */
function strangersWaitMs(): number {
  const queueMs = held.nextMs - nowMs();
  return queueMs > LONGEST_QUEUE_MS ? queueMs : 0;
}

function takeTurnMs(): number {
  const over = recent(held.everywhere).count - MANY;
  if (over < 0) return 0;
  const turnMs = Math.max(nowMs(), held.nextMs);
  held.nextMs = turnMs + Math.min(100 * 2 ** over, LONGEST_SPACING_MS);
  return turnMs - nowMs();
}

function countFailure(address: string): void {
  const now = nowMs();
  held.everywhere = { count: recent(held.everywhere).count + 1, lastMs: now };
  remember(held.byAddress, address, { count: recent(held.byAddress.get(address)).count + 1, lastMs: now });
}

function recent(failures: Failures | undefined): Failures {
  return failures && nowMs() - failures.lastMs < FORGET_MS ? failures : { count: 0, lastMs: 0 };
}

/** A clock that nobody can set back. */
function nowMs(): number {
  return performance.now();
}

/** Keeps the newest entries; the others would let an attacker with many addresses fill the memory. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
}

/** An IPv6 customer holds 2^64 addresses at least, so the network counts. */
function neighbourhood(ip: string | null): string {
  if (ip === null) return "unknown";
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail = ""] = plain.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const zeros = plain.includes("::") ? new Array<string>(8 - left.length - right.length).fill("0") : [];
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}

async function note(action: "sign-in" | "sign-in-failed", ip: string | null): Promise<void> {
  await prisma().auditEntry.create({ data: { actor: "admin", action, noun: "session", ip }, select: { id: true } });
}
