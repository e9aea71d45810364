const whole = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/**
 * A decimal dollar string as people write it: cents from a dollar up, and below that as many places as it takes to show
 * two digits that matter, so that the price of one small call is not "$0.00".
 */
export function formatUsd(decimal: string | number): string {
  const amount = Number(decimal);
  if (!Number.isFinite(amount)) return "–";
  const sign = amount < 0 ? "-" : "";
  const size = Math.abs(amount);
  if (size === 0 || size >= 1) return `${sign}$${fixed(size, 2)}`;
  const leadingZeros = Math.max(0, -Math.floor(Math.log10(size)) - 1);
  return `${sign}$${trimZeros(size.toFixed(Math.min(9, leadingZeros + 3)), 2)}`;
}

/** A price of a million tokens: at least cents, at most six places. */
export function formatRate(decimal: string | number): string {
  const amount = Number(decimal);
  if (!Number.isFinite(amount)) return "–";
  return `$${trimZeros(amount.toFixed(6), 2)}`;
}

/** A count with thousands separated: 12,345. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** A count with its noun: 1 call, 2 calls, 12.3K calls. */
export function formatOf(count: number, noun: string): string {
  return `${formatCompact(count)} ${count === 1 ? noun : `${noun}s`}`;
}

/** A count in at most four digits: 12.3K, 4.5M. */
export function formatCompact(count: number): string {
  return Math.abs(count) < 10_000 ? whole.format(count) : compact.format(count);
}

/** Milliseconds in the unit that reads best: 840 ms, 2.41 s, 3 min 05 s. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
}

/** A share between 0 and 1 as a percentage with one place where it is small. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0%";
  if (percent < 0.1) return "<0.1%";
  return `${percent < 10 ? trimZeros(percent.toFixed(1), 0) : Math.round(percent)}%`;
}

/** How long ago (or how soon) a moment is; from 30 days on, its date. */
export function formatRelative(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const text = size < 2_592_000 ? span(size) : undefined;
  if (text === undefined) return formatDate(at);
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/** A day: Mar 4, 2026. */
export function formatDate(at: Date): string {
  return at.toLocaleDateString("en-US", { year: "numeric", month: "short", day: "numeric" });
}

/** A moment with seconds and zone, for titles and details. */
export function formatMoment(at: Date): string {
  return at.toLocaleString("en-US", { dateStyle: "medium", timeStyle: "long", hour12: false });
}

/** Produced tokens per second after the first one; undefined when there is too little to divide. */
export function tokensPerSecond(
  outputTokens: number,
  durationMs: number,
  firstTokenMs: number | null,
): number | undefined {
  const generatingMs = durationMs - (firstTokenMs ?? 0);
  return outputTokens > 1 && generatingMs > 0 ? outputTokens / (generatingMs / 1000) : undefined;
}

/** A speed as 84 tok/s. */
export function formatSpeed(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : whole.format(Math.round(perSecond))} tok/s`;
}

function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function fixed(amount: number, places: number): string {
  return amount.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** Drops zeros at the end of a decimal, but keeps `least` places. */
function trimZeros(text: string, least: number): string {
  const [integer = "0", fraction = ""] = text.split(".");
  const kept = fraction.replace(/0+$/, "").padEnd(least, "0");
  return kept === "" ? integer : `${integer}.${kept}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
