import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { type NanoUsd, usdText } from "@/server/money";
import { singleton } from "@/server/singleton";
import { type Window, windowAt } from "@/server/state/budget-window";
import type { Caller, CallerBudget } from "@/server/state/callers";
import { instanceId } from "@/server/state/instance";
import { type Leased, lease, renewLeases, returnLease } from "@/server/state/leases";

/**
 * Money that calls under way may spend. Each process leases parts of what is left of a budget and spends them in memory: the sum
 * of all leases never exceeds what is left, so a budget cannot be overrun, and a call waits for the database only when a lease
 * is used up.
 */

/** One window of a budget, or a group's balance, as this process sees it. */
type Purse = {
  readonly name: string;
  readonly budget: CallerBudget | undefined;
  readonly groupId: string | undefined;
  readonly window: Window;
  /** In the database; undefined until something was leased. */
  id: string | undefined;
  /** Leased and held by no call. */
  free: NanoUsd;
  /** Held by calls under way. */
  held: NanoUsd;
  usedAtMs: number;
  taking: Promise<Leased> | undefined;
  /** The last refusal, believed for a moment so that a crowd of calls does not ask the database one by one. */
  refused: { readonly atMs: number; readonly answer: Leased } | undefined;
};

/** What a call holds: the same amount of every budget that covers it. */
export type Hold = { amount: NanoUsd; settled: boolean; readonly purses: readonly Purse[] };

const BELIEVE_MS = 100;

const held = singleton("budgets", () => ({ purses: new Map<string, Purse>() }));

/** The budgets that cover a call of this model, hard and soft, and the group's balance. */
export function pursesOf(caller: Caller, model: string, nowMs: number): readonly Purse[] {
  if (caller.budgets.length === 0 && caller.groupBalanceNano === null) return [];
  const purses = caller.budgets
    .filter((budget) => budget.models.length === 0 || budget.models.some((pattern) => covers(pattern, model)))
    .map((budget) => purseOf(budget.id, { budget, name: nameOf(budget), window: windowAt(budget, nowMs) }));
  if (caller.groupId !== null && caller.groupBalanceNano !== null)
    purses.push(
      purseOf(caller.groupId, { name: `the balance of ${caller.groupName}`, groupId: caller.groupId, window: ALWAYS }),
    );
  return purses;
}

/**
 * Holds an amount of every purse, or of none. Without a database round trip where leases suffice. Throws `budget_exceeded` when
 * one has not that much left, `rate_limited` when the rest of it is only held by calls under way, and `store_unavailable` when
 * more must be leased and the database is away.
 */
export function hold(purses: readonly Purse[], amount: NanoUsd, nowMs: number): Hold | Promise<Hold> {
  if (purses.every((purse) => purse.free >= amount)) return take(purses, amount, nowMs);
  return holdSlowly(purses, amount, nowMs);
}

