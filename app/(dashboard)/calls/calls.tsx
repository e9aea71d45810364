"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { FieldSwitch } from "@/components/field";
import { PageHeader } from "@/components/page-header";
import { ResourceTable } from "@/components/resource-table";
import { ranges, TimeRange } from "@/components/time-range";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useUrlState } from "@/components/url-state";
import { type CallRow, callColumns } from "./call-columns";
import { type CallFilters, filtersFrom, isFiltered, noFilters } from "./call-filters";
import { CallSheet } from "./call-sheet";
import { FilterBar } from "./filter-bar";

/** The list of calls with its filters in the address, and one call's details beside it. */
export function Calls() {
  const [params, change] = useUrlState();
  const filters = filtersFrom(params);
  const [live, setLive] = useState(false);
  const opened = params.get("call");
  return (
    <>
      <PageHeader title="Calls" description="Every call with its tokens, cost and times.">
        <FieldSwitch label="Live" checked={live} onCheckedChange={setLive} />
        <TimeRange value={filters.range} onChange={(range) => change({ range })} />
      </PageHeader>
      <Card>
        <FilterBar filters={filters} onChange={change} />
        <CallList filters={filters} live={live} />
      </Card>
      {opened && (
        <CallSheet id={opened} at={params.get("at")} onClose={() => change({ call: undefined, at: undefined })} />
      )}
    </>
  );
}

function useCalls(filters: CallFilters, live: boolean) {
  const { client } = trpc.useUtils();
  const { range, key, model, provider, outcome, error, search } = filters;
  const span = ranges.find((candidate) => candidate.id === range)?.ms ?? 0;
  // The beginning stays put while the filters do, or every render would ask for another list.
  const from = useMemo(() => new Date(Date.now() - span), [span]);
  const filter = {
    from,
    limit: 50,
    ...(key && { keyId: key }),
    ...(model && { model }),
    ...(provider && { providerName: provider }),
    ...(outcome && { outcome }),
    ...(error && { errorKind: error }),
    ...(search && { search }),
  };
  // Not tRPC's own infinite query: it adds a field of its own to the input, and the API takes no unknown fields.
  return useInfiniteQuery({
    queryKey: ["calls", filter],
    queryFn: ({ pageParam: cursor, signal }) =>
      client.calls.list.query({ ...filter, ...(cursor && { cursor }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: live ? 2_000 : false,
  });
}

function CallList({ filters, live }: { filters: CallFilters; live: boolean }) {
  const [, change] = useUrlState();
  const query = useCalls(filters, live);
  const rows = query.data?.pages.flatMap((page) => page.items);
  const open = (call: CallRow) => change({ call: call.id, at: call.startedAt.toISOString() });
  return (
    <div className={query.isPlaceholderData ? "opacity-60 transition-opacity" : undefined}>
      <ResourceTable
        label="Calls"
        columns={callColumns(open)}
        rows={rows}
        query={query}
        onOpen={open}
        empty={<NoCalls filtered={isFiltered(filters)} onClear={() => change(noFilters)} />}
      />
      {query.hasNextPage && (
        <div className="flex justify-center border-t p-3">
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </div>
  );
}

function NoCalls({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered)
    return (
      <EmptyState
        icon={ScrollText}
        title="No call matches"
        action={<Button onClick={onClear}>Clear the filters</Button>}
      >
        Try a longer time range or fewer filters.
      </EmptyState>
    );
  return (
    <EmptyState icon={ScrollText} title="No calls in this range">
      A call shows up here a second after it ends.
    </EmptyState>
  );
}
