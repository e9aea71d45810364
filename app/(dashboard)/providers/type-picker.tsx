import { Search } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { DemoBadge } from "@/components/managed-badge";
import { trpc } from "@/components/trpc";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/skeleton";
import type { ProviderType } from "./provider-fields";

type TypePickerProps = { onPick: (type: ProviderType) => void; onClose: () => void };

/** The first step of a new provider: who the vendor is. */
export function TypePicker({ onPick, onClose }: TypePickerProps) {
  const query = trpc.providerTypes.list.useQuery();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = query.data?.filter((type) => `${type.label} ${type.id} ${type.about}`.toLowerCase().includes(wanted));
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title="Add a provider" description="Who serves the models?">
        <DialogBody className="space-y-3">
          {(query.data?.length ?? 0) > 6 && (
            <div className="relative">
              <Search aria-hidden className="absolute top-2.5 left-2.5 size-3.5 text-muted-foreground" />
              <Input
                aria-label="Search provider types"
                placeholder="Search…"
                className="pl-8"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            </div>
          )}
          {query.error && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
          {query.isPending && <Skeleton className="h-40" />}
          <ul className="grid gap-2">
            {shown?.map((type) => (
              <li key={type.id}>
                <button
                  type="button"
                  onClick={() => onPick(type)}
                  className="w-full rounded-lg border px-3 py-2.5 text-left transition-colors hover:border-accent/50 hover:bg-muted/60"
                >
                  <span className="flex items-center gap-2 font-medium text-sm">
                    {type.label} {type.demo && <DemoBadge />}
                  </span>
                  <span className="block text-muted-foreground text-xs">{type.about}</span>
                </button>
              </li>
            ))}
          </ul>
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
