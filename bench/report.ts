import { perChunkMicros, quantile, ratio, type Samples } from "@/bench/measure";

/** What was measured of one system. */
export type Row = { name: string; samples: Samples; peakBytes: number };

const MEBIBYTE = 1024 * 1024;

/** The table of all systems against the first one, which is the floor; `direct` are the latencies without any proxy. */
export function table(rows: readonly Row[], direct: readonly number[]): string {
  const [floor] = rows;
  const head = [
    "",
    "µs/call",
    "× floor",
    "limited",
    "× floor",
    "µs/chunk",
    "× floor",
    "+p50 ms",
    "+p99 ms",
    "calls/s",
    "peak MB",
  ];
  const lines = rows.map(({ name, samples, peakBytes }) => [
    name,
    number(quantile(samples.perCallMicros), 0),
    number(ratio(samples.perCallMicros, floor?.samples.perCallMicros ?? []), 2),
    number(quantile(samples.perLimitedMicros), 0),
    number(ratio(samples.perLimitedMicros, floor?.samples.perCallMicros ?? []), 2),
    number(quantile(perChunkMicros(samples)), 1),
    number(ratio(perChunkMicros(samples), floor ? perChunkMicros(floor.samples) : []), 2),
    number(quantile(samples.latenciesMs) - quantile(direct), 2),
    number(quantile(samples.latenciesMs, 0.99) - quantile(direct, 0.99), 2),
    number(quantile(samples.perSecond), 0),
    number(peakBytes / MEBIBYTE, 0),
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

/** A promise and what was measured of it; `value` is NaN where it could not be. */
export type Bar = { promise: string; value: number; limit: number; unit: string };

/** Each promise with its number, marked ok or over. */
export function bars(list: readonly Bar[]): string {
  return list
    .map(({ promise, value, limit, unit }) => {
      const verdict = Number.isNaN(value) ? "n/a " : value <= limit ? "ok  " : "OVER";
      return `${verdict}  ${promise}: ${number(value, 2)}${unit} (limit ${limit}${unit})`;
    })
    .join("\n");
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}
