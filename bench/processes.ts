import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The kernel counts CPU time in ticks of a hundredth of a second. Source: proc(5), sysconf(_SC_CLK_TCK). */
const MICROSECONDS_PER_TICK = 10_000;

/** Whether this machine tells what a process uses. */
export const canMeasure = existsSync("/proc/self/stat");

/** CPU microseconds, user and system, that a process and its descendants have used so far. */
export function cpuMicros(pid: number): number {
  return family(pid).reduce((sum, one) => sum + ticksOf(one), 0) * MICROSECONDS_PER_TICK;
}

/** The most memory in bytes that a process and its living descendants have held, each at its own peak. */
export function peakBytes(pid: number): number {
  return family(pid).reduce(
    (sum, one) => sum + Number(/VmHWM:\s+(\d+) kB/.exec(read(one, "status"))?.[1] ?? 0) * 1024,
    0,
  );
}

function ticksOf(pid: number): number {
  // Fields after the name, which may hold spaces: state is 3rd, utime 14th, stime 15th.
  const fields = read(pid, "stat").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(read(Number(name), "stat").split(") ").at(-1)?.split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}

function read(pid: number, file: "stat" | "status"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It ended since it was listed.
    return "";
  }
}
