import { formatCount, formatDuration } from "@/components/format";
import { DemoBadge } from "@/components/managed-badge";
import { Money } from "@/components/money";
import type { Column } from "@/components/resource-table";
import { Time } from "@/components/time";
import type { Outputs } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";

/** A ledger row as the list gives it. */
export type CallRow = Outputs["calls"]["list"]["items"][number];

/** The columns of calls, on the overview and on the page of calls; `open` shows one call's details. */
export function callColumns(open: (call: CallRow) => void): Column<CallRow>[] {
  return [
    {
      id: "when",
      header: "When",
      cell: (call) => (
        <>
          <button type="button" className="whitespace-nowrap hover:underline" onClick={() => open(call)}>
            <Time at={call.startedAt} />
          </button>
          <span className="block max-w-36 truncate text-muted-foreground text-xs sm:hidden">
            {call.model ?? "–"} {call.demo && <DemoBadge />}
          </span>
        </>
      ),
    },
    { id: "status", header: "Status", cell: (call) => <CallStatus call={call} /> },
    {
      id: "model",
      header: "Model",
      from: "sm",
      cell: (call) => (
        <div className="max-w-56 truncate" title={call.upstreamModel ?? undefined}>
          {call.model ?? "–"}
          {call.providerName && (
            <span className="text-muted-foreground text-xs max-md:hidden"> · {call.providerName}</span>
          )}
          {call.demo && (
            <>
              {" "}
              <DemoBadge />
            </>
          )}
        </div>
      ),
    },
    {
      id: "key",
      header: "Key",
      from: "md",
      cell: (call) => (
        <span className="block max-w-40 truncate">
          {call.keyName ?? <span className="text-muted-foreground">unknown</span>}
        </span>
      ),
    },
    { id: "tokens", header: "Tokens in / out", from: "lg", align: "right", cell: (call) => <TokenPair call={call} /> },
    { id: "cost", header: "Cost", align: "right", cell: (call) => <CallCost call={call} /> },
    {
      id: "firstToken",
      header: "First token",
      from: "lg",
      align: "right",
      cell: (call) => (call.firstTokenMs === null ? <Nothing /> : formatDuration(call.firstTokenMs)),
    },
    { id: "duration", header: "Duration", align: "right", from: "md", cell: (call) => formatDuration(call.durationMs) },
    {
      id: "requestId",
      header: "Request",
      from: "xl",
      cell: (call) => (
        <code className="block max-w-28 truncate font-mono text-muted-foreground text-xs" title={call.requestId}>
          {call.requestId}
        </code>
      ),
    },
  ];
}

/** Whether a call succeeded, with its HTTP status or kind of error. */
export function CallStatus({ call }: { call: Pick<CallRow, "status" | "errorKind"> }) {
  if (call.errorKind === null) return <Badge tone="success">{call.status}</Badge>;
  const tone = call.errorKind === "cancelled" ? "neutral" : "danger";
  return (
    <Badge tone={tone} title={call.errorKind}>
      {call.errorKind === "cancelled" ? "cancelled" : call.status}
    </Badge>
  );
}

type CallCostProps = {
  call: Pick<CallRow, "costUsd" | "inputTokens" | "outputTokens" | "errorKind">;
  className?: string;
};

/** What a call cost; nothing is claimed for one that never reached a provider. */
export function CallCost({ call, className }: CallCostProps) {
  if (call.costUsd === null && call.errorKind !== null && call.inputTokens + call.outputTokens === 0)
    return <Nothing />;
  return <Money usd={call.costUsd} {...(className && { className })} />;
}

function TokenPair({ call }: { call: CallRow }) {
  return (
    <span className="whitespace-nowrap" title={call.estimated ? "Estimated: the provider gave no counts." : undefined}>
      {call.estimated && "≈ "}
      {formatCount(call.inputTokens)} <span className="text-muted-foreground">/</span> {formatCount(call.outputTokens)}
    </span>
  );
}

function Nothing() {
  return <span className="text-muted-foreground">–</span>;
}
