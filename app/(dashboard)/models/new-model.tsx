import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { ownError, trpc } from "@/components/trpc";
import { NewModel } from "@/server/api/models.schema";
import { ModelFields } from "./model-fields";
import { modelInput, modelValues } from "./model-values";
import type { ModelRow } from "./models";

type NewModelDialogProps = { models: readonly ModelRow[]; onClose: () => void; onCreated: (id: string) => void };

/** Creates a model; its deployments follow where it is opened next. */
export function NewModelDialog({ models, onClose, onCreated }: NewModelDialogProps) {
  const create = trpc.models.create.useMutation({ meta: ownError });
  const utils = trpc.useUtils();
  const form = useForm({
    initial: modelValues(undefined),
    schema: NewModel,
    toInput: modelInput,
    send: async (input) => {
      const { id } = await create.mutateAsync(input);
      // The next dialog finds the model in the list.
      await utils.models.list.refetch();
      onCreated(id);
    },
  });
  return (
    <FormDialog
      title="Create a model"
      description="Give it a name first. What serves it is added in the next step."
      form={form}
      submitLabel="Create model"
      onClose={onClose}
    >
      <ModelFields form={form} otherNames={models.map((model) => model.name)} />
    </FormDialog>
  );
}
