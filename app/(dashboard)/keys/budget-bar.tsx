import { formatUsd } from "@/components/format";
import { cn } from "@/components/ui/cn";
import { type BudgetRow, limitNow, sharesOf } from "./budget-words";

/** How much of a budget is spent and held, as a bar that turns as it fills; the words beside it say the same. */
export function BudgetBar({ budget, className }: { budget: BudgetRow; className?: string }) {
  const { spent, reserved } = sharesOf(budget);
  const full = budget.soft ? "bg-warning" : "bg-danger";
  return (
    <span
      aria-hidden
      title={`${formatUsd(budget.spentUsd)} of ${formatUsd(limitNow(budget))} spent`}
      className={cn("flex h-1.5 overflow-hidden rounded-full bg-muted", className)}
    >
      <span className={spent >= 100 ? full : spent >= 80 ? "bg-warning" : "bg-accent"} style={{ width: `${spent}%` }} />
      <span className="bg-accent/40" style={{ width: `${reserved}%` }} />
    </span>
  );
}
