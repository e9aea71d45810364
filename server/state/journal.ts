import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";
import { type Instance, instance } from "@/server/state/instance";

/**
 * Finished calls on disk until the database has them: one line of JSON each, in files of a few megabytes that are removed once all
 * of their rows are written. What the process wrote outlives it, also when it is killed; with `CONDUIT_JOURNAL_SYNC` each line
 * outlives the machine too.
 */

const SEGMENT_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
const NAME = /^(\d{10})\.ndjson$/;

/** A file, and how many of its rows are not in the database. Rows are written in the order in which they were appended. */
type Segment = { readonly path: string; bytes: number; waiting: number };

const held = singleton("journal", () => ({
  segments: [] as Segment[],
  fd: undefined as number | undefined,
  number: 0,
  totalBytes: 0,
  failing: false,
  retry: undefined as NodeJS.Timeout | undefined,
  /** Rows that could not be appended and wait in memory alone, by their place among all that wait. */
  unkept: 0,
}));

/**
 * Appends so many rows, each a line with its end. False where there is no journal, or it cannot be written: then they must reach
 * the database at once.
 */
export function appendToJournal(lines: Buffer, rows: number): boolean {
  if (env.journal === "database") return false;
  try {
    const segment = current(lines.length);
    const before = segment.bytes;
    const written = writeSync(held.fd ?? -1, lines);
    if (written < lines.length) {
      ftruncateSync(held.fd ?? -1, before);
      throw new Error("The disk took only a part of the lines.");
    }
    if (env.journalSync) fsyncSync(held.fd ?? -1);
    segment.bytes += written;
    segment.waiting += rows;
    held.totalBytes += written;
    return true;
  } catch (error) {
    failed(error);
    // They stand among the rows that wait, and belong to no file.
    held.segments.push({ path: "", bytes: 0, waiting: rows });
    return false;
  }
}

/** Notes that the oldest rows that waited are in the database; files without such rows are removed. */
export function writtenFromJournal(rows: number): void {
  let left = rows;
  while (left > 0) {
    const [oldest] = held.segments;
    if (!oldest) return;
    const here = Math.min(left, oldest.waiting);
    oldest.waiting -= here;
    left -= here;
    if (oldest.waiting > 0) return;
    if (held.segments.length === 1 && oldest.path !== "") {
      // The file that is written to stays until it has grown a little.
      if (oldest.bytes < Math.min(SEGMENT_BYTES, env.journalMaxBytes) / 8) return;
      close();
    }
    held.segments.shift();
    remove(oldest);
  }
}

/** Whether calls are refused: they cannot be recorded, and the operator wants no call that might be lost. */
export function refusesCalls(): boolean {
  if (env.journalFailure === "degrade") return false;
  return env.journal === "database" ? !health().ledger : held.failing;
}

/** Throws `store_unavailable` while calls are refused because they cannot be recorded. */
export function refuseWithoutJournal(): void {
  if (!refusesCalls()) return;
  throw new GatewayError("store_unavailable", "This gateway cannot record calls right now. Try again shortly.", {
    retryAfterSeconds: 1,
  });
}

/** Hands over the rows of every file that an earlier process left, then removes the file. Gives how many rows there were. */
export async function replayJournal(of: Instance, write: (rows: readonly string[]) => Promise<void>): Promise<number> {
  if (env.journal === "database") return 0;
  let count = 0;
  for (const name of names(of)) {
    const path = join(of.folder, name);
    held.number = Math.max(held.number, Number(NAME.exec(name)?.[1] ?? 0));
    // A line that was cut short belongs to an answer whose last byte nobody has.
    const rows = readFileSync(path, "utf8").split("\n").slice(0, -1).filter(isRow);
    if (rows.length > 0) await write(rows);
    count += rows.length;
    unlinkSync(path);
  }
  return count;
}

/** Closes the file; removes it when nothing in it waits. */
export function endJournal(): void {
  clearTimeout(held.retry);
  close();
  for (const segment of held.segments.splice(0)) if (segment.waiting === 0) remove(segment);
}

function isRow(line: string): boolean {
  if (line === "") return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    log.error({ line: line.slice(0, 200) }, "A line of the journal cannot be read; it is left out.");
    return false;
  }
}

function names({ folder }: Instance): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort();
  } catch {
    // Nothing was journalled yet.
    return [];
  }
}

function current(bytes: number): Segment {
  if (held.totalBytes + bytes > env.journalMaxBytes)
    throw new Error(`The journal has reached its limit of ${env.journalMaxBytes} bytes.`);
  const last = held.segments.at(-1);
  if (last && last.path !== "" && held.fd !== undefined && last.bytes < SEGMENT_BYTES) return last;
  close();
  const { folder } = instance();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  held.number++;
  const path = join(folder, `${String(held.number).padStart(10, "0")}.ndjson`);
  held.fd = openSync(path, "ax", 0o600);
  const segment = { path, bytes: 0, waiting: 0 };
  held.segments.push(segment);
  return segment;
}

function close(): void {
  if (held.fd !== undefined) closeSync(held.fd);
  held.fd = undefined;
}

function remove({ path, bytes }: Segment): void {
  if (path === "") return;
  held.totalBytes -= bytes;
  try {
    unlinkSync(path);
  } catch (error) {
    log.warn(
      { err: error, path },
      "A file of the journal could not be removed; its rows will be found written already.",
    );
  }
}

function failed(error: unknown): void {
  close();
  health().journal = false;
  if (!held.failing) log.fatal({ err: error, policy: env.journalFailure }, "The journal cannot be written.");
  held.failing = true;
  held.retry ??= setTimeout(retry, RETRY_MS).unref();
}

/** A row that happened to fit, such as that of a refused call, does not show that the cause is gone. */
function retry(): void {
  held.retry = undefined;
  if (!held.failing) return;
  try {
    // Room for one line would be gone with the next call.
    const segment = current(env.journalMaxBytes / 8);
    if (writeSync(held.fd ?? -1, "\n") !== 1) return;
    segment.bytes++;
    held.totalBytes++;
    recovered();
  } catch (error) {
    failed(error);
  }
}

function recovered(): void {
  held.failing = false;
  health().journal = true;
  log.info("The journal can be written again.");
}
