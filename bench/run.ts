import { arch, cpus, platform } from "node:os";
import { full, measure, perChunkMicros, quantile, ratio, short } from "@/bench/measure";
import { canMeasure, peakBytes } from "@/bench/processes";
import { type Bar, bars, type Row, table } from "@/bench/report";
import {
  cleanUp,
  coldStarts,
  compile,
  type System,
  startConduit,
  startDatabase,
  startFloor,
  startPeer,
  startUpstream,
} from "@/bench/systems";
import { measureTranslated, type Translated, translatedBars } from "@/bench/translated";

/**
 * `npm run bench [-- --short | --routing]`: what a call through the gateway costs, against a bare proxy and a peer in the same run. CPU
 * is what the kernel says of the system's own processes; load and vendor are processes beside it.
 */
const isShort = process.argv.includes("--short");
const size = isShort ? short : full;
const INTERVAL_MS = 2;

// What it costs to decide where a call goes; ends the process.
if (process.argv.includes("--routing")) await import("@/bench/routing");
if (!canMeasure) {
  console.log("The benchmark reads CPU and memory from /proc, which only Linux has.");
  process.exit(0);
}
await main();

async function main(): Promise<void> {
  await compile();
  const running: { stop(): Promise<unknown> }[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    running.unshift(one);
    return one;
  };
  try {
    const upstream = keep(await startUpstream(INTERVAL_MS));
    process.stderr.write("Starting on an initialised data directory …\n");
    const starts = await coldStarts(upstream, isShort ? 2 : 5);
    const postgres = keep(await startDatabase());
    const floor = keep(await startFloor(upstream));
    // One installation: the first process sets it up, the others find it as a scaled-out deployment does.
    const database = await postgres.create();
    const all = keep(await startConduit("all", upstream, database));
    const gateway = keep(await startConduit("gateway", upstream, database));
    const next = keep(await startConduit("next", upstream, database));
    const peer = await startPeer(upstream);
    if (peer) keep(peer);
    const systems = [floor, gateway, all, next, ...(peer ? [peer] : [])];
    const { samples, directMs } = await measure(systems, upstream, size);
    const rows = systems.map((system): Row => {
      const own = samples.get(system);
      if (!own) throw new Error(`${system.name} was not measured.`);
      if (own.noStreams) console.log(`${system.name} does not answer streams: ${own.noStreams}`);
      return { name: system.name, samples: own, peakBytes: peakBytes(system.pid) };
    });
    print(rows, { direct: directMs, starts, peer, translated: await measureTranslated(gateway, size) });
  } catch (error) {
    console.log(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 1;
  }
  for (const one of running) await one.stop();
  cleanUp();
}

type Beside = {
  direct: readonly number[];
  starts: readonly number[];
  peer: System | undefined;
  translated: Translated;
};

function print(rows: readonly Row[], { direct, starts, peer, translated }: Beside): void {
  const [floor, gateway, all] = rows;
  if (!floor || !gateway || !all) throw new Error("A system is missing.");
  const calls = size.rounds * size.calls;
  const streams = size.rounds * size.streams;
  const machine = `${platform()}-${arch()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`;
  const floorMicros = floor.samples.perCallMicros.map(Math.round);
  console.log(`\nNode ${process.versions.node}, ${machine}; ${calls} calls and ${streams} streams a system.\n`);
  console.log(table(rows, direct));
  console.log(
    `\nMedians of ${size.rounds} rounds in turn; +p50 and +p99 are added to the vendor's own time at one connection; calls/s at 16 ` +
      "connections, load and vendor on the same machine; limited = by a key with a budget and three limits. How quiet the machine was: the floor's rounds took " +
      `${Math.min(...floorMicros)} to ${Math.max(...floorMicros)} µs a call.\n`,
  );
  console.log(
    bars([
      ...[all, gateway].flatMap((row) => barsOf(row, floor)),
      {
        promise: "server mount, role all: CPU per call against the peer",
        value: peer ? ratio(all.samples.perCallMicros, rows.at(-1)?.samples.perCallMicros ?? []) : Number.NaN,
        limit: 0.25,
        unit: "×",
      },
      {
        promise: "start to first answered call on an initialised data dir, median",
        value: quantile(starts) / 1_000,
        limit: 1.5,
        unit: " s",
      },
      {
        promise: "role gateway, peak memory under load",
        value: gateway.peakBytes / (1024 * 1024),
        limit: 150,
        unit: " MB",
      },
      ...translatedBars(translated),
    ]),
  );
}

function barsOf({ name, samples }: Row, floor: Row): Bar[] {
  return [
    {
      promise: `${name}: CPU per call against the floor`,
      value: ratio(samples.perCallMicros, floor.samples.perCallMicros),
      limit: 2,
      unit: "×",
    },
    {
      promise: `${name}: the same by a key with a budget and limits`,
      value: ratio(samples.perLimitedMicros, floor.samples.perCallMicros),
      limit: 2.2,
      unit: "×",
    },
    {
      promise: `${name}: CPU per chunk against the floor`,
      value: ratio(perChunkMicros(samples), perChunkMicros(floor.samples)),
      limit: 1.5,
      unit: "×",
    },
  ];
}
