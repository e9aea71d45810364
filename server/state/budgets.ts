import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { type NanoUsd, nanoFromUsd } from "@/server/money";
import { budgetRefusal } from "@/server/state/budget-refusal";
import { type Window, windowAt } from "@/server/state/budget-window";
import type { Caller, CallerBudget } from "@/server/state/callers";
import { signOfLife } from "@/server/state/instance";
import { type Leased, lookAtLease, renewLeases } from "@/server/state/leases";
import type { Unnamed } from "@/server/state/ledger-purses";
import { coversModel } from "@/server/state/model-pattern";
import {
  ask,
  coverOwed,
  type Fresh,
  giveBack,
  ownerOf,
  type Purse,
  purseOf,
  returnLeases,
} from "@/server/state/purses";

/**
 * Money that calls under way may spend. Each process leases parts of what is left of a budget and spends them in memory: the sum
 * of all leases never exceeds what is left, so a budget cannot be overrun, and a call waits for the database only when a lease
 * is used up. While the database is away a process may spend a configured allowance beyond its leases; that, and what a call costs
 * beyond its hold, is leased by force before the ledger is written, so that the sums in the database stay true.
 */

/** What a call holds: the same amount of every budget that covers it. `first` is what it held before it was extended. */
export type Hold = { amount: NanoUsd; settled: boolean; readonly first: NanoUsd; readonly purses: readonly Purse[] };

/** What a settled hold is spent from: purses, and those that the database has not named yet. */
export type Spent = { readonly purses: readonly string[]; readonly unnamed: readonly Unnamed[] };

const none: readonly Purse[] = [];

/** The budgets that cover a call of a model by any of its names, hard and soft, and the group's balance. */
export function pursesOf(caller: Caller, names: readonly string[], nowMs: number): readonly Purse[] {
  if (caller.budgets.length === 0 && caller.groupBalanceNano === null) return none;
  const purses: Purse[] = [];
  for (const budget of caller.budgets)
    if (budget.models.length === 0 || budget.models.some((pattern) => names.some((name) => coversModel(pattern, name))))
      purses.push(purseNow(budget, nowMs));
  if (caller.groupId !== null && caller.groupBalanceNano !== null)
    purses.push(
      purseOf(caller.groupId, { name: `the balance of ${caller.groupName}`, groupId: caller.groupId, window: ALWAYS }),
    );
  return purses;
}

type Current = { readonly fresh: Fresh; purse: Purse };

function purseNow(budget: CallerBudget, nowMs: number): Purse {
  const current = currentOf(budget, nowMs);
  // Keys of a group share its purses, and one of them may have been read before the budget was edited.
  const { forgotten, budget: known } = current.purse;
  if (forgotten || known !== budget) current.purse = purseOf(budget.id, current.fresh);
  // Who was given it is about to lease: it is not to be forgotten meanwhile.
  current.purse.usedAtMs = Math.max(current.purse.usedAtMs, nowMs);
  return current.purse;
}

/** The window that a budget was in last, and its purse. Budgets are replaced, never changed, and calendars are dear to read. */
const currents = new WeakMap<CallerBudget, Current>();

function currentOf(budget: CallerBudget, nowMs: number): Current {
  const current = currents.get(budget);
  const known = current?.fresh.window;
  const { resetAtMs } = budget;
  // A window that began before a reset, which was in the future then, is not the one that began with it.
  const isCurrent =
    known !== undefined &&
    nowMs >= known.startsMs &&
    (known.endsMs === null || nowMs < known.endsMs) &&
    (resetAtMs === null || nowMs < resetAtMs || known.startsMs >= resetAtMs);
  if (current && isCurrent) return current;
  const fresh = { budget, name: nameOf(budget), window: windowAt(budget, nowMs) };
  const found = { fresh, purse: purseOf(budget.id, fresh) };
  currents.set(budget, found);
  return found;
}

/** Whether leases suffice for an amount of every purse. */
export function canHold(purses: readonly Purse[], amount: NanoUsd): boolean {
  for (const purse of purses) if (purse.free < amount) return false;
  return true;
}

/**
 * Holds an amount of every purse, or of none. Without a database round trip where leases suffice. Throws `budget_exceeded` when
 * one has not that much left, `rate_limited` when the rest of it is only held by calls under way, and `store_unavailable` when
 * more must be leased, the database is away and the allowance does not reach.
 */
