import { Plus } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { ManagedBadge } from "@/components/managed-badge";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { BudgetCard } from "./budget-card";
import { NewBudgetForm } from "./budget-form";
import type { BudgetOwner, BudgetRow } from "./budget-words";

/** All budgets of a key, with those of its group that it shares. */
export function BudgetsSheet({ owner, onClose }: { owner: BudgetOwner; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <SheetContent
        title={`Budgets of ${owner.name}`}
        description={owner.managed ? <ManagedBadge /> : "A call must fit into every one that it counts for."}
      >
        <DialogBody>
          <BudgetsOf owner={owner} />
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

/** The budgets of a key or a group, each with how it stands, and a form for one more. */
export function BudgetsOf({ owner }: { owner: BudgetOwner }) {
  const query = trpc.budgets.list.useQuery(owner.kind === "key" ? { keyId: owner.id } : { groupId: owner.id }, {
    refetchInterval: 10_000,
  });
  const [adding, setAdding] = useState(false);
  const own = query.data?.filter((budget) => budget.owner.id === owner.id);
  const shared = query.data?.filter((budget) => budget.owner.id !== owner.id) ?? [];
  return (
    <div className="space-y-5">
      <section className="space-y-2.5">
        <div className="flex items-center justify-between">
          <h3 className="font-medium text-sm">Budgets</h3>
          {!adding && !owner.managed && (
            <Button size="sm" onClick={() => setAdding(true)}>
              <Plus /> Add budget
            </Button>
          )}
        </div>
        {query.isPending && <Skeleton className="h-24" />}
        {query.error && !query.data && (
          <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />
        )}
        {own?.length === 0 && !adding && (
          <p className="text-muted-foreground text-sm">None of its own: nothing here limits what it may spend.</p>
        )}
        <Cards budgets={own ?? []} />
        {adding && <NewBudgetForm owner={owner} onDone={() => setAdding(false)} />}
      </section>
      {shared.length > 0 && (
        <section className="space-y-2.5">
          <h3 className="font-medium text-sm">Shared with the group {shared[0]?.owner.name}</h3>
          <Cards budgets={shared} />
        </section>
      )}
    </div>
  );
}

function Cards({ budgets }: { budgets: readonly BudgetRow[] }) {
  return budgets.map((budget) => <BudgetCard key={budget.id} budget={budget} />);
}
