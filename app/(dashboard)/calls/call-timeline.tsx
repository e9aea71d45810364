import { formatDuration } from "@/components/format";

type CallTimelineProps = { firstTokenMs: number | null; durationMs: number };

/** How a call's time was spent: waiting for the first token, then receiving. */
export function CallTimeline({ firstTokenMs, durationMs }: CallTimelineProps) {
  if (firstTokenMs === null || durationMs === 0) return null;
  const waited = Math.min(100, (firstTokenMs / durationMs) * 100);
  return (
    <div>
      <div aria-hidden className="flex h-2 gap-0.5 overflow-hidden rounded-full">
        <div className="min-w-1 bg-input" style={{ width: `${waited}%` }} />
        <div className="min-w-1 flex-1 bg-accent" />
      </div>
      <div className="mt-1.5 flex justify-between text-muted-foreground text-xs tabular-nums">
        <span>{formatDuration(firstTokenMs)} to the first token</span>
        <span>{formatDuration(Math.max(0, durationMs - firstTokenMs))} receiving</span>
      </div>
    </div>
  );
}