/** Holds more for a call under way; false when that is not to be had. */
export async function extend(hold: Hold, more: NanoUsd, nowMs: number): Promise<boolean> {
  if (hold.settled) return false;
  try {
    for (const purse of hold.purses) await ensure(purse, more, nowMs);
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
  if (hold.settled || !hold.purses.every((purse) => purse.free >= more)) return false;
  take(hold.purses, more, nowMs);
  hold.amount += more;
  return true;
}

/** Ends a hold at the true cost; gives the ids of the purses that it is spent from, for the ledger row. */
export function settleHold(hold: Hold, cost: NanoUsd): string[] {
  hold.settled = true;
  for (const purse of hold.purses) {
    purse.held -= hold.amount;
    purse.free += hold.amount - cost;
    // More than was held: it is spent, so the lease is made to cover it.
    if (purse.free < 0n) void cover(purse);
  }
  return hold.purses.flatMap(({ id }) => (id === undefined ? [] : [id]));
}

/** What every purse has free or, as last seen, could lease: an upper bound for a call whose own bound is unknown. */
export async function affordable(
  purses: readonly Purse[],
  atLeast: NanoUsd,
  nowMs: number,
): Promise<NanoUsd | undefined> {
  let least: NanoUsd | undefined;
  for (const purse of purses) {
    if (purse.budget?.soft) continue;
    const answer = await ask(purse, atLeast > purse.free ? atLeast - purse.free : 1n, nowMs);
    const here = purse.free + (answer.available - answer.granted);
    if (least === undefined || here < least) least = here;
  }
  return least;
}

/** Gives back what is leased and free, of purses that were not used since `beforeMs`; all of them without it. */
export async function returnLeases(beforeMs = Number.POSITIVE_INFINITY): Promise<void> {
  for (const [key, purse] of held.purses) {
    if (purse.usedAtMs >= beforeMs || purse.taking) continue;
    await giveBack(purse);
    if (purse.held === 0n && purse.free === 0n) held.purses.delete(key);
  }
}

const RENEW_MS = 30_000;

/** Keeps what this process leased alive, and gives back what nothing was spent from for a while, until it is stopped. */
export function keepLeases(): () => void {
  const timer = setInterval(() => {
    const quietSince = Date.now() - RENEW_MS;
    Promise.all([renewLeases(), returnLeases(quietSince)]).catch((error: unknown) =>
      log.warn({ err: error }, "Leases on budgets could not be renewed."),
    );
  }, RENEW_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function take(purses: readonly Purse[], amount: NanoUsd, nowMs: number): Hold {
  for (const purse of purses) {
    purse.free -= amount;
    purse.held += amount;
    purse.usedAtMs = nowMs;
  }
  return { amount, settled: false, purses };
}

async function holdSlowly(purses: readonly Purse[], amount: NanoUsd, nowMs: number): Promise<Hold> {
  // While one purse is asked for, another may be spent by other calls: then it is asked for again.
  for (;;) {
    for (const purse of purses) await ensure(purse, amount, nowMs);
    if (purses.every((purse) => purse.free >= amount)) return take(purses, amount, nowMs);
  }
}

async function ensure(purse: Purse, amount: NanoUsd, nowMs: number): Promise<void> {
  while (purse.free < amount) {
    // One question at a time: whoever comes meanwhile waits for its answer and looks again.
    if (purse.taking) {
      await purse.taking;
      continue;
    }
    const answer = await ask(purse, amount - purse.free, nowMs);
    if (purse.free >= amount) return;
    if (answer.granted > 0n) continue;
    // Parts too small for any call add up in the database, where another process can use them.
    const error = refusal(purse, answer, amount);
    await giveBack(purse);
    throw error;
  }
}

async function ask(purse: Purse, need: NanoUsd, nowMs: number): Promise<Leased> {
  const { refused } = purse;
  if (refused && nowMs - refused.atMs < BELIEVE_MS && refused.answer.available < need) return refused.answer;
  purse.taking = lease({ ...ownerOf(purse), window: purse.window, need, force: false }).finally(() => {
    purse.taking = undefined;
  });
  const answer = await purse.taking;
  purse.id = answer.purseId;
  purse.free += answer.granted;
  purse.usedAtMs = nowMs;
  purse.refused = answer.granted === 0n ? { atMs: nowMs, answer } : undefined;
  return answer;
}

async function cover(purse: Purse): Promise<void> {
  const need = -purse.free;
  purse.free += need;
  try {
    const { purseId } = await lease({ ...ownerOf(purse), window: purse.window, need, force: true });
    purse.id = purseId;
  } catch (error) {
    purse.free -= need;
    log.warn(
      { err: error, budget: purse.name },
      "What a call spent beyond its estimate is not covered by a lease yet.",
    );
  }
}

async function giveBack(purse: Purse): Promise<void> {
  const { free, id } = purse;
  if (free <= 0n || id === undefined) return;
  purse.free = 0n;
  try {
    await returnLease(instanceId(), id, free);
  } catch (error) {
    purse.free += free;
    log.warn({ err: error, budget: purse.name }, "A lease could not be given back.");
  }
}

function refusal(purse: Purse, { available, limit, elsewhere }: Leased, amount: NanoUsd): GatewayError {
  const name = purse.name[0]?.toUpperCase() + purse.name.slice(1);
  // The database learns of what was spent with the next flush; what is leased and neither free nor held is spent already.
  const left = available + purse.free + purse.held + elsewhere;
  const spent = limit - left;
  if (left >= amount && (purse.held > 0n || elsewhere > 0n)) {
    return new GatewayError(
      "rate_limited",
      `${name} has $${usdText(left)} left, which calls under way hold: this call may need $${usdText(amount)} of the $${usdText(available > 0n ? available : 0n)} that they do not. Try again shortly, or lower max_tokens.`,
      { retryAfterSeconds: 1 },
    );
  }
  const { endsMs } = purse.window;
  const resets = endsMs === null ? "" : ` It begins anew at ${new Date(endsMs).toISOString()}.`;
  return new GatewayError(
    "budget_exceeded",
    `${name} is used up: $${usdText(spent)} of $${usdText(limit)} is spent, and this call may need $${usdText(amount)}.${resets}`,
  );
}

const ALWAYS: Window = { startsMs: 0, sinceMs: 0, endsMs: null };

function ownerOf({ budget, groupId }: Purse): { budgetId: string | null; groupId: string | null } {
  return { budgetId: budget?.id ?? null, groupId: groupId ?? null };
}

function nameOf({ name, period, owner, hours }: CallerBudget): string {
  const length = period === "hours" ? `last ${hours} hours` : period;
  return name === "" ? `the ${owner}'s budget (${length})` : `the budget '${name}' (${length})`;
}

function covers(pattern: string, model: string): boolean {
  return pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model;
}

function purseOf(
  owner: string,
  fresh: Pick<Purse, "name" | "window"> & Partial<Pick<Purse, "budget" | "groupId">>,
): Purse {
  const key = `${owner} ${fresh.window.startsMs}`;
  let purse = held.purses.get(key);
  if (!purse) {
    purse = {
      budget: undefined,
      groupId: undefined,
      ...fresh,
      id: undefined,
      free: 0n,
      held: 0n,
      usedAtMs: 0,
      taking: undefined,
      refused: undefined,
    };
    held.purses.set(key, purse);
  }
  return purse;
}
