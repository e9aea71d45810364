import { ConfirmDialog } from "@/components/confirm-dialog";
import { ownError, trpc } from "@/components/trpc";
import type { ModelRow } from "./models";

/** Asks before a model and its deployments are deleted. */
export function DeleteModel({ model, onClose }: { model: ModelRow; onClose: () => void }) {
  const remove = trpc.models.delete.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title={`Delete ${model.name}?`}
      confirmLabel="Delete model"
      onConfirm={() => remove.mutateAsync({ id: model.id })}
      onClose={onClose}
    >
      Its deployments and their prices go with it, and callers who ask for it are refused from then on. Past calls stay
      in the ledger.
    </ConfirmDialog>
  );
}
