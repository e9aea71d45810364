"use client";

import { keepPreviousData } from "@tanstack/react-query";
import { ErrorState } from "@/components/error-state";
import { PageHeader } from "@/components/page-header";
import { type RangeId, rangeFrom, TimeRange } from "@/components/time-range";
import { trpc } from "@/components/trpc";
import { Card } from "@/components/ui/card";
import { useUrlState } from "@/components/url-state";
import { Charts } from "./charts";
import { Checklist } from "./checklist";
import { RecentCalls } from "./recent-calls";
import { SummaryCards } from "./summary-cards";
import { TopList } from "./top-list";

/** The overview: checklist, numbers, charts, top models and keys, and the last calls. */
export function Overview() {
  const [params, change] = useUrlState();
  const range = rangeFrom(params.get("range"), "24h");
  return (
    <>
      <PageHeader title="Overview">
        <TimeRange value={range} onChange={(next) => change({ range: next })} />
      </PageHeader>
      <div className="space-y-4">
        <Checklist />
        <Summary range={range} />
        <RecentCalls />
      </div>
    </>
  );
}

function Summary({ range }: { range: RangeId }) {
  const query = trpc.overview.summary.useQuery(
    { range },
    { placeholderData: keepPreviousData, refetchInterval: 30_000 },
  );
  if (query.error && !query.data)
    return (
      <Card>
        <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />
      </Card>
    );
  const data = query.data;
  return (
    <>
      <SummaryCards summary={data} />
      <Charts series={data?.series} range={range} />
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
        <TopList
          title="Top models"
          rows={data?.topModels.map((row) => ({
            ...row,
            id: row.model,
            name: row.model,
            href: `/calls?model=${encodeURIComponent(row.model)}&range=${range}`,
          }))}
        />
        <TopList
          title="Top keys"
          rows={data?.topKeys.map((row) => ({
            ...row,
            id: row.keyId,
            href: `/calls?key=${encodeURIComponent(row.keyId)}&range=${range}`,
          }))}
        />
      </div>
    </>
  );
}
