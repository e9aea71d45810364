import Link from "next/link";
import { type Control, Field } from "@/components/field";
import { useForm } from "@/components/form";
import { alone, ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { NewDeployment } from "@/server/api/deployments.schema";
import type { ModelRow } from "./models";

/** Adds a provider's model to those that serve this one. */
export function AddDeployment({ model, onDone }: { model: ModelRow; onDone: () => void }) {
  const providers = trpc.providers.list.useQuery();
  const create = trpc.deployments.create.useMutation({ meta: ownError });
  const form = useForm({
    initial: { providerId: "", upstreamModel: model.name },
    schema: NewDeployment,
    toInput: (values: { providerId: string; upstreamModel: string }) => ({ modelId: model.id, ...values }),
    send: async (input) => {
      await create.mutateAsync(input);
      onDone();
    },
  });
  const { values, errors, set } = form;
  if (providers.data?.length === 0)
    return (
      <p className="rounded-lg border p-3 text-sm">
        There is no provider yet.{" "}
        <Link href="/providers?new=1" className="text-accent hover:underline">
          Add one first
        </Link>
      </p>
    );
  return (
    <form onSubmit={form.submit} noValidate className="space-y-3 rounded-lg border border-accent/40 p-3">
      <Field label="Provider" error={errors.providerId && "Choose a provider."}>
        {({ id }) => (
          <Select
            id={id}
            placeholder="Choose…"
            value={values.providerId}
            options={(providers.data ?? []).map((provider) => ({
              value: provider.id,
              label: provider.name,
              hint: provider.typeLabel,
            }))}
            onValueChange={(providerId) => set({ providerId })}
          />
        )}
      </Field>
      <Field label="Provider's model" error={errors.upstreamModel ?? errors[""]}>
        {(control) => (
          <UpstreamInput
            control={control}
            providerId={values.providerId}
            value={values.upstreamModel}
            onChange={(upstreamModel) => set({ upstreamModel })}
          />
        )}
      </Field>
      <div className="flex gap-2">
        <Button type="submit" variant="primary" size="sm" loading={form.pending}>
          Add deployment
        </Button>
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

type UpstreamInputProps = { control: Control; providerId: string; value: string; onChange: (value: string) => void };

/** A field that suggests what the provider lists, and takes anything. */
function UpstreamInput({ control, providerId, value, onChange }: UpstreamInputProps) {
  const listed = trpc.providers.listModels.useQuery(
    { id: providerId },
    { enabled: providerId !== "", trpc: alone, staleTime: 60_000, retry: false },
  );
  return (
    <>
      <Input
        {...control}
        list={`${control.id}-list`}
        spellCheck={false}
        className="font-mono text-xs"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={`${control.id}-list`}>
        {listed.data?.map((model) => (
          <option key={model.id} value={model.id} />
        ))}
      </datalist>
    </>
  );
}
