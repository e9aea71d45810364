import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { headerLines, parseHeaderLines } from "@/components/header-lines";
import { ManagedBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { limitNumbers, limitTexts, wholeOf } from "@/components/upstream-limits";
import { ProviderChange } from "@/server/api/providers.schema";
import { optionsText, ProviderFields, ProviderOptions, type ProviderValues, parseOptions } from "./provider-fields";
import type { ProviderRow } from "./providers";
import { TestButton } from "./test-connection";

/** Changes a provider's name, address and options; what conduit.json declares is only shown. */
export function EditProvider({ provider, onClose }: { provider: ProviderRow; onClose: () => void }) {
  const types = trpc.providerTypes.list.useQuery();
  const type = types.data?.find((known) => known.id === provider.type);
  const update = trpc.providers.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: {
      name: provider.name,
      baseUrl: provider.baseUrl ?? "",
      allowPrivateNetwork: provider.allowPrivateNetwork,
      headers: headerLines(provider.headers),
      options: optionsText(provider.options),
      probeSeconds: provider.probeSeconds?.toString() ?? "",
      ...limitTexts(provider),
    },
    schema: ProviderChange,
    toInput: (values: ProviderValues) => ({
      id: provider.id,
      name: values.name,
      baseUrl: values.baseUrl.trim() || null,
      allowPrivateNetwork: values.allowPrivateNetwork,
      headers: parseHeaderLines(values.headers),
      probeSeconds: wholeOf(values.probeSeconds),
      ...limitNumbers(values),
    }),
    send: async (input) => {
      await update.mutateAsync({ ...input, options: parseOptions(form.values.options) });
      onClose();
    },
  });
  return (
    <FormDialog
      title={provider.name}
      description={provider.managed ? <ManagedBadge /> : provider.typeLabel}
      form={form}
      submitLabel="Save"
      readOnly={provider.managed}
      onClose={onClose}
    >
      <ProviderFields form={form} type={type} />
      {!provider.demo && <ProviderOptions form={form} type={type} />}
      {!provider.managed && <TestButton target={{ id: provider.id }} label="Test the saved connection" />}
    </FormDialog>
  );
}
