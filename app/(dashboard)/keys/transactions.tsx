import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { formatUsd } from "@/components/format";
import { Time } from "@/components/time";
import { type Outputs, trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import type { GroupRow } from "./groups";
import { TransactionForm } from "./transaction-form";

type Transaction = Outputs["groups"]["transactions"]["items"][number];

/** What moved a group's balance beside its calls, newest first, and a form that moves it. */
export function Transactions({ group }: { group: GroupRow }) {
  const [adding, setAdding] = useState(false);
  const { client } = trpc.useUtils();
  const query = useInfiniteQuery({
    queryKey: ["transactions", group.id],
    queryFn: ({ pageParam: cursor, signal }) =>
      client.groups.transactions.query({ id: group.id, limit: 20, ...(cursor && { cursor }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <section className="space-y-2.5">
      <div className="flex items-center justify-between">
        <h3 className="font-medium text-sm">Transactions</h3>
        {!adding && (
          <Button size="sm" onClick={() => setAdding(true)}>
            <Plus /> Credit or debit
          </Button>
        )}
      </div>
      {adding && <TransactionForm group={group} onDone={() => setAdding(false)} />}
      {query.isPending && <Skeleton className="h-20" />}
      {query.error && !items && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
      {items?.length === 0 && !adding && (
        <p className="text-muted-foreground text-sm">None yet. A first credit gives the group a balance of its own.</p>
      )}
      {items && items.length > 0 && (
        <ul className="divide-y rounded-lg border bg-surface">
          {items.map((transaction) => (
            <TransactionLine key={transaction.id} transaction={transaction} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button size="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </section>
  );
}

const tones = { credit: "success", debit: "warning", refund: "accent", adjustment: "neutral" } as const;

function TransactionLine({ transaction }: { transaction: Transaction }) {
  const { kind, amountUsd, balanceAfterUsd, reason, actor, at } = transaction;
  const tone = Object.entries(tones).find(([name]) => name === kind)?.[1] ?? "neutral";
  return (
    <li className="flex items-start justify-between gap-4 px-3 py-2 text-sm">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone={tone}>{kind}</Badge>
          <span className="min-w-0 break-words">{reason}</span>
        </p>
        <p className="mt-0.5 text-muted-foreground text-xs">
          {actor} · <Time at={at} />
        </p>
      </div>
      <p className="shrink-0 text-right tabular-nums">
        {Number(amountUsd) > 0 && "+"}
        {formatUsd(amountUsd)}
        <span className="block text-muted-foreground text-xs">{formatUsd(balanceAfterUsd)} then</span>
      </p>
    </li>
  );
}