export function hold(purses: readonly Purse[], amount: NanoUsd, nowMs: number): Hold | Promise<Hold> {
  return canHold(purses, amount) ? take(purses, amount, nowMs) : holdSlowly(purses, amount, nowMs);
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

/** Gives back a part of what a call under way holds; nothing of less than nothing. */
export function shrink(hold: Hold, by: NanoUsd): void {
  if (hold.settled || by <= 0n || by > hold.amount) return;
  hold.amount -= by;
  for (const purse of hold.purses) {
    purse.held -= by;
    purse.free += by;
  }
}

/** Ends a hold at the true cost, of which some purses are spared; gives what it is spent from, for the ledger row. */
export function settleHold(hold: Hold, cost: NanoUsd, spared: readonly Purse[] = none): Spent {
  hold.settled = true;
  for (const purse of hold.purses) {
    purse.held -= hold.amount;
    purse.free += spared.includes(purse) ? hold.amount : hold.amount - cost;
    if (purse.free >= 0n) continue;
    // More than was held: it is spent.
    purse.owed -= purse.free;
    purse.free = 0n;
  }
  const purses: string[] = [];
  const unnamed: Unnamed[] = [];
  for (const purse of hold.purses) {
    if (spared.includes(purse)) continue;
    if (purse.id !== undefined) purses.push(purse.id);
    else if (cost > 0n) unnamed.push({ ...ownerOf(purse), starts_at: new Date(purse.window.startsMs).toISOString() });
  }
  return { purses, unnamed };
}

/** What every purse has free or could lease: an upper bound for a call whose own bound is unknown. Undefined = there is none. */
export async function affordable(
  purses: readonly Purse[],
  atLeast: NanoUsd,
  nowMs: number,
): Promise<NanoUsd | undefined> {
  let least: NanoUsd | undefined;
  for (const purse of purses) {
    if (purse.budget?.soft) continue;
    const here = await within(purse, atLeast, nowMs);
    if (least === undefined || here < least) least = here;
  }
  return least;
}

/** What would stand against holding an amount of every purse now, without leasing anything; undefined where nothing would. */
export async function againstHold(purses: readonly Purse[], amount: NanoUsd): Promise<GatewayError | undefined> {
  for (const purse of purses) {
    if (purse.free >= amount || purse.budget?.soft) continue;
    try {
      const answer = found(await lookAtLease({ ...ownerOf(purse), window: purse.window }));
      if (answer.available < amount - purse.free) return budgetRefusal(purse, answer, amount);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (!isAway(error) || amount - purse.free > leftOfAllowance(purse)) return error;
    }
  }
  return undefined;
}

/** As `affordable`, without leasing anything. */
export async function lookAffordable(purses: readonly Purse[]): Promise<NanoUsd | undefined> {
  let least: NanoUsd | undefined;
  for (const purse of purses) {
    if (purse.budget?.soft) continue;
    const here = await lookWithin(purse);
    if (least === undefined || here < least) least = here;
  }
  return least;
}

async function lookWithin(purse: Purse): Promise<NanoUsd> {
  try {
    return purse.free + found(await lookAtLease({ ...ownerOf(purse), window: purse.window })).available;
  } catch (error) {
    if (!isAway(error)) throw error;
    return purse.free + leftOfAllowance(purse);
  }
}

const RENEW_MS = 30_000;

/** Keeps what this process leased alive, and gives back what nothing was spent from for a while, until it is stopped. */
export function keepLeases(): () => void {
  const timer = setInterval(() => {
    const quietSince = Date.now() - RENEW_MS;
    signOfLife();
    Promise.all([renewLeases(), coverOwed().then(() => returnLeases(quietSince))]).catch((error: unknown) =>
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
  return { amount, settled: false, first: amount, purses };
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
    const { asking } = purse;
    let answer: Leased | undefined;
    try {
      if (asking) await asking.catch(() => undefined);
      else answer = found(await ask(purse, amount - purse.free, nowMs));
    } catch (error) {
      if (!isAway(error)) throw error;
      if (purse.free < amount && !setFree(purse, amount - purse.free)) throw error;
      continue;
    }
    if (!answer || answer.granted > 0n || purse.free >= amount) continue;
    // Parts too small for any call add up in the database, where another process can use them.
    const error = budgetRefusal(purse, answer, amount);
    await giveBack(purse);
    throw error;
  }
}

/** Without a lease, while the database is away: a soft budget refuses nothing, of any other the allowance may be spent. */
function setFree(purse: Purse, more: NanoUsd): boolean {
  if (more > leftOfAllowance(purse) && !purse.budget?.soft) return false;
  purse.owed += more;
  purse.free += more;
  return true;
}

function leftOfAllowance({ owed }: Purse): NanoUsd {
  const left = nanoFromUsd(env.budgetAllowanceUsd) - owed;
  return left > 0n ? left : 0n;
}

/** What a purse has free, and what could be leased of it or, while the database is away, set free. */
async function within(purse: Purse, atLeast: NanoUsd, nowMs: number): Promise<NanoUsd> {
  try {
    while (purse.asking) await purse.asking.catch(() => undefined);
    const need = atLeast > purse.free ? atLeast - purse.free : 1n;
    const { available, granted } = found(await ask(purse, need, nowMs));
    return purse.free + (available - granted);
  } catch (error) {
    if (!isAway(error)) throw error;
    return purse.free + leftOfAllowance(purse);
  }
}

function found<Answer>(answer: Answer | undefined): Answer {
  // The budget was deleted a moment ago; the key is read again within a second.
  if (!answer) throw new GatewayError("store_unavailable", "The key's budgets have just changed. Try again.");
  return answer;
}

function isAway(error: unknown): boolean {
  return error instanceof GatewayError && error.kind === "store_unavailable";
}

const ALWAYS: Window = { startsMs: 0, sinceMs: 0, endsMs: null };

function nameOf({ name, period, owner, hours }: CallerBudget): string {
  const length = period === "hours" ? `last ${hours} hours` : period;
  return name === "" ? `the ${owner}'s budget (${length})` : `the budget '${name}' (${length})`;
}
