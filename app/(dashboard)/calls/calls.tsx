"use client";

import { keepPreviousData } from "@tanstack/react-query";
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
import { callColumns } from "./call-columns";
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
  const span = ranges.find((range) => range.id === filters.range)?.ms ?? 0;
  // The beginning stays put while the filters do, or every render would ask for another list.
  const from = useMemo(() => new Date(Date.now() - span), [span]);
  return trpc.calls.list.useInfiniteQuery(
    {
      from,
      limit: 50,
      ...(filters.key && { keyId: filters.key }),
      ...(filters.model && { model: filters.model }),
      ...(filters.provider && { providerName: filters.provider }),
      ...(filters.outcome && { outcome: filters.outcome }),
      ...(filters.search && { search: filters.search }),
    },
    {
      getNextPageParam: (page) => page.nextCursor ?? undefined,
      placeholderData: keepPreviousData,
      refetchInterval: live ? 2_000 : false,
    },
  );
}

function CallList({ filters, live }: { filters: CallFilters; live: boolean }) {
  const [, change] = useUrlState();
  const query = useCalls(filters, live);
  const rows = query.data?.pages.flatMap((page) => page.items);
  return (
    <div className={query.isPlaceholderData ? "opacity-60 transition-opacity" : undefined}>
      <ResourceTable
        label="Calls"
        columns={callColumns}
        rows={rows}
        query={query}
        onOpen={(call) => change({ call: call.id, at: call.startedAt.toISOString() })}
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
