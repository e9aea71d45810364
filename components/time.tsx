import { useSyncExternalStore } from "react";
import { formatMoment, formatRelative } from "./format";

/** How long ago a moment is, kept current; its title is the moment itself. */
export function Time({ at, className }: { at: Date; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at.toISOString()} title={formatMoment(at)} className={className}>
      {formatRelative(at, new Date(now))}
    </time>
  );
}

const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for every time on the page; it stands still when none is shown. */
function useNow(): number {
  return useSyncExternalStore(subscribe, readNow, readNow);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const notify of listeners) notify();
  }, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function readNow(): number {
  // A second of resolution: React compares two readings of one render, and they must be equal.
  if (Date.now() - nowMs > 1_000) nowMs = Date.now();
  return nowMs;
}
