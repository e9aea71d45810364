import Link from "next/link";
import { formatOf } from "@/components/format";
import { Money } from "@/components/money";
import { Card, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

type TopRow = { id: string; name: string; href: string; calls: number; unpriced: number; costUsd: string };

/** The largest spenders of a kind, each with a bar for its share of the first one; a row leads to its calls. */
export function TopList({ title, rows }: { title: string; rows: readonly TopRow[] | undefined }) {
  // Where nothing was spent, the calls decide the order.
  const isFree = rows?.every((row) => Number(row.costUsd) === 0);
  const sizeOf = (row: TopRow) => (isFree ? row.calls : Number(row.costUsd));
  const most = Math.max(...(rows ?? []).map(sizeOf));
  return (
    <Card>
      <CardHeader title={title} />
      <div className="min-h-40 px-2 pb-2">
        {!rows && <Skeleton className="mx-2 h-32" />}
        {rows?.length === 0 && (
          <p className="px-2 py-10 text-center text-muted-foreground text-sm">No calls in this range.</p>
        )}
        {rows?.map((row) => (
          <Link
            key={row.id}
            href={row.href}
            className="relative flex h-9 items-center gap-3 rounded-md px-2 text-sm hover:bg-muted/60"
          >
            <span
              aria-hidden
              className="absolute inset-y-1 left-0 rounded-sm bg-accent/10"
              style={{ width: `${(sizeOf(row) / most) * 100}%` }}
            />
            <span className="relative min-w-0 flex-1 truncate">{row.name}</span>
            <span className="relative text-muted-foreground text-xs tabular-nums">{formatOf(row.calls, "call")}</span>
            <span className="relative w-20 text-right">
              <Money usd={row.unpriced > 0 && Number(row.costUsd) === 0 ? null : row.costUsd} />
            </span>
          </Link>
        ))}
      </div>
    </Card>
  );
}
