import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { NameList } from "@/components/name-list";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { DeploymentChange } from "@/server/api/deployments.schema";
import type { DeploymentRow } from "./models";

const limits = [
  { name: "rpm", label: "Requests / min" },
  { name: "tpm", label: "Tokens / min" },
  { name: "concurrent", label: "At once" },
] as const;

type Values = { tags: string[]; region: string; rpm: string; tpm: string; concurrent: string };

/** By what rules and callers choose a deployment, and what it takes at most. */
export function DeploymentForm({ deployment, onClose }: { deployment: DeploymentRow; onClose: () => void }) {
  const { id, tags, region, rpm, tpm, concurrent, managed } = deployment;
  const update = trpc.deployments.update.useMutation({ meta: ownError });
  const initial: Values = {
    tags,
    region: region ?? "",
    rpm: rpm?.toString() ?? "",
    tpm: tpm?.toString() ?? "",
    concurrent: concurrent?.toString() ?? "",
  };
  const form = useForm({
    initial,
    schema: DeploymentChange,
    toInput: (values: Values) => ({
      id,
      tags: values.tags,
      region: values.region.trim() || null,
      rpm: numberOf(values.rpm),
      tpm: numberOf(values.tpm),
      concurrent: numberOf(values.concurrent),
    }),
    send: async (input) => {
      await update.mutateAsync(input);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title="Tags, region and limits"
      description={`${deployment.upstreamModel} at ${deployment.providerName}`}
      form={form}
      submitLabel="Save"
      readOnly={managed}
      onClose={onClose}
    >
      <Field
        label="Tags"
        optional
        hint="Rules and the header x-conduit-route choose by them."
        error={errorAt(errors, "tags")}
      >
        {(control) => (
          <NameList
            control={control}
            names={values.tags}
            placeholder="fast"
            onChange={(names) => set({ tags: names })}
          />
        )}
      </Field>
      <Field label="Region" optional error={errors.region}>
        {(control) => (
          <Input
            {...control}
            placeholder="eu"
            value={values.region}
            onChange={(event) => set({ region: event.target.value })}
          />
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-3">
        {limits.map(({ name, label }) => (
          <Field key={name} label={label} error={errors[name]}>
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                placeholder="no limit"
                className="tabular-nums"
                value={values[name]}
                onChange={(event) => set({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </FormDialog>
  );
}

/** What is not a number stays one that no schema accepts, so that it is refused and not dropped. */
function numberOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
