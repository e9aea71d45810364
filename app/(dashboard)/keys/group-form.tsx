import type { z } from "zod";
import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { UsdInput } from "@/components/money";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { NewGroup } from "@/server/api/groups.schema";
import type { GroupRow } from "./groups";
import { LimitFields, type LimitValues, limitInput, limitValues } from "./limit-fields";

type GroupValues = { name: string; externalId: string; balanceUsd: string; limits: LimitValues };
type GroupInput = Omit<z.input<typeof NewGroup>, "enabled">;

function inputOf({ name, externalId, balanceUsd, limits }: GroupValues): GroupInput {
  return {
    name,
    externalId: externalId.trim() || null,
    balanceUsd: balanceUsd.trim() || null,
    limits: limitInput(limits),
  };
}

/** Creates a group, or changes an existing one; its balance is moved by transactions from then on. */
export function GroupForm({ existing, onClose }: { existing?: GroupRow; onClose: () => void }) {
  const create = trpc.groups.create.useMutation({ meta: ownError });
  const update = trpc.groups.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: {
      name: existing?.name ?? "",
      externalId: existing?.externalId ?? "",
      balanceUsd: "",
      limits: limitValues(existing),
    },
    schema: NewGroup,
    toInput: (values: GroupValues): GroupInput => {
      const { balanceUsd, ...rest } = inputOf(values);
      return existing ? rest : { balanceUsd, ...rest };
    },
    send: async (input) => {
      await (existing ? update.mutateAsync({ id: existing.id, ...input }) : create.mutateAsync(input));
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title={existing ? existing.name : "Create a group"}
      form={form}
      submitLabel={existing ? "Save" : "Create group"}
      onClose={onClose}
    >
      <Field label="Name" error={errors.name}>
        {(control) => (
          <Input {...control} value={values.name} onChange={(event) => set({ name: event.target.value })} />
        )}
      </Field>
      <Field label="External id" optional hint="What your own system calls it." error={errors.externalId}>
        {(control) => (
          <Input {...control} value={values.externalId} onChange={(event) => set({ externalId: event.target.value })} />
        )}
      </Field>
      {!existing && (
        <Field
          label="Balance in dollars"
          optional
          hint="Its keys spend from it together, and are refused when it is used up. Empty: none of its own."
          error={errors.balanceUsd}
        >
          {(control) => (
            <UsdInput
              control={control}
              value={values.balanceUsd}
              placeholder="100.00"
              onChange={(balanceUsd) => set({ balanceUsd })}
            />
          )}
        </Field>
      )}
      <LimitFields
        values={values.limits}
        errors={errors}
        path="limits"
        onChange={(patch) => set({ limits: { ...values.limits, ...patch } })}
      />
    </FormDialog>
  );
}
