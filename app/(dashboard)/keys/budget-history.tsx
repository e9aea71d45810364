import { ErrorState } from "@/components/error-state";
import { formatMoment, formatUsd } from "@/components/format";
import { trpc } from "@/components/trpc";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { titleOf } from "./budget-card";
import type { BudgetRow } from "./budget-words";

/** What was spent in a budget's windows, newest first. */
export function BudgetHistory({ budget, onClose }: { budget: BudgetRow; onClose: () => void }) {
  const query = trpc.budgets.windows.useQuery({ id: budget.id });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title="Spent before" description={titleOf(budget)} className="max-w-md">
        <DialogBody>
          {query.isPending && <Skeleton className="h-40" />}
          {query.error && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
          {query.data?.length === 0 && <p className="text-muted-foreground text-sm">Nothing was spent yet.</p>}
          <ul className="divide-y text-sm tabular-nums empty:hidden">
            {query.data?.map(({ startsAt, spentUsd }) => (
              <li key={startsAt?.getTime() ?? 0} className="flex justify-between gap-4 py-1.5">
                <span className="text-muted-foreground">
                  {startsAt ? `from ${formatMoment(startsAt)}` : "since the beginning"}
                </span>
                <span>{formatUsd(spentUsd)}</span>
              </li>
            ))}
          </ul>
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}
