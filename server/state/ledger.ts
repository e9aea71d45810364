import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { tellOfBudgets } from "@/server/state/alerts";
import { health } from "@/server/state/health";
import { claimDead, forget, type Instance, instance } from "@/server/state/instance";
import { appendToJournal, endJournal, replayJournal, writtenFromJournal } from "@/server/state/journal";
import { endLeases } from "@/server/state/leases";
import { LedgerBatch } from "@/server/state/ledger-batch";
import { type LedgerRow, writeBatch, writeRows } from "@/server/state/ledger-write";
import { clearDoubts, coverOwed } from "@/server/state/purses";

const FLUSH_MS = 200;
const BATCH = 1_000;
const MAX_PAUSE_MS = 5_000;

const held = singleton("ledger", () => ({
  /** In the order of their rows; the last one takes those that come. */
  waiting: [] as LedgerBatch[],
  /** Those of them with rows that are not in the journal yet. */
  fresh: [] as LedgerBatch[],
  keeping: undefined as Promise<void> | undefined,
  /** The journal did not take what came in this turn of the event loop. */
  bare: false,
  flushing: undefined as Promise<void> | undefined,
  timer: undefined as NodeJS.Timeout | undefined,
  pauseMs: 0,
}));

/**
 * Takes a finished call before the last byte of its answer goes out. It is in the journal when the promise resolves, which is in
 * this turn of the event loop, and in the database within about 200 ms, together with its rollup and budgets. Where there is no
 * disk for a journal, the promise resolves when it is in the database.
 */
export function addToLedger(row: LedgerRow): Promise<void> {
  const text = JSON.stringify(row);
  const batch = batchFor(text.length);
  batch.add(text, { day: row.started_at.slice(0, 10), unnamed: row.unnamed !== undefined });
  if (held.fresh.at(-1) !== batch) held.fresh.push(batch);
  held.keeping ??= new Promise((resolve) => setImmediate(() => resolve(keep())));
  return held.keeping;
}

/** Once for all calls that end in one turn of the event loop: a write costs about the same for one line as for ten. */
function keep(): Promise<void> | undefined {
  held.keeping = undefined;
  journalFresh();
  const { bare } = held;
  held.bare = false;
  if (bare) return flush();
  held.timer ??= setTimeout(() => void flush(), FLUSH_MS + held.pauseMs);
  return undefined;
}

function journalFresh(): void {
  for (const batch of held.fresh.splice(0)) {
    const { bytes, rows } = batch.takeLines();
    if (!appendToJournal(bytes, rows)) held.bare = true;
  }
}

function batchFor(characters: number): LedgerBatch {
  const last = held.waiting.at(-1);
  if (last?.hasRoom(characters)) return last;
  const batch = new LedgerBatch(characters);
  held.waiting.push(batch);
  return batch;
}

/** Calls that are not in the database yet. */
export function ledgerBacklog(): number {
  return held.waiting.reduce((rows, batch) => rows + batch.rows, 0);
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
      const [batch] = held.waiting;
      if (!batch) break;
      journalFresh();
      batch.close();
      const writing = writeBatch(batch, instance().id);
      if (held.waiting.length === 1) await clearDoubts(writing);
      const crossed = await writing;
      held.waiting.shift();
      writtenFromJournal(batch.rows);
      batch.release();
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
