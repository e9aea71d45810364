import { Search } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { Checkbox } from "./ui/toggle";

/** One choice of a multi-select; a disabled one is shown ticked or not, but cannot be changed. */
export type MultiOption = { value: string; label: ReactNode; note?: ReactNode; disabled?: boolean };

type MultiSelectProps = {
  label: string;
  options: readonly MultiOption[];
  selected: ReadonlySet<string>;
  onChange: (selected: Set<string>) => void;
  placeholder?: string;
};

/** A searchable list of boxes to tick; "all" ticks what the search shows. */
export function MultiSelect({ label, options, selected, onChange, placeholder = "Search…" }: MultiSelectProps) {
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = options.filter((option) => words.every((word) => option.value.toLowerCase().includes(word)));
  const free = shown.filter((option) => !option.disabled);
  const ticked = free.filter((option) => selected.has(option.value)).length;
  const toggle = (values: readonly MultiOption[], on: boolean) => {
    const next = new Set(selected);
    for (const { value } of values) on ? next.add(value) : next.delete(value);
    onChange(next);
  };
  return (
    <fieldset aria-label={label} className="min-w-0 overflow-hidden rounded-lg border bg-surface">
      <div className="flex items-center gap-2.5 border-b px-3">
        <Checkbox
          aria-label={search ? "Select all that are found" : "Select all"}
          disabled={free.length === 0}
          checked={ticked > 0 && (ticked === free.length || "indeterminate")}
          onCheckedChange={() => toggle(free, ticked < free.length)}
        />
        <Search aria-hidden className="ml-1 size-3.5 text-muted-foreground" />
        <input
          type="search"
          aria-label={`Search ${label.toLowerCase()}`}
          placeholder={placeholder}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          // Enter would send the form around it.
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
          className="h-9 min-w-0 flex-1 bg-transparent text-base outline-none placeholder:text-muted-foreground/70 sm:text-sm"
        />
        <span className="text-muted-foreground text-xs tabular-nums">{selected.size} selected</span>
      </div>
      <div className="max-h-60 overflow-y-auto py-1">
        {shown.map((option) => (
          <Row
            key={option.value}
            option={option}
            checked={selected.has(option.value)}
            onToggle={(on) => toggle([option], on)}
          />
        ))}
        {shown.length === 0 && <p className="px-3 py-6 text-center text-muted-foreground text-sm">Nothing matches.</p>}
      </div>
    </fieldset>
  );
}

function Row({
  option,
  checked,
  onToggle,
}: {
  option: MultiOption;
  checked: boolean;
  onToggle: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className="flex min-h-8.5 cursor-pointer items-center gap-2.5 px-3 py-1 text-sm hover:bg-muted has-disabled:cursor-default has-disabled:opacity-60"
    >
      <Checkbox id={id} checked={checked} disabled={option.disabled} onCheckedChange={(on) => onToggle(on === true)} />
      <span className="min-w-0 flex-1 truncate">{option.label}</span>
      {option.note && <span className="shrink-0 text-muted-foreground text-xs tabular-nums">{option.note}</span>}
    </label>
  );
}
