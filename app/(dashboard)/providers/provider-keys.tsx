import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useForm } from "@/components/form";
import { ManagedBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Switch } from "@/components/ui/toggle";
import { AddedProviderKey } from "@/server/api/providers.schema";
import { EditKey, type ProviderKey } from "./edit-key";
import { Credential, NameAndWeight } from "./key-fields";
import type { ProviderRow } from "./providers";

/** The credentials of one provider: add, switch off, delete. A stored one is never shown. */
export function ProviderKeys({ provider, onClose }: { provider: ProviderRow; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={`Keys of ${provider.name}`}
        description="Calls are shared among enabled keys by their weight."
      >
        <DialogBody>
          {provider.keys.length === 0 && <p className="text-muted-foreground text-sm">There is no key yet.</p>}
          <ul className="divide-y empty:hidden">
            {provider.keys.map((key) => (
              <KeyItem key={key.id} providerKey={key} of={provider.name} />
            ))}
          </ul>
          {provider.managed ? <ManagedBadge /> : <AddKey key={provider.keys.length} provider={provider} />}
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}

/** Why a key takes no calls, of any model or of some, and a way to put it back; nothing for one that works. */
function OutNote({ id, name, of }: { id: string; name: string; of: string }) {
  const health = trpc.routing.health.useQuery(undefined, { refetchInterval: 5_000 });
  const reset = trpc.routing.reset.useMutation();
  const troubles = health.data?.filter(
    (one) =>
      (one.id === id || (one.kind === "pair" && one.provider === of && one.key === name)) &&
      (one.state !== "closed" || one.until !== null),
  );
  if (!troubles || troubles.length === 0) return null;
  return (
    <div className="mt-1 flex flex-wrap items-center gap-2 text-danger text-xs">
      <div className="min-w-0 break-words">
        {troubles.map(({ id: trouble, kind, model, upstreamModel, out, lastError }) => (
          <p key={trouble}>
            Out of service{kind === "pair" && ` for ${model ?? upstreamModel}`}:{" "}
            {out ?? lastError?.message ?? "it failed several times"}
          </p>
        ))}
      </div>
      <Button
        size="sm"
        loading={reset.isPending}
        aria-label={`Put key ${name} back into service`}
        onClick={() => reset.mutate({ id })}
      >
        Put back
      </Button>
    </div>
  );
}

function KeyItem({ providerKey, of }: { providerKey: ProviderKey; of: string }) {
  const update = trpc.providers.updateKey.useMutation();
  const remove = trpc.providers.deleteKey.useMutation({ meta: ownError });
  const [asking, setAsking] = useState(false);
  const [editing, setEditing] = useState(false);
  const { id, name, hint, weight, managed, rpm, tpm, concurrent } = providerKey;
  const limited = rpm !== null || tpm !== null || concurrent !== null;
  return (
    <li className="flex items-center gap-3 py-2.5 text-sm">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{name}</p>
        <p className="text-muted-foreground text-xs">
          {hint && <span className="font-mono">{`…${hint} · `}</span>}weight {weight}
          {limited && " · limited"}
        </p>
        <OutNote id={id} name={name} of={of} />
      </div>
      <Switch
        aria-label={`Enable key ${name}`}
        disabled={managed}
        checked={update.isPending ? update.variables.enabled === true : providerKey.enabled}
        onCheckedChange={(enabled) => update.mutate({ id, enabled })}
      />
      <Button variant="ghost" size="icon-sm" aria-label={`Edit key ${name}`} onClick={() => setEditing(true)}>
        <Pencil />
      </Button>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Delete key ${name}`}
        disabled={managed}
        onClick={() => setAsking(true)}
      >
        <Trash2 />
      </Button>
      {editing && <EditKey providerKey={providerKey} onClose={() => setEditing(false)} />}
      {asking && (
        <ConfirmDialog
          title={`Delete key ${name}?`}
          confirmLabel="Delete key"
          onConfirm={() => remove.mutateAsync({ id })}
          onClose={() => setAsking(false)}
        >
          Calls stop using it at once. The key itself stays valid at the vendor until it is revoked there.
        </ConfirmDialog>
      )}
    </li>
  );
}

function AddKey({ provider }: { provider: ProviderRow }) {
  const add = trpc.providers.addKey.useMutation({ meta: ownError });
  const form = useForm({
    initial: { name: provider.keys.length === 0 ? "main" : `key-${provider.keys.length + 1}`, apiKey: "", weight: "1" },
    schema: AddedProviderKey,
    toInput: (values) => ({
      providerId: provider.id,
      name: values.name,
      apiKey: values.apiKey,
      weight: Number(values.weight),
    }),
    send: (input) => add.mutateAsync(input),
  });
  const { values, errors, set } = form;
  return (
    <form onSubmit={form.submit} noValidate className="space-y-3 rounded-lg border p-3">
      <p className="font-medium text-sm">Add a key</p>
      <NameAndWeight values={values} errors={errors} set={set} />
      <Credential
        label="API key"
        error={errors.apiKey ?? errors[""]}
        value={values.apiKey}
        onChange={(apiKey) => set({ apiKey })}
      />
      <Button type="submit" size="sm" loading={form.pending}>
        Add key
      </Button>
    </form>
  );
}
