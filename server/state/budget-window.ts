/** When a budget's money begins to count anew. */
export type Period = {
  readonly period: string;
  /** Length of a rolling window, for the period `hours`. */
  readonly hours: number | null;
  /** IANA name; calendar periods begin at its midnight. */
  readonly timeZone: string;
  /** Set by hand: what was spent before no longer counts. */
  readonly resetAtMs: number | null;
};

/** A window in milliseconds since 1970: its purse begins at `startsMs`, sums count from `sinceMs`, and it is over at `endsMs` (null = never). */
export type Window = { readonly startsMs: number; readonly sinceMs: number; readonly endsMs: number | null };

const HOUR_MS = 3_600_000;

/** The window that is current at a moment. A rolling one is the sum of its hours, so it moves on at each full hour. */
export function windowAt({ period, hours, timeZone, resetAtMs }: Period, nowMs: number): Window {
  const after = (startsMs: number, endsMs: number | null): Window => {
    // A reset begins a purse of its own within the period.
    const from = resetAtMs !== null && resetAtMs > startsMs && resetAtMs <= nowMs ? resetAtMs : startsMs;
    return { startsMs: from, sinceMs: from, endsMs };
  };
  if (period === "hours") {
    const hour = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const since = hour - ((hours ?? 1) - 1) * HOUR_MS;
    const reset = resetAtMs !== null && resetAtMs <= nowMs ? resetAtMs : 0;
    return { startsMs: Math.max(hour, reset), sinceMs: Math.max(since, reset), endsMs: hour + HOUR_MS };
  }
  if (period === "total") return after(0, null);
  const { year, month, day, weekday } = calendarDay(nowMs, timeZone);
  switch (period) {
    case "day":
      return after(midnight(year, month, day, timeZone), midnight(year, month, day + 1, timeZone));
    case "week": {
      // Weeks begin on Monday, as ISO 8601 has it.
      const monday = day - ((weekday + 6) % 7);
      return after(midnight(year, month, monday, timeZone), midnight(year, month, monday + 7, timeZone));
    }
    case "month":
      return after(midnight(year, month, 1, timeZone), midnight(year, month + 1, 1, timeZone));
    case "year":
      return after(midnight(year, 0, 1, timeZone), midnight(year + 1, 0, 1, timeZone));
    default:
      throw new RangeError(`"${period}" is not a budget's period.`);
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** The wall clock of a zone, as if it were UTC. */
function wallClock(ms: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(ms);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((one) => one.type === type)?.value ?? 0);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

function calendarDay(ms: number, timeZone: string) {
  const wall = new Date(wallClock(ms, timeZone));
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth(), day: wall.getUTCDate(), weekday: wall.getUTCDay() };
}

/** When a day begins in a zone. Where clocks jump over midnight, the first moment after it. */
function midnight(year: number, month: number, day: number, timeZone: string): number {
  const wanted = Date.UTC(year, month, day);
  let guess = wanted;
  // The offset at the guess may differ from that at midnight; twice is enough for every zone there is.
  for (let round = 0; round < 2; round++) guess += wanted - wallClock(guess, timeZone);
  return guess;
}
