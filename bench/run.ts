import { arch, cpus, platform } from "node:os";
import { full, measure, perChunkMicros, quantile, short } from "@/bench/measure";
import { canMeasure, peakBytes } from "@/bench/processes";
import { bars, type Row, table } from "@/bench/report";
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

/**
 * `npm run bench [-- --short]`: what a call through the gateway costs, against a bare proxy and a peer in the same run. CPU
 * is what the kernel says of the system's own processes; load and vendor are processes beside it.
 */
const isShort = process.argv.includes("--short");
const size = isShort ? short : full;
const INTERVAL_MS = 2;

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
    print(rows, { direct: directMs, starts, peer });
  } finally {
    for (const one of running) await one.stop();
    cleanUp();
  }
}

function print(
  rows: readonly Row[],
  { direct, starts, peer }: { direct: readonly number[]; starts: readonly number[]; peer: System | undefined },
): void {
  const [floor, gateway, all] = rows;
  if (!floor || !gateway || !all) throw new Error("A system is missing.");
  const perCall = (row: Row | undefined): number => quantile(row?.samples.perCallMicros ?? []);
  const calls = size.rounds * size.calls;
  console.log(
    `\nNode ${process.versions.node}, ${platform()}-${arch()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}; ${calls} calls and ${size.rounds * size.streams} streams a system, medians of ${size.rounds} rounds.\n`,
  );
  console.log(table(rows, direct));
  console.log(
    "\n+p50 and +p99 are added to the vendor's own time at one connection; calls/s at 16 connections, load and vendor on the same machine.\n",
  );
  const relative = (promise: string, value: number, limit: number) => ({ promise, value, limit, unit: "×" });
  console.log(
    bars([
      relative("server mount, CPU per call against the floor (role all)", perCall(all) / perCall(floor), 2),
      relative("server mount, CPU per call against the floor (role gateway)", perCall(gateway) / perCall(floor), 2),
      relative(
        "server mount, CPU per chunk against the floor (role all)",
        perChunkMicros(all.samples) / perChunkMicros(floor.samples),
        1.5,
      ),
      relative(
        "server mount, CPU per chunk against the floor (role gateway)",
        perChunkMicros(gateway.samples) / perChunkMicros(floor.samples),
        1.5,
      ),
      relative(
        "server mount, CPU per call against the peer (role all)",
        peer ? perCall(all) / perCall(rows.at(-1)) : Number.NaN,
        0.25,
      ),
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
    ]),
  );
}
