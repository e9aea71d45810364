import { formatDuration, formatUsd } from "@/components/format";
import { Badge } from "@/components/ui/badge";
import type { CallDetail } from "./call-sheet";

type Attempt = CallDetail["trace"][number];

/** Every attempt to have a call answered: where it went, what came of it, and what that cost. */
export function CallAttempts({ call }: { call: CallDetail }) {
  const { trace } = call;
  if (trace.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1.5 font-medium text-muted-foreground text-xs">Attempts</h3>
      <ol className="divide-y rounded-lg border bg-surface text-sm">
        {trace.map((attempt, index) => (
          <AttemptLine
            key={`${attempt.atMs} ${attempt.providerName} ${attempt.upstreamModel} ${attempt.providerKeyName}`}
            attempt={attempt}
            number={index + 1}
          />
        ))}
      </ol>
      <p className="mt-1.5 text-muted-foreground text-xs">{storyOf(call)}</p>
    </section>
  );
}

function AttemptLine({ attempt, number }: { attempt: Attempt; number: number }) {
  const { providerName, upstreamModel, providerKeyName, atMs, waitedMs, tookMs, errorMessage, costUsd } = attempt;
  const times = [
    `${formatDuration(atMs)} after the start`,
    waitedMs > 0 && `waited ${formatDuration(waitedMs)}`,
    tookMs !== null && `took ${formatDuration(tookMs)}`,
    costUsd !== null && `cost ${formatUsd(costUsd)}`,
  ];
  return (
    <li className="px-3 py-2">
      <div className="flex items-start justify-between gap-3">
        <p className="min-w-0 break-words">
          <span className="text-muted-foreground tabular-nums">{number}.</span> {providerName}
          <span className="text-muted-foreground"> · {upstreamModel}</span>
          {providerKeyName && <span className="text-muted-foreground text-xs"> · key {providerKeyName}</span>}
        </p>
        <Outcome attempt={attempt} />
      </div>
      <p className="mt-0.5 text-muted-foreground text-xs tabular-nums">{times.filter(Boolean).join(" · ")}</p>
      {errorMessage && <p className="mt-0.5 break-words text-xs">{errorMessage}</p>}
    </li>
  );
}

function Outcome({ attempt: { status, errorKind } }: { attempt: Attempt }) {
  if (errorKind === null) return <Badge tone="success">{status ?? "answered"}</Badge>;
  return (
    <Badge tone={errorKind === "cancelled" ? "neutral" : "danger"}>
      {status === null ? errorKind : `${status} ${errorKind}`}
    </Badge>
  );
}

/** What the attempts come to, in a sentence. */
function storyOf({ trace, errorKind, stream }: CallDetail): string {
  const failed = trace.filter((attempt) => attempt.errorKind !== null).length;
  const times = failed === 1 ? "One attempt" : `${failed} attempts`;
  if (errorKind !== null) return `${times} failed, and the caller got the error.`;
  if (failed === 0) return "Answered at once.";
  const broke = stream && trace.some((attempt) => attempt.errorKind !== null && attempt.costUsd !== null);
  if (broke) return `${times} failed; what a provider had written by then was continued by the next.`;
  return `${times} failed; the caller did not notice.`;
}
