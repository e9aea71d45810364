import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { NewGroup } from "@/server/api/groups.schema";
import type { GroupRow } from "./groups";

const fields = [
  { name: "name", label: "Name", hint: undefined, optional: false },
  { name: "externalId", label: "External id", hint: "What your own system calls it.", optional: true },
  {
    name: "balanceUsd",
    label: "Balance in dollars",
    hint: "Empty means that it has none of its own to spend from.",
    optional: true,
  },
] as const;
type GroupValues = Record<(typeof fields)[number]["name"], string>;

/** Creates a group, or changes an existing one. */
export function GroupForm({ existing, onClose }: { existing?: GroupRow; onClose: () => void }) {
  const create = trpc.groups.create.useMutation({ meta: ownError });
  const update = trpc.groups.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: {
      name: existing?.name ?? "",
      externalId: existing?.externalId ?? "",
      balanceUsd: existing?.balanceUsd ?? "",
    },
    schema: NewGroup,
    toInput: (values: GroupValues) => ({
      name: values.name,
      externalId: values.externalId.trim() || null,
      balanceUsd: values.balanceUsd.trim() || null,
    }),
    send: async (input) => {
      await (existing ? update.mutateAsync({ id: existing.id, ...input }) : create.mutateAsync(input));
      onClose();
    },
  });
  return (
    <FormDialog
      title={existing ? existing.name : "Create a group"}
      form={form}
      submitLabel={existing ? "Save" : "Create group"}
      onClose={onClose}
    >
      {fields.map(({ name, label, hint, optional }) => (
        <Field key={name} label={label} hint={hint} optional={optional} error={form.errors[name]}>
          {(control) => (
            <Input
              {...control}
              value={form.values[name]}
              onChange={(event) => form.set({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </FormDialog>
  );
}
