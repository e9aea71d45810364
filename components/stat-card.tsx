import type { ReactNode } from "react";
import { Card } from "./ui/card";
import { Skeleton } from "./ui/skeleton";

type StatCardProps = { label: string; value: ReactNode | undefined; note?: ReactNode; title?: string };

/** One number with its name; an undefined value is still being loaded. */
export function StatCard({ label, value, note, title }: StatCardProps) {
  return (
    <Card className="px-4 py-3 last:max-md:col-span-2" title={title}>
      <p className="text-muted-foreground text-xs">{label}</p>
      {value === undefined ? (
        <Skeleton className="mt-2 mb-1.5 h-6 w-20" />
      ) : (
        <p className="mt-0.5 truncate font-semibold text-xl tabular-nums tracking-tight">{value}</p>
      )}
      <div className="min-h-4 truncate text-muted-foreground text-xs tabular-nums">{note}</div>
    </Card>
  );
}
