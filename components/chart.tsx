"use client";

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

/** One colour of the bars; `key` names a number in every point. */
export type ChartSeries<Key extends string> = { key: Key; label: string; color: string };

/** A moment and its numbers. */
export type ChartPoint<Key extends string> = { at: Date } & Record<Key, number>;

type ChartProps<Key extends string> = {
  label: string;
  points: readonly ChartPoint<Key>[];
  series: readonly ChartSeries<Key>[];
  formatValue: (value: number) => string;
  /** A short text for the axis and a long one for the tooltip. */
  formatTime: (at: Date, length: "short" | "long") => string;
};

/** Bars over time, one a point, stacked in the order of the series. */
export default function Chart<Key extends string>({ label, points, series, formatValue, formatTime }: ChartProps<Key>) {
  const data = points.map((point) => ({ ...point, time: point.at.getTime() }));
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
            minTickGap={36}
          />
          <YAxis
            tickFormatter={formatValue}
            tick={{ fontSize: 11, fill: "currentColor" }}
            tickLine={false}
            axisLine={false}
            width={52}
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
              {...(index === series.length - 1 && { radius: 2 })}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

type PointCardProps<Key extends string> = {
  title: string;
  series: readonly ChartSeries<Key>[];
  values: readonly { dataKey?: unknown; value?: unknown }[];
  formatValue: (value: number) => string;
};

function PointCard<Key extends string>({ title, series, values, formatValue }: PointCardProps<Key>) {
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
