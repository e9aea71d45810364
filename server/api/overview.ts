import { Overview, OverviewInput } from "@/server/api/overview.schema";
import { type Bar, barsOf, nameKeys, topOf, windowOf } from "@/server/api/overview-sums";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { usdText } from "@/server/money";

/** What the gateway did lately, in numbers. */
export const overview = router({
  summary: adminProcedure
    .meta(rest("GET", "/overview", "Sum up the calls of a range."))
    .input(OverviewInput)
    .output(Overview)
    .query(async ({ input: { range } }) => {
      const { now, before } = windowOf(range, Date.now());
      const [bars, earlier, topModels, topKeys] = await Promise.all([
        barsOf(now),
        barsOf(before),
        topOf(now, "model"),
        topOf(now, "key_id"),
      ]);
      const total = summed(bars);
      const previous = summed(earlier);
      return {
        ...counts(total),
        unpriced: Number(total.unpriced),
        avgFirstTokenMs: average(total.firstTokenMs, total.firstTokens),
        avgDurationMs: average(total.durationMs, total.calls),
        previous: { calls: Number(previous.calls), costUsd: usdText(previous.costNano) },
        series: Array.from({ length: now.count }, (_, index) => ({
          at: new Date(now.fromMs + index * now.stepMs),
          ...counts(bars.find((bar) => bar.index === index) ?? nothing),
        })),
        topModels: topModels.map(({ name, ...sums }) => ({ model: name, ...ranked(sums) })),
        topKeys: (await nameKeys(topKeys)).map(({ keyId, name, ...sums }) => ({ keyId, name, ...ranked(sums) })),
      };
    }),
});

type Sums = Omit<Bar, "index">;

const nothing: Sums = {
  calls: 0n,
  errors: 0n,
  unpriced: 0n,
  inputTokens: 0n,
  outputTokens: 0n,
  costNano: 0n,
  durationMs: 0n,
  firstTokenMs: 0n,
  firstTokens: 0n,
};

function summed(bars: readonly Sums[]): Sums {
  const total = { ...nothing };
  for (const bar of bars) {
    total.calls += bar.calls;
    total.errors += bar.errors;
    total.unpriced += bar.unpriced;
    total.inputTokens += bar.inputTokens;
    total.outputTokens += bar.outputTokens;
    total.costNano += bar.costNano;
    total.durationMs += bar.durationMs;
    total.firstTokenMs += bar.firstTokenMs;
    total.firstTokens += bar.firstTokens;
  }
  return total;
}

function counts(sums: Sums) {
  return {
    calls: Number(sums.calls),
    errors: Number(sums.errors),
    inputTokens: Number(sums.inputTokens),
    outputTokens: Number(sums.outputTokens),
    costUsd: usdText(sums.costNano),
  };
}

function ranked({ calls, unpriced, costNano }: { calls: bigint; unpriced: bigint; costNano: bigint }) {
  return { calls: Number(calls), unpriced: Number(unpriced), costUsd: usdText(costNano) };
}

function average(sum: bigint, count: bigint): number | null {
  return count === 0n ? null : Math.round(Number(sum) / Number(count));
}
