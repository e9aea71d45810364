import { log } from "@/server/log";
import type { NanoUsd } from "@/server/money";
import { singleton } from "@/server/singleton";
import type { Window } from "@/server/state/budget-window";
import type { CallerBudget } from "@/server/state/callers";
import { instanceId } from "@/server/state/instance";
import { grantedOf, type Leased, lease, returnLease } from "@/server/state/leases";

/** One window of a budget, or a group's balance, as this process sees it. */
export type Purse = {
  name: string;
  budget: CallerBudget | undefined;
  readonly groupId: string | undefined;
  readonly window: Window;
  /** In the database; undefined until something was leased. */
  id: string | undefined;
  /** Leased and held by no call. */
  free: NanoUsd;
  /** Held by calls under way. */
  held: NanoUsd;
  /** Free, held or spent without a lease: it is to be leased by force. */
  owed: NanoUsd;
  usedAtMs: number;
  /** A question to the database about its lease: there is one at a time. */
  asking: Promise<unknown> | undefined;
  /** A question about its lease was never answered: whether the database did as it was told is not known. */
  doubtful: boolean;
  /** The last refusal, believed for a moment so that a crowd of calls does not ask the database one by one. */
  refused: { readonly atMs: number; readonly answer: Leased } | undefined;
  /** Nothing was left of it, and this process knows it no more. */
  forgotten: boolean;
};

const BELIEVE_MS = 100;

const held = singleton("budgets", () => ({ purses: new Map<string, Purse>() }));

/** What a purse begins with. */
export type Fresh = Pick<Purse, "name" | "window"> & Partial<Pick<Purse, "budget" | "groupId">>;

/** The purse of a budget or group for a window. */
export function purseOf(owner: string, fresh: Fresh): Purse {
  const key = `${owner} ${fresh.window.startsMs}`;
  let purse = held.purses.get(key);
  // It may have been edited since.
  if (purse && purse.budget !== fresh.budget) Object.assign(purse, fresh);
  if (!purse) {
    purse = {
      budget: undefined,
      groupId: undefined,
      ...fresh,
      id: undefined,
      free: 0n,
      held: 0n,
      owed: 0n,
      usedAtMs: Date.now(),
      asking: undefined,
      doubtful: false,
      refused: undefined,
      forgotten: false,
    };
    held.purses.set(key, purse);
  }
  return purse;
}

/** The budget or group whose money it is, as the database's functions take them. */
export function ownerOf({ budget, groupId }: Purse): { budgetId: string | null; groupId: string | null } {
  return { budgetId: budget?.id ?? null, groupId: groupId ?? null };
}

/** Asks for a lease of `need` more. Undefined when the budget is gone. Throws `store_unavailable` when the database is away. */
export function ask(purse: Purse, need: NanoUsd, nowMs: number): Promise<Leased | undefined> {
  const { refused } = purse;
  if (refused && nowMs - refused.atMs < BELIEVE_MS && refused.answer.available < need)
    return Promise.resolve(refused.answer);
  return alone(purse, async () => {
    const answer = await lease({ ...ownerOf(purse), window: purse.window, need, force: false });
    if (!answer) return undefined;
    purse.id = answer.purseId;
    purse.free += answer.granted;
    purse.usedAtMs = nowMs;
    purse.refused = answer.granted === 0n ? { atMs: nowMs, answer } : undefined;
    return answer;
  });
}

/** Gives back what is leased and free; a failure is logged. */
export async function giveBack(purse: Purse): Promise<void> {
  if (purse.asking) return;
  const unleased = purse.free < purse.owed ? purse.free : purse.owed;
  purse.free -= unleased;
  purse.owed -= unleased;
  const { free, id } = purse;
  if (free <= 0n || id === undefined) return;
  purse.free = 0n;
  try {
    await alone(purse, () => returnLease(instanceId(), id, free));
  } catch (error) {
    // It may have come to the database all the same: until that is known it is not spent.
    log.warn({ err: error, budget: purse.name }, "A lease could not be given back.");
  }
}

/** Gives back what is leased and free, of purses that were not used since `beforeMs`; all of them without it. */
export async function returnLeases(beforeMs = Number.POSITIVE_INFINITY): Promise<void> {
  for (const [key, purse] of held.purses) {
    if (purse.usedAtMs >= beforeMs || purse.asking) continue;
    await giveBack(purse);
    const isEmpty = purse.held === 0n && purse.free === 0n && purse.owed === 0n;
    if (!isEmpty || purse.doubtful || purse.usedAtMs >= Date.now() - FORGET_MS) continue;
    held.purses.delete(key);
    purse.forgotten = true;
  }
}

/** A call may be about to use a purse that it was given a moment ago. */
const FORGET_MS = 60_000;

/**
 * Leases by force what was spent or set free without a lease. What cannot be leased stays owed and is tried again with the next
 * batch: one budget must not hold up the ledger of all others.
 */
export async function coverOwed(): Promise<void> {
  for (const purse of held.purses.values()) {
    while (purse.asking) await purse.asking.catch(() => undefined);
    const { owed } = purse;
    if (owed === 0n) continue;
    purse.owed = 0n;
    try {
      const need = owed;
      const leased = await alone(purse, () => lease({ ...ownerOf(purse), window: purse.window, need, force: true }));
      if (leased) purse.id = leased.purseId;
    } catch (error) {
      purse.owed += owed;
      log.warn({ err: error, budget: purse.name }, "What was spent of a budget is not covered by a lease yet.");
    }
  }
}

/**
 * Where an answer about a lease was lost, compares what the database says is leased with what this process has, and goes on with
 * the former. To be called at the moment in which all that was spent begins to be `written`; it does not reject.
 */
export async function clearDoubts(written: Promise<unknown>): Promise<void> {
  const doubtful = [...held.purses.values()].filter((purse) => purse.doubtful && !purse.asking);
  const clearing = doubtful.map((purse) => {
    const has = purse.free + purse.held - purse.owed;
    // Nothing is leased or given back meanwhile.
    return alone(purse, async () => {
      await written;
      const granted = await grantedOf(instanceId(), { ...ownerOf(purse), startsAt: new Date(purse.window.startsMs) });
      purse.doubtful = false;
      const more = granted - has;
      if (more >= 0n) purse.free += more;
      else purse.owed -= more;
    });
  });
  await Promise.allSettled(clearing);
}

/** Asks the database about a purse while nobody else does. */
function alone<T>(purse: Purse, work: () => Promise<T>): Promise<T> {
  const asking = work()
    .catch((error: unknown) => {
      purse.doubtful = true;
      throw error;
    })
    .finally(() => {
      purse.asking = undefined;
    });
  purse.asking = asking;
  return asking;
}
