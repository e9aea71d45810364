import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { type Outputs, ownError, trpc } from "@/components/trpc";
import { type LimitTexts, limitNumbers, limitTexts, UpstreamLimitFields, wholeOf } from "@/components/upstream-limits";
import { ProviderKeyChange } from "@/server/api/providers.schema";
import { Credential, NameAndWeight } from "./key-fields";

/** A provider's key as the API describes it. */
export type ProviderKey = Outputs["providers"]["list"][number]["keys"][number];

type Values = LimitTexts & { name: string; weight: string; apiKey: string };

/** Renames, weighs, limits or replaces a provider's key; the stored one is never shown. */
export function EditKey({ providerKey, onClose }: { providerKey: ProviderKey; onClose: () => void }) {
  const { id, name, hint, weight, managed } = providerKey;
  const update = trpc.providers.updateKey.useMutation({ meta: ownError });
  const initial: Values = { name, weight: weight.toString(), apiKey: "", ...limitTexts(providerKey) };
  const form = useForm({
    initial,
    schema: ProviderKeyChange,
    toInput: (values: Values) => ({
      id,
      name: values.name,
      weight: wholeOf(values.weight) ?? Number.NaN,
      ...(values.apiKey !== "" && { apiKey: values.apiKey }),
      ...limitNumbers(values),
    }),
    send: async (input) => {
      await update.mutateAsync(input);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog title={`Key ${name}`} form={form} submitLabel="Save" readOnly={managed} onClose={onClose}>
      <NameAndWeight values={values} errors={errors} set={set} />
      <Credential
        label="New API key"
        optional
        hint="Empty keeps the one that is stored."
        placeholder={hint ? `…${hint}` : ""}
        error={errors.apiKey}
        value={values.apiKey}
        onChange={(apiKey) => set({ apiKey })}
      />
      <UpstreamLimitFields values={values} errors={errors} set={set} />
      <p className="text-muted-foreground text-xs">Calls beyond a limit are sent with the provider's other keys.</p>
    </FormDialog>
  );
}
