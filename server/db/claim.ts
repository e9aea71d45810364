import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A data directory's one user: this process, or another that is alive. */
export type Claim = { readonly mine: true; release(): void } | { readonly mine: false; readonly pid: number };

/**
 * Claims a data directory for this process. A claim that a killed process left is taken over; also when its process id has
 * been given to another program since, as it easily is in a container.
 */
export async function claim(dataDir: string): Promise<Claim> {
  const file = join(dataDir, "conduit.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  if (Number.isInteger(pid) && pid !== process.pid && (await commandOf(pid)).includes("main."))
    return { mine: false, pid };
  writeFileSync(file, String(process.pid));
  return { mine: true, release: () => rmSync(file, { force: true }) };
}

/** The command line of a process; empty when it does not run. */
export async function commandOf(pid: number): Promise<string> {
  try {
    if (existsSync("/proc/self")) return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return (await run("ps", ["-p", String(pid), "-o", "args="])).stdout;
  } catch {
    // Both say in this way that there is no such process.
    return "";
  }
}
