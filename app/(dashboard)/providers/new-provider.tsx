import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import type { z } from "zod";
import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { parseHeaderLines } from "@/components/header-lines";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { limitNumbers, noLimits, wholeOf } from "@/components/upstream-limits";
import { NewProvider } from "@/server/api/providers.schema";
import {
  ProviderFields,
  ProviderOptions,
  type ProviderType,
  type ProviderValues,
  parseOptions,
} from "./provider-fields";
import { TestButton } from "./test-connection";
import { TypePicker } from "./type-picker";

type NewProviderDialogProps = { onClose: () => void; onCreated: (id: string) => void };

/** Adds a provider in two steps: its type, then its name, address and key. */
export function NewProviderDialog({ onClose, onCreated }: NewProviderDialogProps) {
  const [type, setType] = useState<ProviderType>();
  if (!type) return <TypePicker onPick={setType} onClose={onClose} />;
  return <ProviderForm type={type} onBack={() => setType(undefined)} onClose={onClose} onCreated={onCreated} />;
}

type Values = ProviderValues & { apiKey: string };

function inputOf(type: ProviderType, values: Values): z.input<typeof NewProvider> {
  const apiKey = values.apiKey.trim();
  return {
    type: type.id,
    name: values.name,
    baseUrl: values.baseUrl.trim() || null,
    allowPrivateNetwork: values.allowPrivateNetwork,
    headers: parseHeaderLines(values.headers),
    probeSeconds: wholeOf(values.probeSeconds),
    ...limitNumbers(values),
    // Without a key where one is needed, the empty one is sent on purpose: its refusal is shown at the field.
    keys: apiKey === "" && type.keyOptional ? [] : [{ name: "main", apiKey }],
  };
}

type ProviderFormProps = NewProviderDialogProps & { type: ProviderType; onBack: () => void };

function ProviderForm({ type, onBack, onClose, onCreated }: ProviderFormProps) {
  const create = trpc.providers.create.useMutation({ meta: ownError });
  const form = useForm({
    initial: {
      name: type.id,
      baseUrl: type.baseUrl ?? "",
      allowPrivateNetwork: false,
      headers: "",
      options: "",
      probeSeconds: "",
      ...noLimits,
      apiKey: "",
    },
    schema: NewProvider,
    toInput: (values: Values) => inputOf(type, values),
    send: async (input) => {
      const options = parseOptions(form.values.options);
      onCreated((await create.mutateAsync({ ...input, options })).id);
    },
  });
  const { values, errors, set } = form;
  // The field must know the whole form, and the form only needs to hand on the provider's own part.
  const shared = { ...form, set: (patch: Partial<ProviderValues>) => set(patch) };
  return (
    <FormDialog
      title={`Add ${type.label}`}
      description={type.about}
      form={form}
      submitLabel="Add provider"
      onClose={onClose}
      extra={
        <Button variant="ghost" onClick={onBack}>
          <ArrowLeft /> Types
        </Button>
      }
    >
      <ProviderFields form={shared} type={type} />
      {!type.demo && (
        <Field
          label="API key"
          optional={type.keyOptional}
          hint="Stored encrypted; the dashboard never shows it again. More keys can be added later."
          error={errors["keys.0.apiKey"] ?? errors.keys}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="off"
              spellCheck={false}
              className="font-mono"
              value={values.apiKey}
              onChange={(event) => set({ apiKey: event.target.value })}
            />
          )}
        </Field>
      )}
      {!type.demo && <ProviderOptions form={shared} type={type} />}
      <TestButton target={{ draft: { ...inputOf(type, values), options: readableOptions(values.options) } }} />
    </FormDialog>
  );
}

/** What can be read of options that are being typed: a test leaves out what cannot. */
function readableOptions(text: string): ReturnType<typeof parseOptions> {
  try {
    return parseOptions(text);
  } catch {
    // The field says so.
    return {};
  }
}
