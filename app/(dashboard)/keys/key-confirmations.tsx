import { ConfirmDialog } from "@/components/confirm-dialog";
import { ownError, trpc } from "@/components/trpc";
import type { Issued } from "./issued-key";
import type { KeyRow } from "./key-list";

type ConfirmProps = { virtualKey: KeyRow; onClose: () => void };

/** Asks before a key is deleted. */
export function ConfirmDelete({ virtualKey, onClose }: ConfirmProps) {
  const remove = trpc.keys.delete.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title={`Delete ${virtualKey.name}?`}
      confirmLabel="Delete key"
      onConfirm={() => remove.mutateAsync({ id: virtualKey.id })}
      onClose={onClose}
    >
      Callers that use it are refused within a second. Its calls stay in the ledger. To stop it for a while, switch it
      off instead.
    </ConfirmDialog>
  );
}

type RotateProps = ConfirmProps & { onIssued: (issued: Issued) => void };

/** Asks before a key's text is replaced, and hands on the new one. */
export function ConfirmRotate({ virtualKey, onClose, onIssued }: RotateProps) {
  const rotate = trpc.keys.rotate.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title={`Rotate ${virtualKey.name}?`}
      confirmLabel="Rotate key"
      onConfirm={async () => {
        const { key } = await rotate.mutateAsync({ id: virtualKey.id });
        onIssued({ name: virtualKey.name, secret: key, models: virtualKey.models });
      }}
      onClose={onClose}
    >
      It gets a new text, and the old one ending in {virtualKey.last4} stops working at once. Name, budgets and history
      stay.
    </ConfirmDialog>
  );
}
