import { log } from "@/server/log";
import { usdText } from "@/server/money";
import { singleton } from "@/server/singleton";
import type { Caller } from "@/server/state/callers";
import { coversModel } from "@/server/state/model-pattern";
import { groupSpending, standingsOf } from "@/server/state/spending";

/** How long an answer is believed. */
const BELIEVE_MS = 2_000;
const MAX_HELD = 10_000;

type Known = { readonly atMs: number; readonly usd: Promise<number | undefined> };
const held = singleton("remaining", () => new Map<string, Known>());

/**
 * What the tightest budget that covers a caller's calls of a model has left, with its group's balance, in US dollars; undefined
 * where there is none, and where the database does not tell. At most two seconds old.
 */
export function remainingUsd(caller: Caller, model: string, nowMs: number): Promise<number | undefined> {
  const covering = caller.budgets.filter(
    ({ models, soft }) => !soft && (models.length === 0 || models.some((pattern) => coversModel(pattern, model))),
  );
  if (covering.length === 0 && caller.groupBalanceNano === null) return Promise.resolve(undefined);
  const id = [caller.groupId, ...covering.map((budget) => budget.id)].join(" ");
  const known = held.get(id);
  if (known && nowMs - known.atMs < BELIEVE_MS) return known.usd;
  if (held.size >= MAX_HELD) held.clear();
  const usd = read(caller, covering, nowMs).catch((error: unknown) => {
    log.warn({ err: error }, "What budgets have left cannot be read; rules that ask for it do not hold.");
    return undefined;
  });
  held.set(id, { atMs: nowMs, usd });
  return usd;
}

async function read(caller: Caller, budgets: Caller["budgets"], nowMs: number): Promise<number | undefined> {
  const { groupId, groupBalanceNano } = caller;
  const standings = await standingsOf(budgets, nowMs);
  const left = [...standings.values()].map(({ limitNano, spentNano }) => limitNano - spentNano);
  if (groupId !== null && groupBalanceNano !== null)
    left.push(groupBalanceNano - (await groupSpending(groupId)).spentNano);
  const [first, ...others] = left;
  if (first === undefined) return undefined;
  return Number(usdText(others.reduce((least, one) => (one < least ? one : least), first)));
}
