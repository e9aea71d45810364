import { ConfirmDialog } from "@/components/confirm-dialog";
import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { formatUsd } from "@/components/format";
import { UsdInput } from "@/components/money";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { BudgetChange, BudgetReset } from "@/server/api/budgets.schema";
import { titleOf } from "./budget-card";
import type { BudgetRow } from "./budget-words";
import { localInputValue } from "./key-values";

type BudgetDialogProps = { budget: BudgetRow; onClose: () => void };

const DAY_MS = 86_400_000;

/** Allows more until a moment, without a change of the limit itself. */
export function IncreaseBudget({ budget, onClose }: BudgetDialogProps) {
  const update = trpc.budgets.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: { usd: budget.increaseUsd ?? "", until: localInputValue(new Date(Date.now() + 7 * DAY_MS)) },
    schema: BudgetChange,
    toInput: ({ usd, until }) => ({ id: budget.id, increase: { usd, until: until === "" ? until : new Date(until) } }),
    send: async (input) => {
      await update.mutateAsync(input);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title="Increase for a while"
      description={titleOf(budget)}
      form={form}
      submitLabel="Increase"
      onClose={onClose}
    >
      <Field label="Dollars more" error={errorAt(errors, "increase.usd")}>
        {(control) => <UsdInput control={control} value={values.usd} onChange={(usd) => set({ usd })} />}
      </Field>
      <Field label="Until" error={errorAt(errors, "increase.until")}>
        {(control) => (
          <Input
            {...control}
            type="datetime-local"
            className="tabular-nums"
            value={values.until}
            onChange={(event) => set({ until: event.target.value })}
          />
        )}
      </Field>
    </FormDialog>
  );
}

/** Lets a budget begin anew at once; the audit log keeps what was spent until then, and why. */
export function ResetBudget({ budget, onClose }: BudgetDialogProps) {
  const reset = trpc.budgets.reset.useMutation({ meta: ownError });
  const form = useForm({
    initial: { reason: "" },
    schema: BudgetReset,
    toInput: ({ reason }) => ({ id: budget.id, reason }),
    send: async (input) => {
      await reset.mutateAsync(input);
      onClose();
    },
  });
  return (
    <FormDialog
      title="Reset this budget?"
      description={titleOf(budget)}
      form={form}
      submitLabel="Reset"
      onClose={onClose}
    >
      <p className="text-muted-foreground text-sm">
        The {formatUsd(budget.spentUsd)} that was spent no longer counts. Calls and their costs stay in the ledger.
      </p>
      <Field label="Reason" optional hint="Kept in the audit log." error={form.errors.reason}>
        {(control) => (
          <Input
            {...control}
            value={form.values.reason}
            onChange={(event) => form.set({ reason: event.target.value })}
          />
        )}
      </Field>
    </FormDialog>
  );
}

/** Asks before a budget is deleted. */
export function DeleteBudget({ budget, onClose }: BudgetDialogProps) {
  const remove = trpc.budgets.delete.useMutation({ meta: ownError });
  return (
    <ConfirmDialog
      title="Delete this budget?"
      confirmLabel="Delete budget"
      onConfirm={() => remove.mutateAsync({ id: budget.id })}
      onClose={onClose}
    >
      {`${titleOf(budget)}: from then on it limits nothing. Calls and their costs stay in the ledger.`}
    </ConfirmDialog>
  );
}
