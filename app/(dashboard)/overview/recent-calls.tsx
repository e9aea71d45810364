import { ScrollText } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { EmptyState } from "@/components/empty-state";
import { ResourceTable } from "@/components/resource-table";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { type CallRow, callColumns } from "../calls/call-columns";

/** The last calls; a row leads to its details. */
export function RecentCalls() {
  const router = useRouter();
  const open = (call: CallRow) => router.push(`/calls?call=${call.id}&at=${call.startedAt.toISOString()}`);
  const query = trpc.calls.list.useQuery({ limit: 8 }, { refetchInterval: 10_000 });
  return (
    <Card>
      <CardHeader title="Recent calls">
        <Button asChild variant="ghost" size="sm">
          <Link href="/calls">All calls</Link>
        </Button>
      </CardHeader>
      <ResourceTable
        label="Recent calls"
        columns={callColumns(open).filter((column) => column.id !== "requestId")}
        rows={query.data?.items}
        query={query}
        onOpen={open}
        empty={
          <EmptyState
            icon={ScrollText}
            title="No calls yet"
            action={
              <Button asChild>
                <Link href="/playground">Open the playground</Link>
              </Button>
            }
          >
            The first one shows up here a second after it ends.
          </EmptyState>
        }
      />
    </Card>
  );
}
