import Link from "next/link";
import { formatCount, formatDuration, formatSpeed, tokensPerSecond } from "@/components/format";
import { type Outputs, trpc } from "@/components/trpc";
import { CallCost } from "../calls/call-columns";
import type { Turn } from "./use-chat";

type Row = NonNullable<Outputs["calls"]["byRequestId"]>;

/** How often the ledger is asked for a call that it does not have yet; it is written within about a second. */
const tries = 12;

/** What an answer took. It begins with what this browser saw, and gives way to the ledger's row. */
export function AnswerStats({ turn }: { turn: Turn }) {
  const query = trpc.calls.byRequestId.useQuery(
    { requestId: turn.requestId ?? "" },
    {
      enabled: turn.requestId !== undefined,
      staleTime: Number.POSITIVE_INFINITY,
      refetchInterval: ({ state }) => (state.data || state.dataUpdateCount >= tries ? false : 400),
    },
  );
  const row = query.data ?? undefined;
  const facts = [turn.state === "stopped" && "stopped", ...(row ? factsOfRow(row) : factsOfTurn(turn))].filter(
    (fact) => fact !== false && fact !== "",
  );
  return (
    <p
      className="mr-1 flex flex-wrap items-center gap-x-2 text-muted-foreground text-xs tabular-nums"
      data-testid="answer-stats"
    >
      {facts.join(" · ")}
      {row && (
        <>
          <span aria-hidden>·</span>
          <CallCost call={row} className="font-medium text-foreground" />
          <Link
            href={`/calls?call=${row.id}&at=${row.startedAt.toISOString()}`}
            className="text-accent hover:underline"
          >
            Details
          </Link>
        </>
      )}
    </p>
  );
}

function factsOfRow(row: Row): string[] {
  const speed = tokensPerSecond(row.outputTokens, row.durationMs, row.firstTokenMs);
  return [
    `${row.estimated ? "≈ " : ""}${formatCount(row.inputTokens)} in`,
    `${formatCount(row.outputTokens)} out`,
    speed === undefined ? "" : formatSpeed(speed),
    row.firstTokenMs === null ? "" : `first token ${formatDuration(row.firstTokenMs)}`,
    formatDuration(row.durationMs),
  ];
}

function factsOfTurn({ end }: Turn): string[] {
  if (!end) return [];
  const speed = end.usage && tokensPerSecond(end.usage.output, end.durationMs, end.firstTokenMs ?? null);
  return [
    end.usage ? `${formatCount(end.usage.input)} in` : "",
    end.usage ? `${formatCount(end.usage.output)} out` : "",
    speed === undefined ? "" : formatSpeed(speed),
    end.firstTokenMs === undefined ? "" : `first token ${formatDuration(end.firstTokenMs)}`,
    formatDuration(end.durationMs),
  ];
}
