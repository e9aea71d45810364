"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { PageHeader } from "@/components/page-header";
import { type Column, ResourceTable } from "@/components/resource-table";
import { Time } from "@/components/time";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";

type Entry = Outputs["audit"]["list"]["items"][number];

/** Every change by the dashboard and the admin API, newest first. */
export function Audit() {
  const { client } = trpc.useUtils();
  const query = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam: cursor, signal }) =>
      client.audit.list.query({ limit: 50, ...(cursor && { cursor }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
  });
  return (
    <>
      <PageHeader
        title="Audit log"
        description="Every change, by the dashboard and by programs with the backend key."
      />
      <Card>
        <ResourceTable
          label="Audit log"
          columns={entryColumns}
          rows={query.data?.pages.flatMap((page) => page.items)}
          query={query}
          empty={
            <EmptyState icon={History} title="Nothing was changed yet">
              What you add, change and delete is kept here, without secrets.
            </EmptyState>
          }
        />
        {query.hasNextPage && (
          <div className="flex justify-center border-t p-3">
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Load more
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

const entryColumns: Column<Entry>[] = [
  { id: "at", header: "When", cell: ({ at }) => <Time at={at} className="whitespace-nowrap" /> },
  {
    id: "what",
    header: "What",
    cell: ({ action, noun, name }) => (
      <span className="[overflow-wrap:anywhere]">
        {`${action} ${noun.replaceAll("-", " ")}`}
        {name && <span className="font-medium"> {name}</span>}
      </span>
    ),
  },
  { id: "detail", header: "Detail", from: "md", cell: ({ detail }) => <Detail detail={detail} /> },
  {
    id: "actor",
    header: "By",
    cell: ({ actor, ip }) => (
      <span className="whitespace-nowrap" title={ip ?? undefined}>
        {actor}
      </span>
    ),
  },
];

function Detail({ detail }: { detail: Entry["detail"] }) {
  if (detail === null) return <span className="text-muted-foreground">–</span>;
  const text = JSON.stringify(detail, null, 2);
  return (
    <details className="max-w-md text-xs">
      <summary className="truncate font-mono text-muted-foreground">{JSON.stringify(detail)}</summary>
      <pre className="mt-1 overflow-x-auto whitespace-pre-wrap break-words rounded-md bg-muted p-2 font-mono">
        {text}
      </pre>
    </details>
  );
}
