import { Ellipsis, Pencil, RotateCcwKey, Trash2, Wallet } from "lucide-react";
import { formatOf, formatUsd } from "@/components/format";
import { ManagedBadge } from "@/components/managed-badge";
import type { Column } from "@/components/resource-table";
import { Time } from "@/components/time";
import { trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { Switch } from "@/components/ui/toggle";
import { BudgetBar } from "./budget-bar";
import { type BudgetRow, periodWords, sharesOf } from "./budget-words";
import type { KeyDialog, KeyRow } from "./key-list";

type Open = (dialog: KeyDialog, key: KeyRow) => void;

/** The columns of the list of keys. */
export function keyColumns(open: Open, budgets: readonly BudgetRow[] | undefined): Column<KeyRow>[] {
  return [
    { id: "name", header: "Name", cell: (key) => <NameCell virtualKey={key} open={open} /> },
    {
      id: "key",
      header: "Key",
      from: "md",
      cell: (key) => (
        <code className="whitespace-nowrap font-mono text-muted-foreground text-xs">{`${key.prefix}…${key.last4}`}</code>
      ),
    },
    {
      id: "group",
      header: "Group",
      from: "lg",
      cell: (key) => (key.group ? <span className="block max-w-36 truncate">{key.group.name}</span> : <Nothing />),
    },
    { id: "models", header: "Models", from: "lg", cell: (key) => <ModelsCell virtualKey={key} /> },
    {
      id: "budgets",
      header: "Budgets",
      from: "md",
      cell: (key) => <BudgetsCell virtualKey={key} budgets={budgets} open={open} />,
    },
    {
      id: "spent",
      header: "Spent, 30 days",
      align: "right",
      from: "sm",
      cell: (key) => <SpentCell virtualKey={key} />,
    },
    {
      id: "used",
      header: "Last used",
      from: "xl",
      cell: (key) => (key.lastUsedAt ? <Time at={key.lastUsedAt} className="whitespace-nowrap" /> : <Nothing />),
    },
    { id: "enabled", header: "Enabled", cell: (key) => <EnabledCell virtualKey={key} /> },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      align: "right",
      cell: (key) => <Actions virtualKey={key} open={open} />,
    },
  ];
}

type CellProps = { virtualKey: KeyRow };

function NameCell({ virtualKey, open }: CellProps & { open: Open }) {
  const { expiresAt } = virtualKey;
  const isExpired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <button type="button" className="text-left font-medium hover:underline" onClick={() => open("edit", virtualKey)}>
        {virtualKey.name}
      </button>
      {isExpired && <Badge tone="danger">Expired</Badge>}
      {expiresAt && !isExpired && (
        <Badge>
          expires <Time at={expiresAt} />
        </Badge>
      )}
      {virtualKey.managed && <ManagedBadge />}
    </div>
  );
}

function ModelsCell({ virtualKey: { models } }: CellProps) {
  if (models.includes("*")) return <span className="text-muted-foreground">all</span>;
  return (
    <span className="block max-w-44 truncate" title={models.join("\n")}>
      {models.length === 1 ? models[0] : `${models.length} models`}
    </span>
  );
}

type BudgetsCellProps = CellProps & { budgets: readonly BudgetRow[] | undefined; open: Open };

/** The key's own budgets, the fullest as a bar; opens all of them. */
function BudgetsCell({ virtualKey, budgets, open }: BudgetsCellProps) {
  const own = budgets?.filter((budget) => budget.owner.id === virtualKey.id) ?? [];
  const [fullest] = own.toSorted((a, b) => sharesOf(b).spent - sharesOf(a).spent);
  const label = own.map((budget) => `${formatUsd(budget.limitUsd)} ${periodWords(budget)}`).join(", ");
  return (
    <button
      type="button"
      className="block max-w-52 rounded text-left hover:underline"
      aria-label={`Budgets of ${virtualKey.name}${label && `: ${label}`}`}
      onClick={() => open("budgets", virtualKey)}
    >
      {fullest ? (
        <>
          <span className="block truncate tabular-nums">{label}</span>
          <BudgetBar budget={fullest} className="mt-1 w-28" />
        </>
      ) : (
        <Nothing />
      )}
    </button>
  );
}

function SpentCell({ virtualKey: { spentUsd30d, calls30d } }: CellProps) {
  if (calls30d === 0) return <Nothing />;
  return (
    <span className="whitespace-nowrap" title={formatOf(calls30d, "call")}>
      {formatUsd(spentUsd30d)}
      <span className="ml-2 text-muted-foreground text-xs max-md:hidden">{formatOf(calls30d, "call")}</span>
    </span>
  );
}

function EnabledCell({ virtualKey }: CellProps) {
  const update = trpc.keys.update.useMutation();
  return (
    <Switch
      aria-label={`Enable ${virtualKey.name}`}
      checked={update.isPending ? update.variables.enabled === true : virtualKey.enabled}
      disabled={virtualKey.managed}
      onCheckedChange={(enabled) => update.mutate({ id: virtualKey.id, enabled })}
    />
  );
}

function Actions({ virtualKey, open }: CellProps & { open: Open }) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${virtualKey.name}`}>
          <Ellipsis />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem onSelect={() => open("edit", virtualKey)}>
          <Pencil /> {virtualKey.managed ? "View" : "Edit"}
        </MenuItem>
        <MenuItem onSelect={() => open("budgets", virtualKey)}>
          <Wallet /> Budgets
        </MenuItem>
        <MenuItem disabled={virtualKey.managed} onSelect={() => open("rotate", virtualKey)}>
          <RotateCcwKey /> Rotate
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={virtualKey.managed} onSelect={() => open("delete", virtualKey)}>
          <Trash2 /> Delete
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}

function Nothing() {
  return <span className="text-muted-foreground">–</span>;
}
