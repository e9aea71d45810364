import { setTimeout as sleep } from "node:timers/promises";
import { load } from "@/bench/client";
import { cpuMicros } from "@/bench/processes";
import type { Kind, System } from "@/bench/systems";

/** How much work a run does. */
export type Size = { rounds: number; calls: number; streams: number; single: number; warmUp: number };

/**
 * The kernel counts in hundredths of a second, so that a round must last many of them. V8 goes on compiling for some ten thousand calls:
 * before that, all systems cost what none costs for long.
 */
export const full: Size = { rounds: 9, calls: 5_000, streams: 128, single: 400, warmUp: 20_000 };
export const short: Size = { rounds: 5, calls: 4_000, streams: 64, single: 200, warmUp: 20_000 };

const CONNECTIONS = 16;
const WARM_UP_TURNS = 8;
export const STREAM_CONNECTIONS = 32;
/** A ledger is written a little after its calls; that work belongs to them. */
const AFTERWORK_MS = 600;

/** One system's numbers of every round. */
export type Samples = {
  perCallMicros: number[];
  /** By a key with a budget and limits; empty where there are none. */
  perLimitedMicros: number[];
  perSecond: number[];
  perStreamMicros: Record<"events-2" | "events-200", number[]>;
  latenciesMs: number[];
  noStreams?: string;
};

/** Runs every system in turn, several rounds, so that what disturbs the machine disturbs all of them; and the vendor alone. */
export async function measure(
  systems: readonly System[],
  vendor: System,
  size: Size,
): Promise<{ samples: Map<System, Samples>; directMs: number[] }> {
  const directMs: number[] = [];
  const samples = new Map(
    systems.map((system): [System, Samples] => [
      system,
      {
        perCallMicros: [],
        perLimitedMicros: [],
        perSecond: [],
        perStreamMicros: { "events-2": [], "events-200": [] },
        latenciesMs: [],
      },
    ]),
  );
  for (const [system, own] of samples) await warmUp(system, own, size);
  for (let round = 1; round <= size.rounds; round++) {
    process.stderr.write(`Round ${round} of ${size.rounds} …\n`);
    const direct = await load(vendor.port, vendor.request("whole"), { calls: size.single, connections: 1 });
    directMs.push(...direct.latenciesMs);
    for (const [system, own] of samples) await measureOnce(system, own, size);
  }
  return { samples, directMs };
}

/** By turns whole and streamed, as calls come: code that has seen only one kind is compiled anew when the other comes. */
async function warmUp(system: System, own: Samples, size: Size): Promise<void> {
  process.stderr.write(`Warming up: ${system.name} …\n`);
  for (let turn = 0; turn < WARM_UP_TURNS; turn++) {
    for (const kind of wholes(system))
      await load(system.port, system.request(kind), {
        calls: size.warmUp / WARM_UP_TURNS / wholes(system).length,
        connections: CONNECTIONS,
      });
    if (own.noStreams === undefined) await warmUpStreams(system, own, size);
  }
}

/** The kinds of calls whose answer is whole. */
function wholes({ limits }: System): readonly Kind[] {
  return limits ? ["whole", "limited"] : ["whole"];
}

async function warmUpStreams(system: System, own: Samples, size: Size): Promise<void> {
  try {
    for (const kind of ["events-2", "events-200"] as const)
      await load(system.port, system.request(kind), { calls: size.streams, connections: STREAM_CONNECTIONS });
  } catch (error) {
    own.noStreams = error instanceof Error ? error.message : String(error);
  }
}

async function measureOnce(system: System, own: Samples, size: Size): Promise<void> {
  const single = await load(system.port, system.request("whole"), { calls: size.single, connections: 1 });
  own.latenciesMs.push(...single.latenciesMs);
  const whole = await costOf(system, system.request("whole"), { calls: size.calls, connections: CONNECTIONS });
  own.perCallMicros.push(whole.micros);
  own.perSecond.push(whole.perSecond);
  if (system.limits) {
    const amount = { calls: size.calls, connections: CONNECTIONS };
    own.perLimitedMicros.push((await costOf(system, system.request("limited"), amount)).micros);
  }
  if (own.noStreams !== undefined) return;
  for (const kind of ["events-2", "events-200"] as const) {
    const { micros } = await costOf(system, system.request(kind), {
      calls: size.streams,
      connections: STREAM_CONNECTIONS,
    });
    own.perStreamMicros[kind].push(micros);
  }
}

/** CPU microseconds that a system needs for one of these calls, and how many it answers in a second. */
export async function costOf(
  system: System,
  request: Buffer,
  amount: { calls: number; connections: number },
): Promise<{ micros: number; perSecond: number }> {
  const before = cpuMicros(system.pid);
  const { tookMs } = await load(system.port, request, amount);
  await sleep(AFTERWORK_MS);
  return { micros: (cpuMicros(system.pid) - before) / amount.calls, perSecond: amount.calls / (tookMs / 1_000) };
}

/** The middle of a list of numbers, or another quantile; NaN when it is empty. */
export function quantile(values: readonly number[], at = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

/** CPU microseconds of one streamed event in each round: what 198 more of them cost, divided by 198. */
export function perChunkMicros({ perStreamMicros }: Pick<Samples, "perStreamMicros">): number[] {
  const brief = perStreamMicros["events-2"];
  return perStreamMicros["events-200"].map((long, round) => (long - (brief[round] ?? Number.NaN)) / 198);
}

/** The middle of the rounds' ratios: what disturbs the machine during a round disturbs both sides of it. */
export function ratio(values: readonly number[], against: readonly number[]): number {
  return quantile(values.map((value, round) => value / (against[round] ?? Number.NaN)).filter(Number.isFinite));
}
