import dynamic from "next/dynamic";
import { type ComponentProps, useMemo } from "react";
import type { ChartPoint, ChartSeries } from "@/components/chart";
import { formatCompact, formatCount, formatUsd } from "@/components/format";
import type { RangeId } from "@/components/time-range";
import type { Outputs } from "@/components/trpc";
import { Card, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

// The drawing library is the largest part of the page and is not needed for its numbers.
const Chart = dynamic(() => import("@/components/chart"), { ssr: false, loading: () => <ChartSkeleton /> });

const callSeries: readonly ChartSeries[] = [
  { key: "ok", label: "Succeeded", color: "var(--accent)" },
  { key: "errors", label: "Failed", color: "var(--danger)" },
];
const spendSeries: readonly ChartSeries[] = [{ key: "spend", label: "Spend", color: "var(--success)" }];

type ChartsProps = { series: Outputs["overview"]["summary"]["series"] | undefined; range: RangeId };

/** Calls and spend over the range, side by side. */
export function Charts({ series, range }: ChartsProps) {
  const points = useMemo(
    () =>
      series?.map((point) => ({
        at: point.at,
        values: { ok: point.calls - point.errors, errors: point.errors, spend: Number(point.costUsd) },
      })),
    [series],
  );
  const calls = series?.reduce((sum, point) => sum + point.calls, 0) ?? 0;
  const spent = series?.reduce((sum, point) => sum + Number(point.costUsd), 0) ?? 0;
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
      <ChartCard
        title="Calls"
        label={`${formatCount(calls)} calls over time`}
        empty={calls === 0 && "No calls in this range."}
        points={points}
        series={callSeries}
        formatValue={formatCompact}
        whole
        range={range}
      />
      <ChartCard
        title="Spend"
        label={`${formatUsd(spent)} spent over time`}
        empty={spent === 0 && "Nothing was spent in this range."}
        points={points}
        series={spendSeries}
        formatValue={formatUsd}
        range={range}
      />
    </div>
  );
}

type ChartCardProps = Omit<ComponentProps<typeof Chart>, "points" | "formatTime"> & {
  title: string;
  empty: string | false;
  points: readonly ChartPoint[] | undefined;
  range: RangeId;
};

function ChartCard({ title, empty, points, range, ...chart }: ChartCardProps) {
  const formatTime = (at: Date, length: "short" | "long") => at.toLocaleString("en-US", timeFormats[length][range]);
  return (
    <Card>
      <CardHeader title={title} />
      <div className="px-3 pb-3">
        {!points && <ChartSkeleton />}
        {points && empty && (
          <p className="flex h-52 items-center justify-center text-muted-foreground text-sm">{empty}</p>
        )}
        {points && !empty && <Chart points={points} formatTime={formatTime} {...chart} />}
      </div>
    </Card>
  );
}

const clock = { hour: "2-digit", minute: "2-digit", hour12: false } as const;
const day = { month: "short", day: "numeric" } as const;
const timeFormats = {
  short: { "1h": clock, "24h": clock, "7d": day, "30d": day },
  long: {
    "1h": { ...day, ...clock },
    "24h": { ...day, ...clock },
    "7d": { ...day, ...clock },
    "30d": { weekday: "short", ...day },
  },
} as const satisfies Record<"short" | "long", Record<RangeId, Intl.DateTimeFormatOptions>>;

function ChartSkeleton() {
  return <Skeleton className="h-52 w-full" />;
}
