import { Undo2 } from "lucide-react";
import { useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { Details } from "@/components/details";
import { ErrorState } from "@/components/error-state";
import { formatDuration, formatMoment, formatSpeed, tokensPerSecond } from "@/components/format";
import { DemoBadge } from "@/components/managed-badge";
import { Time } from "@/components/time";
import { type Outputs, trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { CallAttempts } from "./call-attempts";
import { CallStatus } from "./call-columns";
import { CallCosts } from "./call-costs";
import { CallTimeline } from "./call-timeline";
import { RefundCall } from "./refund-call";

/** A ledger row with everything known of it. */
export type CallDetail = Outputs["calls"]["get"];

type CallSheetProps = { id: string; at: string | null; onClose: () => void };

/** One call's details at the side. When its moment is known, the ledger need not search every day for it. */
export function CallSheet({ id, at, onClose }: CallSheetProps) {
  const query = trpc.calls.get.useQuery({ id, ...(at && { startedAt: at }) });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <SheetContent title={query.data?.model ?? "Call"} description={query.data && <Subtitle call={query.data} />}>
        <DialogBody className="space-y-5">
          {query.isPending && <Skeleton className="h-96" />}
          {query.error && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
          {query.data && <CallFacts call={query.data} />}
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

function Subtitle({ call }: { call: CallDetail }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <CallStatus call={call} />
      <Time at={call.startedAt} />
      <span className="text-xs">{formatMoment(call.startedAt)}</span>
    </span>
  );
}

function CallFacts({ call }: { call: CallDetail }) {
  const speed = tokensPerSecond(call.outputTokens, call.durationMs, call.firstTokenMs);
  return (
    <>
      {call.errorKind && (
        <div role="note" className="rounded-lg border border-danger/25 bg-danger/8 px-3 py-2 text-sm">
          <p className="font-medium font-mono text-danger text-xs">{call.errorKind}</p>
          {call.errorMessage && <p className="mt-0.5 break-words">{call.errorMessage}</p>}
        </div>
      )}
      <CallTimeline firstTokenMs={call.firstTokenMs} durationMs={call.durationMs} />
      <CallAttempts call={call} />
      <CallCosts call={call} />
      <RefundButton call={call} />
      <Details
        title="Times"
        facts={[
          {
            label: "Time to first token",
            value: call.firstTokenMs === null ? undefined : formatDuration(call.firstTokenMs),
          },
          { label: "Duration", value: formatDuration(call.durationMs) },
          { label: "Speed", value: speed === undefined ? undefined : formatSpeed(speed) },
          { label: "Finish reason", value: call.finishReason ?? undefined },
        ]}
      />
      <Details
        title="Route"
        facts={[
          { label: "Model asked for", value: call.model ?? undefined },
          { label: "Provider", value: call.providerName && <ProviderName call={call} /> },
          { label: "Provider's model", value: call.upstreamModel ?? undefined },
          { label: "Provider's key", value: call.providerKeyName ?? undefined },
          { label: "Operation", value: call.operation },
          { label: "Dialect", value: call.dialect },
          { label: "Streamed", value: call.stream ? "yes" : "no" },
          { label: "Dropped fields", value: call.dropped.length > 0 ? <Tags tags={call.dropped} /> : undefined },
        ]}
      />
      <CallerFacts call={call} />
    </>
  );
}

function ProviderName({ call }: { call: CallDetail }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      {call.providerName} {call.demo && <DemoBadge />}
    </span>
  );
}

/** Only for a call that cost something and was not refunded yet. */
function RefundButton({ call }: { call: CallDetail }) {
  const [open, setOpen] = useState(false);
  const refunded = call.adjustments.some((adjustment) => adjustment.kind === "refund");
  if (refunded || !(Number(call.netCostUsd ?? 0) > 0)) return null;
  return (
    <div>
      <Button size="sm" onClick={() => setOpen(true)}>
        <Undo2 /> Refund
      </Button>
      {open && <RefundCall call={call} onClose={() => setOpen(false)} />}
    </div>
  );
}

function CallerFacts({ call }: { call: CallDetail }) {
  return (
    <Details
      title="Caller"
      facts={[
        {
          label: "Request id",
          value: (
            <span className="inline-flex items-center gap-1">
              <code className="break-all font-mono text-xs">{call.requestId}</code>
              <CopyButton text={call.requestId} label="Copy the request id" className="-my-1 size-6" />
            </span>
          ),
        },
        { label: "Key", value: call.keyName ?? "unknown" },
        { label: "Group", value: call.groupName ?? undefined },
        { label: "Address", value: call.clientIp ?? undefined },
        { label: "User agent", value: call.userAgent ?? undefined },
        { label: "Tags", value: call.tags.length > 0 ? <Tags tags={call.tags} /> : undefined },
      ]}
    />
  );
}

function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span className="flex flex-wrap justify-end gap-1">
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}
