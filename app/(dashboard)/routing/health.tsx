import { HeartPulse, RotateCcw } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { formatDuration } from "@/components/format";
import { type Column, ResourceTable } from "@/components/resource-table";
import { Time } from "@/components/time";
import { type Outputs, trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";

type RouteRow = Outputs["routing"]["health"][number];

/** The ways to upstreams: which are out of service and why, and a way to put them back. */
export function Health() {
  const query = trpc.routing.health.useQuery(undefined, { refetchInterval: 5_000 });
  const reset = trpc.routing.reset.useMutation();
  const troubled = query.data?.some(isTroubled);
  const rows = query.data?.toSorted((a, b) => Number(isTroubled(b)) - Number(isTroubled(a)));
  return (
    <Card>
      <CardHeader
        title="Ways to upstreams"
        description="Deployments and keys, as this process knows them, and keys that fail with one model only."
      >
        <Button
          size="sm"
          disabled={!troubled}
          loading={reset.isPending && reset.variables.id === null}
          onClick={() => reset.mutate({ id: null })}
        >
          <RotateCcw /> Reset all
        </Button>
      </CardHeader>
      <ResourceTable
        label="Ways to upstreams"
        columns={routeColumns((route) => reset.mutate({ id: route.id }))}
        rows={rows}
        query={query}
        empty={
          <EmptyState icon={HeartPulse} title="Nothing to show yet">
            Deployments and the keys of providers show up here with their state.
          </EmptyState>
        }
      />
    </Card>
  );
}

function isTroubled(route: RouteRow): boolean {
  return route.state !== "closed" || route.out !== null || route.until !== null || route.failures > 0;
}

function routeColumns(onReset: (route: RouteRow) => void): Column<RouteRow>[] {
  return [
    {
      id: "route",
      header: "Way",
      cell: (route) => (
        <div className="min-w-28">
          <span className="font-medium [overflow-wrap:anywhere]">{nameOf(route)}</span>
          <span className="block text-muted-foreground text-xs [overflow-wrap:anywhere]">
            {route.key === null ? "at " : "key of "}
            {route.provider}
            {route.kind === "pair" && `, for ${route.model ?? route.upstreamModel}`}
            {route.model && route.upstreamModel !== route.model && ` · ${route.upstreamModel}`}
          </span>
        </div>
      ),
    },
    { id: "state", header: "State", cell: (route) => <State route={route} /> },
    {
      id: "error",
      header: "Last error",
      from: "md",
      cell: ({ lastError }) =>
        lastError && (
          <span className="block max-w-72 text-xs">
            <code className="font-mono text-danger">{lastError.kind}</code> · <Time at={lastError.at} />
            <span className="block truncate text-muted-foreground" title={lastError.message}>
              {lastError.message}
            </span>
          </span>
        ),
    },
    {
      id: "latency",
      header: "First token",
      from: "lg",
      align: "right",
      cell: ({ firstTokenMs }) => (firstTokenMs === null ? "–" : formatDuration(firstTokenMs)),
    },
    { id: "busy", header: "Under way", from: "lg", align: "right", cell: ({ inFlight }) => inFlight },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      align: "right",
      cell: (route) =>
        isTroubled(route) && (
          <Button size="sm" aria-label={`Put ${nameOf(route)} back into service`} onClick={() => onReset(route)}>
            Reset
          </Button>
        ),
    },
  ];
}

function nameOf({ key, model, upstreamModel }: RouteRow): string {
  return key ?? model ?? upstreamModel ?? "–";
}

const wraps = "h-auto whitespace-normal rounded-lg py-0.5";

/** Why a way takes no calls, where it takes none. */
function State({ route: { state, out, until, failures } }: { route: RouteRow }) {
  if (out !== null)
    return (
      <Badge tone="danger" className={wraps}>
        out: {out}
      </Badge>
    );
  if (state === "open")
    return (
      <Badge tone="danger" className={wraps}>
        <span>
          open{until && "ed, tried again "}
          {until && <Time at={until} />}
        </span>
      </Badge>
    );
  if (state === "half-open") return <Badge tone="warning">being tried</Badge>;
  if (until)
    return (
      <Badge tone="warning" className={wraps}>
        <span>
          limited, tried again <Time at={until} />
        </span>
      </Badge>
    );
  return failures > 0 ? <Badge tone="warning">{failures} failed</Badge> : <Badge tone="success">in service</Badge>;
}
