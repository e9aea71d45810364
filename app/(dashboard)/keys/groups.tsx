import { Pencil, Plus, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { EmptyState } from "@/components/empty-state";
import { formatOf } from "@/components/format";
import { ManagedBadge } from "@/components/managed-badge";
import { Money } from "@/components/money";
import { type Column, ResourceTable } from "@/components/resource-table";
import { type Outputs, ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { Switch } from "@/components/ui/toggle";
import { GroupForm } from "./group-form";

/** A group as the list gives it. */
export type GroupRow = Outputs["groups"]["list"][number];

type Open = { kind: "new" } | { kind: "edit" | "delete"; group: GroupRow };

/** The list of groups and the dialogs that change it. */
export function Groups() {
  const query = trpc.groups.list.useQuery();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const create = (
    <Button variant="primary" onClick={() => setOpen({ kind: "new" })}>
      <Plus /> Create group
    </Button>
  );
  return (
    <Card>
      <CardHeader title="Groups">{create}</CardHeader>
      <ResourceTable
        label="Groups"
        columns={groupColumns(setOpen)}
        rows={query.data}
        query={query}
        empty={
          <EmptyState icon={Users} title="No groups yet" action={create}>
            A group gathers the keys of a team or tenant, and can have a balance that they spend together.
          </EmptyState>
        }
      />
      {open?.kind === "new" && <GroupForm onClose={close} />}
      {open?.kind === "edit" && <GroupForm existing={open.group} onClose={close} />}
      {open?.kind === "delete" && <DeleteGroup group={open.group} onClose={close} />}
    </Card>
  );
}

function groupColumns(open: (open: Open) => void): Column<GroupRow>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (group) => (
        <div className="flex flex-wrap items-center gap-2 font-medium">
          {group.name} {group.managed && <ManagedBadge />}
        </div>
      ),
    },
    {
      id: "external",
      header: "External id",
      from: "md",
      cell: (group) => <code className="font-mono text-muted-foreground text-xs">{group.externalId}</code>,
    },
    { id: "keys", header: "Keys", align: "right", from: "sm", cell: (group) => group.keys },
    {
      id: "balance",
      header: "Balance",
      align: "right",
      cell: (group) => (group.balanceUsd === null ? "–" : <Money usd={group.balanceUsd} />),
    },
    { id: "enabled", header: "Enabled", cell: (group) => <EnabledCell group={group} /> },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      align: "right",
      cell: (group) => (
        <span className="whitespace-nowrap">
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={`Edit ${group.name}`}
            disabled={group.managed}
            onClick={() => open({ kind: "edit", group })}
          >
            <Pencil />
          </Button>
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={`Delete ${group.name}`}
            disabled={group.managed}
            onClick={() => open({ kind: "delete", group })}
          >
            <Trash2 />
          </Button>
        </span>
      ),
    },
  ];
}

function EnabledCell({ group }: { group: GroupRow }) {
  const update = trpc.groups.update.useMutation();
  return (
    <Switch
      aria-label={`Enable ${group.name}`}
      checked={update.isPending ? update.variables.enabled === true : group.enabled}
      disabled={group.managed}
      onCheckedChange={(enabled) => update.mutate({ id: group.id, enabled })}
    />
  );
}

function DeleteGroup({ group, onClose }: { group: GroupRow; onClose: () => void }) {
  const remove = trpc.groups.delete.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title={`Delete ${group.name}?`}
      confirmLabel="Delete group"
      onConfirm={() => remove.mutateAsync({ id: group.id })}
      onClose={onClose}
    >
      {group.keys > 0
        ? `It owns ${formatOf(group.keys, "key")}, which must be moved or deleted first.`
        : "It owns no keys. Calls that were made in its name stay in the ledger."}
    </ConfirmDialog>
  );
}
