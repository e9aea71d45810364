import { Ellipsis, History, Pencil, RotateCcw, Trash2, TrendingUp } from "lucide-react";
import { useState } from "react";
import { formatMoment, formatUsd } from "@/components/format";
import { ManagedBadge } from "@/components/managed-badge";
import { Time } from "@/components/time";
import { trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { BudgetBar } from "./budget-bar";
import { DeleteBudget, IncreaseBudget, ResetBudget } from "./budget-dialogs";
import { EditBudget } from "./budget-form";
import { BudgetHistory } from "./budget-history";
import { type BudgetRow, periodWords } from "./budget-words";

type Opened = "edit" | "increase" | "reset" | "history" | "delete";

/** One budget: what it allows, how it stands, when it begins anew, and what can be done with it. */
export function BudgetCard({ budget }: { budget: BudgetRow }) {
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  if (opened === "edit") return <EditBudget budget={budget} onDone={close} />;
  return (
    <article aria-label={titleOf(budget)} className="space-y-2.5 rounded-lg border bg-surface p-3">
      <div className="flex items-start gap-2">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1">
          <p className="font-medium text-sm tabular-nums">
            {formatUsd(budget.limitUsd)} {periodWords(budget)}
          </p>
          {budget.name && <span className="text-muted-foreground text-sm">{budget.name}</span>}
          <Badge tone={budget.soft ? "neutral" : "accent"}>{budget.soft ? "soft, only tells" : "hard"}</Badge>
          {budget.managed && <ManagedBadge />}
        </div>
        <BudgetMenu budget={budget} onOpen={setOpened} />
      </div>
      <BudgetBar budget={budget} />
      <Standing budget={budget} />
      {opened === "history" && <BudgetHistory budget={budget} onClose={close} />}
      {opened === "increase" && <IncreaseBudget budget={budget} onClose={close} />}
      {opened === "reset" && <ResetBudget budget={budget} onClose={close} />}
      {opened === "delete" && <DeleteBudget budget={budget} onClose={close} />}
    </article>
  );
}

/** A budget in a few words, to tell it from its neighbours. */
export function titleOf(budget: BudgetRow): string {
  return `${formatUsd(budget.limitUsd)} ${periodWords(budget)}${budget.name && `, ${budget.name}`}`;
}

function Standing({ budget }: { budget: BudgetRow }) {
  const { spentUsd, reservedUsd, availableUsd, resetsAt, timeZone, period, models } = budget;
  const { increaseUsd, increaseUntil } = budget;
  const increased = increaseUsd !== null && increaseUntil !== null && increaseUntil.getTime() > Date.now();
  return (
    <div className="space-y-0.5 text-muted-foreground text-xs tabular-nums">
      <p className="flex flex-wrap gap-x-3">
        <span>{formatUsd(spentUsd)} spent</span>
        {Number(reservedUsd) > 0 && <span>{formatUsd(reservedUsd)} reserved</span>}
        <span>{formatUsd(availableUsd)} left</span>
        {resetsAt && (
          <span title={formatMoment(resetsAt)}>
            {period === "hours" ? "moves on" : "begins anew"} <Time at={resetsAt} />
            {timeZone !== "UTC" && ` (${timeZone})`}
          </span>
        )}
      </p>
      {models.length > 0 && <p className="break-words">Only for {models.join(", ")}</p>}
      {increased && (
        <p className="text-warning">
          {formatUsd(increaseUsd)} more until {formatMoment(increaseUntil)}
        </p>
      )}
    </div>
  );
}

function BudgetMenu({ budget, onOpen }: { budget: BudgetRow; onOpen: (opened: Opened) => void }) {
  const { managed, increaseUsd } = budget;
  const update = trpc.budgets.update.useMutation();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" className="-m-1" aria-label={`Actions for ${titleOf(budget)}`}>
          <Ellipsis />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem disabled={managed} onSelect={() => onOpen("edit")}>
          <Pencil /> Edit
        </MenuItem>
        <MenuItem disabled={managed} onSelect={() => onOpen("increase")}>
          <TrendingUp /> Increase for a while
        </MenuItem>
        {increaseUsd !== null && !managed && (
          <MenuItem onSelect={() => update.mutate({ id: budget.id, increase: null })}>
            <TrendingUp /> End the increase
          </MenuItem>
        )}
        <MenuItem onSelect={() => onOpen("reset")}>
          <RotateCcw /> Reset
        </MenuItem>
        <MenuItem onSelect={() => onOpen("history")}>
          <History /> Spent before
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={managed} onSelect={() => onOpen("delete")}>
          <Trash2 /> Delete
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
