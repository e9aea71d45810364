import { cn } from "./ui/cn";

/** The ranges that a page can look back over; ids are the API's. */
export const ranges = [
  { id: "1h", label: "1h", title: "Last hour", ms: 3_600_000 },
  { id: "24h", label: "24h", title: "Last 24 hours", ms: 86_400_000 },
  { id: "7d", label: "7d", title: "Last 7 days", ms: 604_800_000 },
  { id: "30d", label: "30d", title: "Last 30 days", ms: 2_592_000_000 },
] as const;
export type RangeId = (typeof ranges)[number]["id"];

/** The range that an address names, or the fallback when it names none. */
export function rangeFrom(value: string | null, fallback: RangeId): RangeId {
  return ranges.find((range) => range.id === value)?.id ?? fallback;
}

/** A line of ranges of which one is chosen. */
export function TimeRange({ value, onChange }: { value: RangeId; onChange: (range: RangeId) => void }) {
  return (
    <fieldset aria-label="Time range" className="inline-flex items-center gap-0.5 rounded-lg bg-muted p-0.5">
      {ranges.map((range) => (
        <button
          key={range.id}
          type="button"
          aria-pressed={range.id === value}
          aria-label={range.title}
          onClick={() => onChange(range.id)}
          className={cn(
            "h-7 rounded-md px-2.5 font-medium text-muted-foreground text-xs transition-colors hover:text-foreground",
            range.id === value && "bg-chosen text-foreground shadow-xs",
          )}
        >
          {range.label}
        </button>
      ))}
    </fieldset>
  );
}
