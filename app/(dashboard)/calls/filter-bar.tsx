import { Search, X } from "lucide-react";
import { useEffect, useState } from "react";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type CallFilters, isFiltered, noFilters } from "./call-filters";

type FilterBarProps = {
  filters: CallFilters;
  onChange: (patch: Partial<Record<keyof CallFilters, string | undefined>>) => void;
};

/** The line of filters above the list of calls. */
export function FilterBar({ filters, onChange }: FilterBarProps) {
  const facets = trpc.calls.facets.useQuery(undefined, { staleTime: 30_000 });
  const named = (names: readonly string[] | undefined) => names?.map((name) => ({ value: name, label: name }));
  const keys = facets.data?.keys.map((key) => ({ value: key.id, label: key.name }));
  return (
    <search className="grid grid-cols-2 gap-2 border-b p-3 md:flex md:flex-wrap">
      <SearchField value={filters.search ?? ""} onSearch={(search) => onChange({ search })} />
      <Choice
        label="Model"
        all="All models"
        value={filters.model}
        options={named(facets.data?.models)}
        onChange={(model) => onChange({ model })}
      />
      <Choice label="Key" all="All keys" value={filters.key} options={keys} onChange={(key) => onChange({ key })} />
      <Choice
        label="Provider"
        all="All providers"
        value={filters.provider}
        options={named(facets.data?.providers)}
        onChange={(provider) => onChange({ provider })}
      />
      <Choice
        label="Outcome"
        all="Any outcome"
        value={filters.outcome}
        options={outcomes}
        onChange={(outcome) => onChange({ outcome })}
      />
      <Choice
        label="Kind of error"
        all="Any error"
        value={filters.error}
        options={named(facets.data?.errorKinds)}
        onChange={(error) => onChange({ error })}
      />
      {isFiltered(filters) && (
        <Button variant="ghost" onClick={() => onChange(noFilters)}>
          <X /> Clear
        </Button>
      )}
    </search>
  );
}

const outcomes = [
  { value: "ok", label: "Succeeded" },
  { value: "recovered", label: "Succeeded after a failure" },
  { value: "error", label: "Failed" },
];

type Option = { value: string; label: string };
type ChoiceProps = {
  label: string;
  all: string;
  value: string | undefined;
  options: readonly Option[] | undefined;
  onChange: (value: string | undefined) => void;
};

/** No name, model or id is this: they are never empty, and the select needs a value that is not. */
const any = " ";

function Choice({ label, all, value, options = [], onChange }: ChoiceProps) {
  // What the address names stays visible even when it has no calls lately.
  const known = value === undefined || options.some((option) => option.value === value);
  const choices = [{ value: any, label: all }, ...options, ...(known ? [] : [{ value, label: value }])];
  return (
    <Select
      aria-label={label}
      value={value ?? any}
      options={choices}
      onValueChange={(next) => onChange(next === any ? undefined : next)}
      className="md:w-[8.5rem]"
    />
  );
}

type SearchFieldProps = { value: string; onSearch: (search: string) => void };

/** Follows the address, except while someone types in it. */
function SearchField({ value, onSearch }: SearchFieldProps) {
  const [draft, setDraft] = useState<string>();
  useEffect(() => {
    if (draft === undefined || draft.trim() === value) return;
    const timer = setTimeout(() => onSearch(draft.trim()), 350);
    return () => clearTimeout(timer);
  }, [draft, value, onSearch]);
  return (
    <div className="relative col-span-2 min-w-0 flex-1 md:min-w-52">
      <Search aria-hidden className="absolute top-2.5 left-2.5 size-3.5 text-muted-foreground" />
      <Input
        type="search"
        aria-label="Search calls"
        placeholder="Request id, model, key or error…"
        className="pl-8"
        value={draft ?? value}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => {
          if (draft !== undefined) onSearch(draft.trim());
          setDraft(undefined);
        }}
      />
    </div>
  );
}
