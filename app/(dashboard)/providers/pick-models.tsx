import { useState } from "react";
import { toast } from "sonner";
import { AddByName } from "@/components/add-by-name";
import { ErrorState } from "@/components/error-state";
import { refusalOf } from "@/components/form";
import { formatOf, formatRate } from "@/components/format";
import { type MultiOption, MultiSelect } from "@/components/multi-select";
import { alone, type Outputs, ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import type { ProviderRow } from "./providers";

type UpstreamModel = Outputs["providers"]["listModels"][number];

/** Chooses which of a provider's models callers may use; each gets a price when one is known. */
export function PickModels({ provider, onClose }: { provider: ProviderRow; onClose: () => void }) {
  const query = trpc.providers.listModels.useQuery({ id: provider.id }, { trpc: alone, staleTime: 60_000 });
  const add = trpc.models.addFromProvider.useMutation({ meta: ownError });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [extra, setExtra] = useState<readonly string[]>([]);
  const save = () =>
    add.mutate(
      { providerId: provider.id, models: [...chosen].map((id) => ({ upstreamModel: id, name: id })) },
      {
        onSuccess: ({ created }) => {
          toast.success(`${formatOf(created, "model")} added`);
          onClose();
        },
      },
    );
  const problem = add.error && Object.values(refusalOf(add.error))[0];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={`Pick models of ${provider.name}`} description="Callers use them by these names.">
        <DialogBody>
          {query.isPending && <Skeleton className="h-72" />}
          {query.error && (
            <ErrorState
              title="The provider's models could not be listed"
              message={query.error.message}
              onRetry={() => void query.refetch()}
            />
          )}
          {(query.data || extra.length > 0) && (
            <MultiSelect
              label="Models"
              placeholder="Search models…"
              options={[
                ...extra.map((id) => ({ value: id, label: id, note: "added by id" })),
                ...(query.data ?? []).map(optionOf),
              ]}
              selected={chosen}
              onChange={setChosen}
            />
          )}
          <AddByName
            label="Id of a model that is not listed"
            placeholder="Not listed? Type its id…"
            action="Select it"
            onAdd={(id) => {
              if (!extra.includes(id) && !query.data?.some((model) => model.id === id)) setExtra([id, ...extra]);
              setChosen(new Set([...chosen, id]));
            }}
          />
          {problem && (
            <p role="alert" className="text-danger text-sm">
              {problem}
            </p>
          )}
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={chosen.size === 0} loading={add.isPending} onClick={save}>
            {chosen.size === 0 ? "Add models" : `Add ${formatOf(chosen.size, "model")}`}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function optionOf(model: UpstreamModel): MultiOption {
  const note = model.alreadyAdded ? "added" : priceNote(model);
  return { value: model.id, label: model.id, note, disabled: model.alreadyAdded };
}

function priceNote({ inputPerMillionUsd, outputPerMillionUsd, priced }: UpstreamModel): string {
  if (!priced || inputPerMillionUsd === null) return "unpriced";
  return outputPerMillionUsd === null
    ? formatRate(inputPerMillionUsd)
    : `${formatRate(inputPerMillionUsd)} in · ${formatRate(outputPerMillionUsd)} out`;
}
