import { Search } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { ErrorState } from "@/components/error-state";
import { DemoBadge } from "@/components/managed-badge";
import { trpc } from "@/components/trpc";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/skeleton";
import type { ProviderType } from "./provider-fields";

type TypePickerProps = { onPick: (type: ProviderType) => void; onClose: () => void };

const groups = ["Vendors", "At an address of your own account", "Servers of your own", "To try things out"] as const;

function groupOf({ demo, keyOptional, baseUrl }: ProviderType): (typeof groups)[number] {
  if (demo) return "To try things out";
  if (keyOptional) return "Servers of your own";
  return baseUrl === null ? "At an address of your own account" : "Vendors";
}

/** The first step of a new provider: who the vendor is. Typing narrows the list, arrows move in it, Enter takes the first. */
export function TypePicker({ onPick, onClose }: TypePickerProps) {
  const query = trpc.providerTypes.list.useQuery();
  const [search, setSearch] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = query.data?.filter((type) => words.every((word) => textOf(type).includes(word)));
  const inOrder = groups.map((group) => ({ group, types: shown?.filter((type) => groupOf(type) === group) ?? [] }));
  const [first] = inOrder.flatMap(({ types }) => types);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.findIndex((button) => button.matches(":focus"));
    buttons[Math.max(0, Math.min(buttons.length - 1, at + by))]?.focus();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title="Add a provider" description="Who serves the models?">
        <div className="relative border-b px-5 py-3">
          <Search aria-hidden className="absolute top-5.5 left-7.5 size-3.5 text-muted-foreground" />
          <Input
            aria-label="Search provider types"
            placeholder="Search by name or by what it serves…"
            className="pl-8"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => (event.key === "Enter" && first ? onPick(first) : move(event))}
          />
        </div>
        <DialogBody className="space-y-4">
          {query.error && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
          {query.isPending && <Skeleton className="h-40" />}
          <div ref={list} className="space-y-4">
            {inOrder
              .filter(({ types }) => types.length > 0)
              .map(({ group, types }) => (
                <TypeGroup key={group} title={group} types={types} onPick={onPick} onMove={move} />
              ))}
          </div>
          {shown?.length === 0 && (
            <p className="py-6 text-center text-muted-foreground text-sm">
              No type has this name. Many vendors speak OpenAI's API: choose “OpenAI-compatible” for them.
            </p>
          )}
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}

function textOf({ label, id, about }: ProviderType): string {
  return `${label} ${id} ${about}`.toLowerCase();
}

type TypeGroupProps = {
  title: string;
  types: readonly ProviderType[];
  onPick: (type: ProviderType) => void;
  onMove: (event: KeyboardEvent) => void;
};

function TypeGroup({ title, types, onPick, onMove }: TypeGroupProps) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1.5 font-medium text-muted-foreground text-xs">{title}</h3>
      <ul className="divide-y rounded-lg border">
        {types.map((type) => (
          <li key={type.id}>
            <button
              type="button"
              onClick={() => onPick(type)}
              onKeyDown={onMove}
              className="w-full px-3 py-2 text-left transition-colors hover:bg-muted/60 focus-visible:-outline-offset-2"
            >
              <span className="flex items-center gap-2 font-medium text-sm">
                {type.label} {type.demo && <DemoBadge />}
              </span>
              <span className="block text-muted-foreground text-xs [overflow-wrap:anywhere]">{type.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
