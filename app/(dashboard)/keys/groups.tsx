import { Pencil, Plus, Trash2, Users } from "lucide-react";
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
import { useUrlState } from "@/components/url-state";
import { GroupForm } from "./group-form";
import { GroupSheet } from "./group-sheet";

/** A group as the list gives it. */
export type GroupRow = Outputs["groups"]["list"][number];

/** The dialogs of a group; the address names the open one. */
type GroupDialog = "group" | "editgroup" | "deletegroup";

const closed = { newgroup: undefined, group: undefined, editgroup: undefined, deletegroup: undefined };

/** The list of groups and the dialogs that change it. */
export function Groups() {
  const query = trpc.groups.list.useQuery(undefined, { refetchInterval: 30_000 });
  const [, change] = useUrlState();
  const open = (dialog: GroupDialog, group: GroupRow) => change({ ...closed, [dialog]: group.id });
  const create = (
    <Button variant="primary" onClick={() => change({ ...closed, newgroup: "1" })}>
      <Plus /> Create group
    </Button>
  );
  const isEmpty = query.data?.length === 0;
  return (
    <Card>
      <CardHeader title="Groups">{!isEmpty && create}</CardHeader>
      <ResourceTable
        label="Groups"
        columns={groupColumns(open)}
        rows={query.data}
        query={query}
        onOpen={(group) => open("group", group)}
        empty={
          <EmptyState icon={Users} title="No groups yet" action={create}>
            A group gathers the keys of a team or tenant, and can have a balance that they spend together.
          </EmptyState>
        }
      />
      <OpenDialog groups={query.data ?? []} />
    </Card>
  );
}

function OpenDialog({ groups }: { groups: readonly GroupRow[] }) {
  const [params, change] = useUrlState();
  const close = () => change(closed);
  if (params.has("newgroup")) return <GroupForm onClose={close} />;
  const named = (dialog: GroupDialog) => groups.find((group) => group.id === params.get(dialog));
  const opened = named("group");
  if (opened)
    return <GroupSheet group={opened} onEdit={() => change({ ...closed, editgroup: opened.id })} onClose={close} />;
  const edited = named("editgroup");
  if (edited) return <GroupForm existing={edited} onClose={close} />;
  const deleted = named("deletegroup");
  return deleted ? <DeleteGroup group={deleted} onClose={close} /> : null;
}

function groupColumns(open: (dialog: GroupDialog, group: GroupRow) => void): Column<GroupRow>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (group) => (
        <div className="flex flex-wrap items-center gap-2">
          <button type="button" className="text-left font-medium hover:underline" onClick={() => open("group", group)}>
            {group.name}
          </button>
          {group.managed && <ManagedBadge />}
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
    {
      id: "spent",
      header: "Spent so far",
      align: "right",
      from: "md",
      cell: (group) => <Money usd={group.lifetimeSpentUsd} />,
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
            onClick={() => open("editgroup", group)}
          >
            <Pencil />
          </Button>
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={`Delete ${group.name}`}
            disabled={group.managed}
            onClick={() => open("deletegroup", group)}
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
