import { Ellipsis, FlaskConical, Pencil, Trash2 } from "lucide-react";
import Link from "next/link";
import { formatRate } from "@/components/format";
import { DemoBadge, isDemo, ManagedBadge } from "@/components/managed-badge";
import { Unpriced } from "@/components/money";
import type { Column } from "@/components/resource-table";
import { trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { Switch } from "@/components/ui/toggle";
import type { DeploymentRow, ModelRow } from "./models";
import { strategyLabel } from "./strategies";

type Act = (model: ModelRow) => void;

/** The columns of the list of models. */
export function modelColumns(onDelete: Act, onOpen: Act): Column<ModelRow>[] {
  return [
    { id: "name", header: "Name", cell: (model) => <NameCell model={model} onOpen={onOpen} /> },
    { id: "deployments", header: "Deployments", from: "md", cell: (model) => <DeploymentsCell model={model} /> },
    {
      id: "price",
      header: "In / out per 1M",
      from: "sm",
      align: "right",
      cell: (model) => <PricesCell model={model} />,
    },
    { id: "routing", header: "Routing", from: "lg", cell: (model) => <RoutingCell model={model} /> },
    { id: "enabled", header: "Enabled", cell: (model) => <EnabledCell model={model} /> },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      align: "right",
      cell: (model) => <Actions model={model} onDelete={onDelete} onOpen={onOpen} />,
    },
  ];
}

function NameCell({ model, onOpen }: { model: ModelRow; onOpen: Act }) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <button
        type="button"
        className="text-left font-medium [overflow-wrap:anywhere] hover:underline"
        onClick={() => onOpen(model)}
      >
        {model.name}
      </button>
      {isDemo(model) && <DemoBadge />}
      {!model.priced && (
        // Wider windows say it in the column of prices.
        <Badge
          tone="warning"
          className="sm:hidden"
          title="A deployment has no price, so what its calls cost is unknown. Set one where the model is opened."
        >
          Unpriced
        </Badge>
      )}
      {model.managed && <ManagedBadge />}
    </div>
  );
}

function DeploymentsCell({ model }: { model: ModelRow }) {
  const [first, ...others] = model.deployments;
  if (!first) return <Badge tone="warning">No deployment</Badge>;
  return (
    <div className="flex items-center gap-2">
      <span className="max-w-64 truncate text-muted-foreground" title={first.upstreamModel}>
        {first.providerName}
        {first.upstreamModel !== model.name && ` · ${first.upstreamModel}`}
      </span>
      {others.length > 0 && <Badge>{`+${others.length}`}</Badge>}
    </div>
  );
}

/** The price of the first deployment that has one, and whether others have none. */
function PricesCell({ model: { deployments } }: { model: ModelRow }) {
  const priced = deployments.find((deployment) => deployment.price !== null);
  const unpriced = deployments.filter((deployment) => deployment.price === null).length;
  if (!priced) return deployments.length > 0 && <Unpriced />;
  return (
    <span className="inline-flex items-center gap-2">
      <PriceCell deployment={priced} />
      {unpriced > 0 && <Badge tone="warning">{`+${unpriced} unpriced`}</Badge>}
    </span>
  );
}

/** What a deployment costs, short enough for a line. */
export function PriceCell({ deployment: { price } }: { deployment: DeploymentRow }) {
  if (!price || price.inputPerMillionUsd === null) return <Unpriced />;
  return (
    <span
      className="whitespace-nowrap tabular-nums"
      title={price.tiered ? "Rises with the length of the input" : undefined}
    >
      {formatRate(price.inputPerMillionUsd)} <span className="text-muted-foreground">/</span>{" "}
      {price.outputPerMillionUsd === null ? "–" : formatRate(price.outputPerMillionUsd)}
      {price.tiered && <span className="text-muted-foreground"> +</span>}
    </span>
  );
}

function RoutingCell({ model }: { model: ModelRow }) {
  if (model.deployments.length < 2 && model.fallbacks.length === 0) return null;
  return (
    <span className="block max-w-56 truncate text-muted-foreground text-xs">
      {model.deployments.length > 1 && strategyLabel(model.strategy)}
      {model.fallbacks.length > 0 && ` → ${model.fallbacks.join(", ")}`}
    </span>
  );
}

function EnabledCell({ model }: { model: ModelRow }) {
  const update = trpc.models.update.useMutation();
  return (
    <Switch
      aria-label={`Enable ${model.name}`}
      checked={update.isPending ? update.variables.enabled === true : model.enabled}
      disabled={model.managed}
      onCheckedChange={(enabled) => update.mutate({ id: model.id, enabled })}
    />
  );
}

function Actions({ model, onDelete, onOpen }: { model: ModelRow; onDelete: Act; onOpen: Act }) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${model.name}`}>
          <Ellipsis />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem asChild>
          <Link href={`/playground?model=${encodeURIComponent(model.name)}`}>
            <FlaskConical /> Try it
          </Link>
        </MenuItem>
        <MenuItem onSelect={() => onOpen(model)}>
          <Pencil /> {model.managed ? "View" : "Edit"}
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={model.managed} onSelect={() => onDelete(model)}>
          <Trash2 /> Delete
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
