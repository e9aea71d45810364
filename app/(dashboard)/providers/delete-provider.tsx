import { ConfirmDialog } from "@/components/confirm-dialog";
import { formatOf } from "@/components/format";
import { ownError, trpc } from "@/components/trpc";
import type { ProviderRow } from "./providers";

/** Asks before a provider and its keys are deleted. */
export function DeleteProvider({ provider, onClose }: { provider: ProviderRow; onClose: () => void }) {
  const remove = trpc.providers.delete.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title={`Delete ${provider.name}?`}
      confirmLabel="Delete provider"
      onConfirm={() => remove.mutateAsync({ id: provider.id })}
      onClose={onClose}
    >
      {provider.deployments > 0
        ? `It serves ${formatOf(provider.deployments, "deployment")}, which must be removed from their models first.`
        : "Its keys are deleted with it. Calls that it served stay in the ledger."}
    </ConfirmDialog>
  );
}
