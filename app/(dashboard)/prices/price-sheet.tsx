import { Plus } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { formatMoment } from "@/components/format";
import { trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { OwnPriceForm } from "./own-price-form";
import { Source } from "./price-columns";
import { lineWords, type PriceRow } from "./rates";

/** The price of one deployment through time, and a form for a version of one's own. */
export function PriceSheet({ deploymentId, onClose }: { deploymentId: string; onClose: () => void }) {
  const query = trpc.prices.list.useQuery({ deploymentId });
  const [adding, setAdding] = useState(false);
  const [latest] = query.data ?? [];
  const start = query.data?.find((price) => price.inForce) ?? latest;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <SheetContent
        title={latest?.modelName ?? "Price"}
        description={latest ? `${latest.upstreamModel} at ${latest.providerName}` : "No price is known yet."}
      >
        <DialogBody className="space-y-4">
          {!adding && !query.isPending && (
            <Button size="sm" onClick={() => setAdding(true)}>
              <Plus /> Set an own price
            </Button>
          )}
          {adding && <OwnPriceForm deploymentId={deploymentId} start={start} onDone={() => setAdding(false)} />}
          {query.isPending && <Skeleton className="h-40" />}
          {query.error && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
          {query.data?.map((price) => (
            <Version key={price.id} price={price} />
          ))}
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

function Version({ price }: { price: PriceRow }) {
  const ahead = price.effectiveFrom.getTime() > Date.now();
  return (
    <article
      aria-label={`Version ${price.version}`}
      className={cn("rounded-lg border bg-surface", price.inForce && "border-accent/50")}
    >
      <header className="flex flex-wrap items-center gap-2 border-b px-3 py-2 text-sm">
        <span className="font-medium">Version {price.version}</span>
        <Source price={price} />
        {price.inForce && <Badge tone="success">in force</Badge>}
        {ahead && <Badge tone="warning">to come</Badge>}
        <span className="ml-auto text-muted-foreground text-xs">from {formatMoment(price.effectiveFrom)}</span>
      </header>
      <dl className="px-3 py-1.5 text-sm tabular-nums">
        {price.rates.map((line) => {
          const { what, amount } = lineWords(line);
          return (
            <div key={what} className="flex justify-between gap-4 py-0.5">
              <dt className="text-muted-foreground">{what}</dt>
              <dd>{amount}</dd>
            </div>
          );
        })}
        {price.rates.length === 0 && <p className="text-warning">Its rates cannot be read: calls count as unpriced.</p>}
      </dl>
    </article>
  );
}
