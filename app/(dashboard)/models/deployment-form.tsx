import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { NameList } from "@/components/name-list";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { type LimitTexts, limitNumbers, limitTexts, UpstreamLimitFields, wholeOf } from "@/components/upstream-limits";
import { DeploymentChange } from "@/server/api/deployments.schema";
import type { DeploymentRow } from "./models";

type Values = LimitTexts & { tags: string[]; region: string; contextWindow: string };

/** By what rules and callers choose a deployment, and what it takes at most. */
export function DeploymentForm({ deployment, onClose }: { deployment: DeploymentRow; onClose: () => void }) {
  const { id, tags, region, contextWindow, managed } = deployment;
  const update = trpc.deployments.update.useMutation({ meta: ownError });
  const initial: Values = {
    tags,
    region: region ?? "",
    contextWindow: contextWindow?.toString() ?? "",
    ...limitTexts(deployment),
  };
  const form = useForm({
    initial,
    schema: DeploymentChange,
    toInput: (values: Values) => ({
      id,
      tags: values.tags,
      region: values.region.trim() || null,
      contextWindow: wholeOf(values.contextWindow),
      ...limitNumbers(values),
    }),
    send: async (input) => {
      await update.mutateAsync(input);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title="Tags, region, window and limits"
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
      <Field
        label="Context window, tokens"
        optional
        hint="Longer prompts go to other deployments. Empty means what is known of a model of that name."
        error={errors.contextWindow}
      >
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            className="tabular-nums"
            value={values.contextWindow}
            onChange={(event) => set({ contextWindow: event.target.value })}
          />
        )}
      </Field>
      <UpstreamLimitFields values={values} errors={errors} set={set} />
    </FormDialog>
  );
}
