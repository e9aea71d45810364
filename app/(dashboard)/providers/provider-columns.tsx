import { Activity, Boxes, Ellipsis, KeyRound, Pencil, Trash2 } from "lucide-react";
import { DemoBadge, ManagedBadge } from "@/components/managed-badge";
import type { Column } from "@/components/resource-table";
import { trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { Switch } from "@/components/ui/toggle";
import type { ProviderDialog, ProviderRow } from "./providers";

type Open = (dialog: ProviderDialog, provider: ProviderRow) => void;

/** The columns of the list of providers. */
export function providerColumns(open: Open): Column<ProviderRow>[] {
  return [
    { id: "name", header: "Name", cell: (provider) => <NameCell provider={provider} open={open} /> },
    {
      id: "address",
      header: "Address",
      from: "lg",
      cell: (provider) => (
        <code
          className="block max-w-72 truncate font-mono text-muted-foreground text-xs"
          title={provider.baseUrl ?? undefined}
        >
          {provider.demo ? "in this process" : (provider.baseUrl ?? "the vendor's own")}
        </code>
      ),
    },
    { id: "keys", header: "Keys", from: "md", cell: (provider) => <KeysCell provider={provider} open={open} /> },
    {
      id: "models",
      header: "Models",
      from: "sm",
      cell: (provider) => (
        <Button variant="ghost" size="sm" className="-ml-2.5" onClick={() => open("pick", provider)}>
          <Boxes /> {provider.deployments === 0 ? "Pick models" : provider.deployments}
          {provider.deployments > 0 && <span className="sr-only"> models, pick more</span>}
        </Button>
      ),
    },
    { id: "enabled", header: "Enabled", cell: (provider) => <EnabledCell provider={provider} /> },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      align: "right",
      cell: (provider) => <Actions provider={provider} open={open} />,
    },
  ];
}

type CellProps = { provider: ProviderRow; open: Open };

function NameCell({ provider, open }: CellProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <button type="button" className="font-medium hover:underline" onClick={() => open("edit", provider)}>
        {provider.name}
      </button>
      {provider.demo ? <DemoBadge /> : <span className="text-muted-foreground text-xs">{provider.typeLabel}</span>}
      {provider.managed && <ManagedBadge />}
    </div>
  );
}

function KeysCell({ provider, open }: CellProps) {
  if (provider.demo) return <span className="text-muted-foreground text-xs">not needed</span>;
  const [first] = provider.keys;
  return (
    <Button variant="ghost" size="sm" className="-ml-2.5" onClick={() => open("keys", provider)}>
      <KeyRound />
      {first ? <span className="font-mono">{first.hint ? `…${first.hint}` : first.name}</span> : "Add a key"}
      {provider.keys.length > 1 && <Badge>{`+${provider.keys.length - 1}`}</Badge>}
    </Button>
  );
}

function EnabledCell({ provider }: { provider: ProviderRow }) {
  const update = trpc.providers.update.useMutation();
  return (
    <Switch
      aria-label={`Enable ${provider.name}`}
      checked={update.isPending ? update.variables.enabled === true : provider.enabled}
      disabled={provider.managed}
      onCheckedChange={(enabled) => update.mutate({ id: provider.id, enabled })}
    />
  );
}

function Actions({ provider, open }: CellProps) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${provider.name}`}>
          <Ellipsis />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem onSelect={() => open("test", provider)}>
          <Activity /> Test connection
        </MenuItem>
        <MenuItem onSelect={() => open("pick", provider)}>
          <Boxes /> Pick models
        </MenuItem>
        {!provider.demo && (
          <MenuItem onSelect={() => open("keys", provider)}>
            <KeyRound /> Keys
          </MenuItem>
        )}
        <MenuItem onSelect={() => open("edit", provider)}>
          <Pencil /> {provider.managed ? "View" : "Edit"}
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={provider.managed} onSelect={() => open("delete", provider)}>
          <Trash2 /> Delete
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
