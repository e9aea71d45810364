import { Pencil } from "lucide-react";
import { formatOf } from "@/components/format";
import { ManagedBadge } from "@/components/managed-badge";
import { Money } from "@/components/money";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { BudgetsOf } from "./budgets-sheet";
import type { GroupRow } from "./groups";
import { Transactions } from "./transactions";

type GroupSheetProps = { group: GroupRow; onEdit: () => void; onClose: () => void };

/** One group: its balance and what moved it, and its budgets. */
export function GroupSheet({ group, onEdit, onClose }: GroupSheetProps) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <SheetContent
        title={group.name}
        description={group.managed ? <ManagedBadge /> : `${formatOf(group.keys, "key")}, which spend together`}
      >
        <DialogBody className="space-y-6">
          <Balance group={group} />
          <BudgetsOf owner={{ kind: "group", ...group }} />
          <Transactions group={group} />
          {!group.managed && (
            <Button size="sm" onClick={onEdit}>
              <Pencil /> Edit name and limits
            </Button>
          )}
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

function Balance({ group }: { group: GroupRow }) {
  const { balanceUsd, reservedUsd, lifetimeCreditsUsd, lifetimeSpentUsd } = group;
  const figures = [
    { label: "Balance", value: balanceUsd === null ? "none of its own" : <Money usd={balanceUsd} /> },
    { label: "Of it reserved", value: <Money usd={reservedUsd} /> },
    { label: "Credited so far", value: <Money usd={lifetimeCreditsUsd} /> },
    { label: "Spent so far", value: <Money usd={lifetimeSpentUsd} /> },
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-border sm:grid-cols-4">
      {figures.map(({ label, value }) => (
        <div key={label} className="grow bg-surface px-3 py-2">
          <dt className="text-muted-foreground text-xs">{label}</dt>
          <dd className="font-medium text-sm tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
