import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { tellOfBudgets } from "@/server/state/alerts";
import { health } from "@/server/state/health";
import { claimDead, forget, type Instance, instance } from "@/server/state/instance";
import { appendToJournal, endJournal, replayJournal, writtenFromJournal } from "@/server/state/journal";
import { endLeases } from "@/server/state/leases";
import { type LedgerRow, writeRows } from "@/server/state/ledger-write";
import { clearDoubts, coverOwed } from "@/server/state/purses";

const FLUSH_MS = 200;
const BATCH = 1_000;
const MAX_PAUSE_MS = 5_000;

const held = singleton("ledger", () => ({
  /** Rows as JSON text: what lives for a moment costs the garbage collector most as objects. */
  waiting: [] as string[],
  flushing: undefined as Promise<void> | undefined,
  timer: undefined as NodeJS.Timeout | undefined,
  pauseMs: 0,
}));

/**
 * Takes a finished call before the last byte of its answer goes out. It is in the journal when this returns, and in the database
 * within about 200 ms, together with its rollup and budgets. Where there is no disk for a journal, the promise resolves when it
 * is in the database.
 */
export function addToLedger(row: LedgerRow): Promise<void> | undefined {
  const text = JSON.stringify(row);
  const kept = appendToJournal(text);
  held.waiting.push(text);
  if (kept) {
    held.timer ??= setTimeout(() => void flush(), FLUSH_MS + held.pauseMs);
    return undefined;
  }
  return flush();
}

/** Calls that are not in the database yet. */
export function ledgerBacklog(): number {
  return held.waiting.length;
}

/**
 * Takes up what processes left that ended without a farewell: their journalled calls go into the database, and what they had
 * leased is free again. Throws when the database is away.
 */
export async function recoverLedger(): Promise<void> {
  await recover(instance());
  await recoverOthers();
}

/** The same of other processes that have ended since this one began. Throws when the database is away. */
export async function recoverOthers(): Promise<void> {
  for (let one = claimDead(); one; one = claimDead()) {
    await recover(one);
    forget(one);
  }
}

async function recover(one: Instance): Promise<void> {
  const { id } = one;
  const rows = await replayJournal(one, async (texts) => {
    for (let at = 0; at < texts.length; at += BATCH)
      await tellOfBudgets(await writeRows(texts.slice(at, at + BATCH), id));
  });
  await endLeases(id);
  if (rows > 0) log.info({ rows, instance: id }, "Brought journalled calls into the database.");
}

/** Writes everything that waits; returns whether all of it was written before `deadlineMs` from now. */
export async function drainLedger(deadlineMs: number): Promise<boolean> {
  const until = Date.now() + deadlineMs;
  while (held.waiting.length > 0 && Date.now() < until) {
    await flush();
    if (held.waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  endJournal();
  return held.waiting.length === 0;
}

/** Writes what waits now, as far as the database takes it. */
function flush(): Promise<void> {
  clearTimeout(held.timer);
  held.timer = undefined;
  if (held.waiting.length === 0) return Promise.resolve();
  held.flushing ??= writeBatches();
  return held.flushing;
}

/** Ends, where the database takes them, only when nothing waits: also what came meanwhile is written. */
async function writeBatches(): Promise<void> {
  while (held.waiting.length > 0) {
    try {
      // First, so that nothing that is spent already seems to be left for others.
      await coverOwed();
      const batch = held.waiting.slice(0, BATCH);
      const writing = writeRows(batch, instance().id);
      if (batch.length === held.waiting.length) await clearDoubts(writing);
      const crossed = await writing;
      held.waiting.splice(0, batch.length);
      writtenFromJournal(batch.length);
      held.pauseMs = 0;
      health().ledger = true;
      if (crossed.length > 0) await tellOfBudgets(crossed);
    } catch (error) {
      held.pauseMs = Math.min(MAX_PAUSE_MS, (held.pauseMs || FLUSH_MS) * 2);
      health().ledger = false;
      log.error(
        { err: error, waiting: held.waiting.length, retryInMs: held.pauseMs },
        "The ledger could not be written; it is kept and tried again.",
      );
      held.timer ??= setTimeout(() => void flush(), FLUSH_MS + held.pauseMs);
      break;
    }
  }
  held.flushing = undefined;
}
