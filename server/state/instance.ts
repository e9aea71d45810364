import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";

/** A process as others know it: what it leased is under this id, and what it journalled in this folder. */
export type Instance = { readonly id: string; readonly folder: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CLAIM_MS = 10_000;
/** As long as leases of a silent process last. */
const SILENT_MS = 600_000;

/**
 * Who this process is: the first of those in the data directory whose process has ended, so that it takes up what that one left, or a
 * new one. Several processes may share a directory; each has an instance of its own.
 */
export function instance(): Instance {
  return singleton("instance", () => ({ self: claimDead() ?? take(root(), randomUUID()) })).self;
}

/** This process's id towards other processes. */
export function instanceId(): string {
  return instance().id;
}

/** Claims one more instance whose process has ended, to take up what it left; undefined when there is none. */
export function claimDead(): Instance | undefined {
  for (const { id } of dead()) {
    try {
      return take(root(), id);
    } catch {
      // Another process was faster.
    }
  }
  return undefined;
}

/** Gives a sign of life, for processes on other machines that share the data directory. */
export function signOfLife(): void {
  const now = new Date();
  try {
    utimesSync(join(instance().folder, "pid"), now, now);
  } catch (error) {
    log.debug({ err: error }, "The data directory cannot be written.");
  }
}

/** Removes an instance that nothing is left of. */
export function forget({ folder }: Instance): void {
  rmSync(folder, { recursive: true, force: true });
}

function root(): string {
  return join(env.dataDir, "instances");
}

function dead(): { id: string }[] {
  const own = singleton("instance-claims", () => new Set<string>());
  let names: string[];
  try {
    names = readdirSync(root());
  } catch {
    // The first start in this directory.
    return [];
  }
  return names.filter((id) => UUID.test(id) && !own.has(id) && !lives(join(root(), id))).map((id) => ({ id }));
}

/** Makes an instance this process's own. Throws when another process is doing the same. */
function take(parent: string, id: string): Instance {
  const folder = join(parent, id);
  let isTaken = false;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const claim = join(folder, "claim");
    clearOldClaim(claim);
    mkdirSync(claim);
    // Another process may have claimed it since this one looked.
    isTaken = existsSync(join(folder, "pid")) && lives(folder);
    if (!isTaken) writeFileSync(join(folder, "pid"), `${process.pid} ${startOf(process.pid) ?? "-"} ${hostname()}\n`);
    rmdirSync(claim);
  } catch (error) {
    if (env.journal === "disk") throw error;
    log.debug({ err: error }, "The data directory cannot be written.");
  }
  if (isTaken) throw new Error("Another process has it.");
  singleton("instance-claims", () => new Set<string>()).add(id);
  return { id, folder };
}

/** A process that was killed while it claimed leaves its claim behind. */
function clearOldClaim(claim: string): void {
  try {
    if (Date.now() - statSync(claim).mtimeMs > CLAIM_MS) rmdirSync(claim);
  } catch {
    // There is none.
  }
}

function lives(folder: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(folder, "pid"), "utf8");
  } catch {
    // It is only being made, unless it has been so for long.
    return Date.now() - statSync(folder).mtimeMs < CLAIM_MS;
  }
  const [pid = "", started = "-", host] = text.trim().split(" ");
  // Of another machine, or container, only the sign of life that it gives now and then can be seen.
  if (host !== hostname()) return Date.now() - statSync(join(folder, "pid")).mtimeMs < SILENT_MS;
  // In a container every process before this one had the same number.
  if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = startOf(Number(pid));
  return started === "-" || now === undefined || now === started;
}

/** When a process began, in the kernel's ticks, to tell it from a later one of the same number; undefined where that is not told. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    // Only Linux tells, and only of processes that live.
    return undefined;
  }
}
