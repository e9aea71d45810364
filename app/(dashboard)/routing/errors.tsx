import { CircleCheck, Eraser } from "lucide-react";
import { useMemo } from "react";
import { EmptyState } from "@/components/empty-state";
import { formatCount, formatMoment } from "@/components/format";
import { type Column, ResourceTable } from "@/components/resource-table";
import { Time } from "@/components/time";
import { rangeFrom, ranges, TimeRange } from "@/components/time-range";
import { type Outputs, trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { Select } from "@/components/ui/select";
import { useUrlState } from "@/components/url-state";
import { ServiceSwitches } from "./service-switches";

type ErrorRow = Outputs["routing"]["errors"][number] & {
  id: string;
  /** The provider as it is now; undefined when it is gone. */
  at: Outputs["providers"]["list"][number] | undefined;
};

/** No provider's name is this. */
const any = " ";

/** Attempts that failed at providers, grouped by provider, key, kind and hour. */
export function Errors() {
  const [params, change] = useUrlState();
  const range = rangeFrom(params.get("range"), "24h");
  const provider = params.get("provider") ?? undefined;
  const span = ranges.find((candidate) => candidate.id === range)?.ms ?? 0;
  // The beginning stays put while the range does, or every render would ask anew.
  const from = useMemo(() => new Date(Date.now() - span), [span]);
  const query = trpc.routing.errors.useQuery({ from, ...(provider && { provider }) }, { refetchInterval: 15_000 });
  const providers = trpc.providers.list.useQuery();
  const clear = trpc.routing.clearErrors.useMutation();
  const rows = query.data?.map((row) => ({
    ...row,
    id: `${row.provider} ${row.key} ${row.kind} ${row.hour.getTime()}`,
    at: providers.data?.find(({ name }) => name === row.provider),
  }));
  const names = providers.data?.map(({ name }) => ({ value: name, label: name })) ?? [];
  return (
    <Card>
      <CardHeader title="Errors of providers" description="Also those that another target made up for.">
        <Select
          aria-label="Provider"
          className="w-40"
          value={provider ?? any}
          options={[{ value: any, label: "All providers" }, ...names]}
          onValueChange={(next) => change({ provider: next === any ? undefined : next })}
        />
        <TimeRange value={range} onChange={(next) => change({ range: next })} />
        <Button
          disabled={!rows?.length}
          loading={clear.isPending}
          title="Hides them here; the ledger keeps them."
          onClick={() => clear.mutate({ provider: provider ?? null })}
        >
          <Eraser /> Clear
        </Button>
      </CardHeader>
      <ResourceTable
        label="Errors of providers"
        columns={errorColumns}
        rows={rows}
        query={query}
        empty={
          <EmptyState icon={CircleCheck} title="No errors in this range">
            Every attempt at a provider that failed is counted here.
          </EmptyState>
        }
      />
    </Card>
  );
}

const errorColumns: Column<ErrorRow>[] = [
  {
    id: "hour",
    header: "Hour",
    cell: ({ hour, lastAt }) => (
      <span title={`Last one ${formatMoment(lastAt)}`}>
        <Time at={hour} className="whitespace-nowrap" />
      </span>
    ),
  },
  {
    id: "provider",
    header: "Provider",
    cell: ({ provider, key }) => (
      <>
        <span className="[overflow-wrap:anywhere]">{provider}</span>
        {key && <span className="block text-muted-foreground text-xs">key {key}</span>}
      </>
    ),
  },
  {
    id: "kind",
    header: "Kind",
    cell: ({ kind, lastStatus }) => (
      <span className="flex flex-wrap items-center gap-1.5">
        <code className="font-mono text-xs [overflow-wrap:anywhere]">{kind.replace(/^upstream_/, "")}</code>
        {lastStatus !== null && <Badge tone="danger">{lastStatus}</Badge>}
      </span>
    ),
  },
  {
    id: "message",
    header: "Last message",
    from: "md",
    cell: ({ lastMessage, upstreamModels }) => (
      <span className="block max-w-md text-xs">
        <span className="block truncate" title={lastMessage ?? undefined}>
          {lastMessage}
        </span>
        <span className="block truncate text-muted-foreground">{upstreamModels.join(", ")}</span>
      </span>
    ),
  },
  {
    id: "service",
    header: "In service",
    from: "sm",
    cell: ({ at, key }) => <ServiceSwitches provider={at} keyName={key} />,
  },
  { id: "count", header: "Count", align: "right", cell: ({ count }) => formatCount(count) },
];
