import { formatCompact, formatCount, formatDuration, formatOf, formatPercent, formatUsd } from "@/components/format";
import { StatCard } from "@/components/stat-card";
import type { Outputs } from "@/components/trpc";

type Summary = Outputs["overview"]["summary"];

/** The numbers of a range, each beside what makes it understandable. */
export function SummaryCards({ summary }: { summary: Summary | undefined }) {
  return (
    <div className="grid grid-cols-2 gap-3 sm:gap-4 md:grid-cols-3 xl:grid-cols-5">
      <StatCard
        label="Calls"
        value={summary && formatCompact(summary.calls)}
        note={summary && <Change now={summary.calls} before={summary.previous.calls} />}
        {...(summary && { title: formatCount(summary.calls) })}
      />
      <StatCard
        label="Error rate"
        value={summary && formatPercent(summary.calls === 0 ? 0 : summary.errors / summary.calls)}
        note={summary && `${formatCount(summary.errors)} failed`}
      />
      <StatCard
        label="Tokens"
        value={summary && formatCompact(summary.inputTokens + summary.outputTokens)}
        note={summary && `${formatCompact(summary.inputTokens)} in · ${formatCompact(summary.outputTokens)} out`}
        {...(summary && { title: formatCount(summary.inputTokens + summary.outputTokens) })}
      />
      <StatCard
        label="Spend"
        value={summary && formatUsd(summary.costUsd)}
        note={summary && <SpendNote summary={summary} />}
        {...(summary && { title: `${summary.costUsd} USD` })}
      />
      <StatCard
        label="Time to first token"
        value={summary && (summary.avgFirstTokenMs === null ? "–" : formatDuration(summary.avgFirstTokenMs))}
        note={
          summary && summary.avgDurationMs !== null && `average · whole call ${formatDuration(summary.avgDurationMs)}`
        }
      />
    </div>
  );
}

function SpendNote({ summary }: { summary: Summary }) {
  if (summary.unpriced > 0)
    return <span className="text-warning">{`+ ${formatOf(summary.unpriced, "unpriced call")}`}</span>;
  return <Change now={Number(summary.costUsd)} before={Number(summary.previous.costUsd)} />;
}

function Change({ now, before }: { now: number; before: number }) {
  if (before === 0) return now === 0 ? "none before either" : "none before";
  const share = now / before - 1;
  if (Math.abs(share) < 0.005) return "as in the period before";
  return `${share > 0 ? "↑" : "↓"} ${formatPercent(Math.abs(share))} on the period before`;
}
