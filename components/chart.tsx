"use client";

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

/** One colour of the bars; `key` names a number in every point. */
export type ChartSeries = { key: string; label: string; color: string };

/** A moment and its numbers. */
export type ChartPoint = { at: Date; values: Readonly<Record<string, number>> };

type ChartProps = {
  label: string;
  points: readonly ChartPoint[];
  series: readonly ChartSeries[];
  formatValue: (value: number) => string;
  /** True when there is nothing between two whole numbers. */
  whole?: boolean;
  /** A short text for the axis and a long one for the tooltip. */
  formatTime: (at: Date, length: "short" | "long") => string;
};

/** Bars over time, one a point, stacked in the order of the series. */
export default function Chart({ label, points, series, formatValue, whole, formatTime }: ChartProps) {
  const data = points.map(({ at, values }) => ({ ...values, time: at.getTime() }));
  return (
    <div role="img" aria-label={label} className="h-52 w-full text-muted-foreground [&_*]:outline-none">
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 400, height: 208 }}>
        <BarChart data={data} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} barCategoryGap="18%">
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            dataKey="time"
            tickFormatter={(time: number) => formatTime(new Date(time), "short")}
            tick={{ fontSize: 11, fill: "currentColor" }}
            tickLine={false}
            axisLine={{ stroke: "var(--border)" }}
            interval="equidistantPreserveStart"
            minTickGap={36}
          />
          <YAxis
            tickFormatter={formatValue}
            tick={{ fontSize: 11, fill: "currentColor" }}
            tickLine={false}
            axisLine={false}
            width={56}
            allowDecimals={!whole}
            tickCount={4}
          />
          <Tooltip
            cursor={{ fill: "var(--muted)" }}
            isAnimationActive={false}
            content={({ active, payload, label: time }) =>
              active && payload.length > 0 && typeof time === "number" ? (
                <PointCard
                  title={formatTime(new Date(time), "long")}
                  series={series}
                  values={payload}
                  formatValue={formatValue}
                />
              ) : null
            }
          />
          {series.map(({ key, color }, index) => (
            <Bar
              key={key}
              dataKey={key}
              stackId="all"
              fill={color}
              isAnimationActive={false}
              maxBarSize={36}
              {...(index === series.length - 1 && { radius: [2, 2, 0, 0] })}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

type PointCardProps = {
  title: string;
  series: readonly ChartSeries[];
  values: readonly { dataKey?: unknown; value?: unknown }[];
  formatValue: (value: number) => string;
};

function PointCard({ title, series, values, formatValue }: PointCardProps) {
  return (
    <div className="rounded-lg border bg-raised px-3 py-2 text-foreground text-xs shadow-raised">
      <p className="mb-1 text-muted-foreground">{title}</p>
      {series.map(({ key, label, color }) => (
        <p key={key} className="flex items-center gap-2">
          <span className="size-2 rounded-xs" style={{ background: color }} />
          {label}
          <span className="ml-auto pl-4 font-medium tabular-nums">
            {formatValue(Number(values.find((value) => value.dataKey === key)?.value ?? 0))}
          </span>
        </p>
      ))}
    </div>
  );
}
